import { expect, test } from 'vitest';
import { proxy } from '../../test/support/session-pools.ts';
import { RequestHistory } from './request-history.ts';

test('after blocks, proxy failures and timeouts, “auto” avoids the sessions met', () => {
  const history = new RequestHistory('auto');
  history.note('r', direct('a'), 'blocked', 0);
  history.note('r', direct('b'), 'target', 0);
  history.note('r', direct('c'), 'user', 0);
  history.note('r', direct('d'), 'proxy', 0);
  history.note('r', direct('e'), 'timeout', 0);
  expect(history.wishFor('r')).toEqual({ avoid: ['a', 'd', 'e'], sessionId: undefined });
  expect(history.wishFor('other')).toEqual({ avoid: [], sessionId: undefined });
});

test('“new” avoids all it failed on, but not one that was only throttled', () => {
  const history = new RequestHistory('new');
  history.note('r', direct('a'), 'target', 0);
  history.note('r', direct('b'), 'throttled', 0);
  expect(history.wishFor('r').avoid).toEqual(['a']);
});

test('“same” wishes for the last one', () => {
  const history = new RequestHistory('same');
  history.note('r', direct('a'), 'blocked', 0);
  history.note('r', direct('b'), 'target', 0);
  history.note('r', undefined, 'user', 0);
  expect(history.wishFor('r')).toEqual({ avoid: [], sessionId: 'b' });
});

test('throttling is counted in a row, from its first time', () => {
  const history = new RequestHistory('auto');
  expect(history.throttledForMs('r', 500)).toBe(0);
  history.note('r', direct('a'), 'throttled', 1000);
  history.note('r', direct('a'), 'throttled', 3000);
  expect(history.throttledCount('r')).toBe(2);
  expect(history.throttledForMs('r', 5000)).toBe(4000);
  history.note('r', direct('a'), 'target', 6000);
  expect(history.throttledForMs('r', 7000)).toBe(0);
  history.note('r', direct('a'), 'throttled', 8000);
  expect(history.throttledForMs('r', 9000)).toBe(1000);
});

test('what came to its end is forgotten, and a long list of sessions is cut', () => {
  const history = new RequestHistory('new');
  for (let index = 0; index < 100; index++) history.note('r', direct(`s${index}`), 'target', 0);
  expect(history.wishFor('r').avoid.length).toBe(20);
  expect(history.wishFor('r').avoid.at(-1)).toBe('s99');
  history.forget('r');
  expect(history.wishFor('r').avoid).toEqual([]);
});

test('sends a request that the site failed to another proxy, but not to another direct session', () => {
  const history = new RequestHistory('auto');
  history.note('r', direct('a'), 'target', 0);
  history.note('r', { id: 'b', proxyInfo: proxy(1) }, 'target', 0);
  expect(history.wishFor('r').avoid).toEqual(['b']);
});

function direct(id: string): { id: string; proxyInfo: null } {
  return { id, proxyInfo: null };
}
