import { expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { Origin } from './origin.ts';
import { PairFinder } from './pair-finder.ts';
import { PairTable } from './pair-table.ts';
import { ProxyBook } from './proxy-book.ts';
import { resolveAdaptiveOptions } from './resolve-adaptive-options.ts';

const MAX_PAIRS = 16;

function open(maxIdleProxies: number) {
  const pairs: PairTable = new PairTable(MAX_PAIRS, (pair) => finder.forget(pair));
  const proxies = new ProxyBook(maxIdleProxies);
  const finder = new PairFinder(pairs, proxies);
  const random = new SeededRandom(1);
  const origins = Array.from({ length: 3 }, (_, nth) => {
    const name = { key: `https://${nth}.example`, serial: nth + 1, dueChain: nth };
    return new Origin(name, resolveAdaptiveOptions(), random, () => {});
  });
  return { pairs, proxies, finder, origins: origins as [Origin, Origin, Origin] };
}

it('finds each pair that has been used, whichever of its proxy was used last', () => {
  const { proxies, finder, origins } = open(0);
  proxies.enter(0, 'http://a.example');
  const proxy = proxies.of(0);
  expect(finder.find(proxy, origins[0])).toBe(-1);
  const used = origins.map((origin) => finder.enter(proxy, origin, 1000));
  expect(new Set(used).size).toBe(3);
  expect(origins.map((origin) => finder.find(proxy, origin))).toEqual(used);
  expect(finder.enter(proxy, origins[0], 2000)).toBe(used[0]);
  expect(finder.find(proxy, origins[1])).toBe(used[1]);
});

it('finds a pair no more that has made room for another, but those of its proxy that have not', () => {
  const { proxies, finder, origins } = open(0);
  const [older, newer] = origins;
  for (let slot = 0; slot < MAX_PAIRS; slot++) proxies.enter(slot, `http://${slot}.example`);
  const proxy = proxies.of(0);
  finder.enter(proxy, older, 0);
  const kept = finder.enter(proxy, newer, 0);
  for (let slot = 1; slot < MAX_PAIRS; slot++) finder.enter(proxies.of(slot), older, 0);
  expect(finder.find(proxy, older)).toBe(-1);
  expect(finder.find(proxy, newer)).toBe(kept);
  for (let slot = 1; slot < 3; slot++) finder.enter(proxies.of(slot), newer, 0);
  expect(finder.find(proxy, newer)).toBe(-1);
});

it('knows nothing of a proxy that has taken the place of a forgotten one', () => {
  const { pairs, proxies, finder, origins } = open(0);
  proxies.enter(0, 'http://a.example');
  const proxy = proxies.of(0);
  finder.enter(proxy, origins[0], 0);
  proxies.leave(0);
  proxies.enter(1, 'http://b.example');
  expect(proxies.of(1)).toBe(proxy);
  expect(finder.find(proxy, origins[0])).toBe(-1);
  const own = finder.enter(proxy, origins[1], 0);
  for (let slot = 2; slot < MAX_PAIRS + 1; slot++) {
    proxies.enter(slot, `http://${slot}.example`);
    finder.enter(proxies.of(slot), origins[0], 0);
  }
  // The former proxy's row went first; the new one's is still there.
  expect(pairs.size).toBe(MAX_PAIRS);
  expect(finder.find(proxy, origins[1])).toBe(own);
});
