import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { Bans } from './bans.ts';
import { DuePairs } from './due-pairs.ts';
import { Origin } from './origin.ts';
import { PairFinder } from './pair-finder.ts';
import { PairTable } from './pair-table.ts';
import { ProxyBook } from './proxy-book.ts';
import { resolveAdaptiveOptions } from './resolve-adaptive-options.ts';

const START = 1_000_000;
const REST_MS = 600_000;

/** Addresses that were all shut out a little after each other, two in one network and two in others. */
function fourBanned() {
  const options = resolveAdaptiveOptions();
  const pairs = new PairTable(100, () => {});
  const proxies = new ProxyBook(10);
  const due = new DuePairs(pairs);
  const name = { key: 'https://a.example', serial: 1, dueChain: 1 };
  const origin = new Origin(name, options, new SeededRandom(1), () => {});
  const bans = new Bans({ pairs, proxies, due });
  const finder = new PairFinder(pairs, proxies);
  const urls = [
    'http://10.0.1.1:80',
    'http://10.0.1.2:80',
    'http://10.0.2.1:80',
    'http://[::1]:80',
  ];
  const banned = urls.map((url, slot) => {
    proxies.enter(slot, url);
    proxies.prove(proxies.of(slot), 1);
    const pair = finder.enter(proxies.of(slot), origin, START);
    const at = START + slot * 1000;
    pairs.lostFrom.set(pair, at);
    pairs.restsFrom.set(pair, at);
    pairs.restsUntil.set(pair, at + REST_MS);
    pairs.dueAt.set(pair, at + REST_MS);
    pairs.blocksInRow.set(pair, 1);
    due.update(pair, at);
    bans.note(pair, origin);
    return pair;
  }) as [number, number, number, number];
  const restOf = (pair: number) => pairs.restsUntil.get(pair) - pairs.lostFrom.get(pair);
  return { pairs, due, origin, bans, banned, restOf };
}

describe('Bans', () => {
  it('ends the rest of neighbours that were shut out together when one is let in again', () => {
    const { pairs, due, origin, bans, banned, restOf } = fourBanned();
    const now = START + 90_000;
    bans.noteReturn(banned[0], origin, now - 500, now);
    expect(pairs.restsUntil.get(banned[1])).toBe(now);
    expect(due.first(origin.dueChain)).toBe(banned[1]);
    expect([restOf(banned[2]), restOf(banned[3])]).toEqual([REST_MS, REST_MS]);
  });

  it('leaves a neighbour alone that was shut out at another time', () => {
    const { pairs, origin, bans, banned, restOf } = fourBanned();
    pairs.lostFrom.set(banned[1], START + 60_000);
    bans.noteReturn(banned[0], origin, START + 90_000, START + 90_500);
    expect(restOf(banned[1])).toBe(REST_MS - 59_000);
  });

  it('shortens all rests to how long a ban was seen to last', () => {
    const { pairs, origin, bans, banned, restOf } = fourBanned();
    pairs.blocksInRow.set(banned[0], 2);
    pairs.restsFrom.set(banned[0], START + 70_000);
    bans.noteReturn(banned[0], origin, START + 90_000, START + 90_500);
    expect([restOf(banned[2]), restOf(banned[3])]).toEqual([90_000, 90_000]);
  });

  it('learns nothing from an answer to what was sent before the ban', () => {
    const { origin, bans, banned, restOf } = fourBanned();
    bans.noteReturn(banned[0], origin, START - 100, START + 100);
    expect(restOf(banned[1])).toBe(REST_MS);
  });

  it('knows whether a neighbour was shut out just now', () => {
    const { pairs, origin, bans, banned } = fourBanned();
    expect(bans.hasNeighbour(banned[0], origin, START + 2000)).toBe(true);
    expect(bans.hasNeighbour(banned[2], origin, START + 2000)).toBe(false);
    expect(bans.hasNeighbour(banned[0], origin, START + 40_000)).toBe(false);
    pairs.blocksInRow.set(banned[1], 0);
    expect(bans.hasNeighbour(banned[0], origin, START + 2000)).toBe(false);
  });

  it('keeps nobody who was let in again', () => {
    const { pairs, origin, bans, banned } = fourBanned();
    for (const pair of banned) {
      bans.noteReturn(pair, origin, START + 90_000, START + 90_500);
      pairs.blocksInRow.set(pair, 0);
    }
    expect(origin.banned.size).toBe(0);
  });
});
