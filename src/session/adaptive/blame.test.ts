import { expect, test } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { blameOf } from './blame.ts';

const { evidence } = ADAPTIVE_DEFAULTS;
const even = () => ({ proxy: 0.1, origin: 0.1 });

test('a page speaks for the address, the proxy and the origin', () => {
  const blame = blameOf({ kind: 'ok' }, even, evidence);
  expect(blame).toMatchObject({ pairGood: 1, proxyGood: 1, originGood: 1, pairBad: 0 });
});

test('a 403 is the address’s and speaks for the proxy; a block page of status 200 is half as much the address’s', () => {
  expect(blameOf({ kind: 'blocked', status: 403 }, even, evidence)).toMatchObject({
    pairBad: 1,
    proxyGood: 1,
    proxyBad: 0,
  });
  expect(blameOf({ kind: 'blocked', status: 200 }, even, evidence).pairBad).toBe(0.5);
});

test('a failed proxy is the proxy’s alone, a 5xx the origin’s alone', () => {
  expect(blameOf({ kind: 'proxy' }, even, evidence)).toMatchObject({ proxyBad: 1, originBad: 0 });
  expect(blameOf({ kind: 'target', status: 502 }, even, evidence)).toMatchObject({
    originBad: 1,
    proxyGood: 1,
    pairBad: 0,
  });
});

test('a timeout is shared by the odds: q_p / (q_p + 0.3·q_o)', () => {
  const shared = blameOf({ kind: 'timeout' }, even, evidence);
  expect(shared.proxyBad).toBeCloseTo(1 / 1.3, 10);
  expect(shared.proxyBad + shared.originBad).toBeCloseTo(1, 10);
  const direct = blameOf({ kind: 'timeout' }, () => ({ proxy: 0, origin: 0.1 }), evidence);
  expect(direct).toMatchObject({ proxyBad: 0, originBad: 1 });
});

test('a 429, what the user’s handler threw and what was cancelled blame nobody', () => {
  for (const kind of ['throttled', 'user', 'neutral'] as const) {
    const blame = blameOf({ kind }, even, evidence);
    expect(Object.values(blame).every((share) => share === 0)).toBe(true);
  }
});
