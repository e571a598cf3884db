import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { RateSearch, type Sending, type Span } from './rate-search.ts';

const OPTIONS = ADAPTIVE_DEFAULTS.search;

/** What a bucket of so many tokens lets through at a speed above its rate, before it blocks. */
function spanAt(speed: number, bucket: { perSec: number; burst: number }) {
  const secs = bucket.burst / (speed - bucket.perSec);
  return { uses: speed * secs, secs };
}

/** By an address that has no neighbours. */
function sending(span: Span, openedAt = 0): Sending {
  return { openedAt, span, networkSpan: { ...span, addressesCount: 1 } };
}

/** Each time another network, as if there were no neighbours. */
let network = 0;
function block(search: RateSearch, span: Span): boolean {
  return search.noteBlocked(sending(span), network++, 0);
}

describe('RateSearch', () => {
  it('reads the rate of any token bucket off two blocks at different speeds', () => {
    const bucket = fc.record({
      perSec: fc.double({ min: 0.02, max: 2, noNaN: true }),
      burst: fc.double({ min: 3, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(bucket, (limits) => {
        const search = new RateSearch(OPTIONS);
        block(search, spanAt(limits.perSec + limits.burst / 2, limits));
        expect(search.begin(0)).toBe(true);
        // Slow enough to take half a minute, and so close to the limit that it can be read.
        const isRead = block(search, spanAt(limits.perSec + limits.burst / 30, limits));
        if (isRead) expect(search.limit).toBeCloseTo(limits.perSec, 6);
        else expect(limits.perSec).toBeLessThan(0.1 * 1.5 * (limits.burst + 2 * limits.perSec));
      }),
    );
  });

  it('does not begin before anything was blocked', () => {
    expect(new RateSearch(OPTIONS).begin(0)).toBe(false);
  });

  it('takes whoever goes on unblocked for a bound, and lets explorers go faster', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 9, secs: 2 });
    search.begin(0);
    const before = search.tried;
    search.notePassed(sending({ uses: 18, secs: 22 }), 0);
    expect(search.safe).toBeCloseTo(0.45, 10);
    expect(search.tried).toBeCloseTo(1.5 * before, 10);
  });

  it('slows explorers down where the limit lies far below what they try', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 9, secs: 2 });
    search.begin(0);
    const before = search.tried;
    expect(block(search, { uses: 9, secs: 18 })).toBe(false);
    // It may have been chance.
    expect(search.tried).toBe(before);
    search.noteStuck({ network: network - 1, at: 0 });
    expect(search.tried).toBeCloseTo(before / 4, 10);
  });

  it('takes shorter spans for the allowance when the first ones came too late', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 25, secs: 15 });
    search.begin(0);
    for (let n = 0; n < 3; n++) block(search, { uses: 11, secs: 4 });
    block(search, { uses: 37, secs: 30 });
    expect(search.limit).toBeCloseTo(1, 10);
  });

  it('is sure when three readings agree, and stays so', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 9, secs: 2 });
    search.begin(0);
    for (let n = 0; n < 2; n++) block(search, { uses: 17, secs: 22 });
    expect(search.isSure).toBe(false);
    block(search, { uses: 17, secs: 22 });
    expect(search.isSure).toBe(true);
    block(search, { uses: 11, secs: 40 });
    expect(search.isSure).toBe(true);
    search.end();
    expect(search.isSure).toBe(false);
  });

  it('takes neighbours that are blocked together for one reading, of which the mean counts', () => {
    const search = new RateSearch(OPTIONS);
    for (const uses of [3, 4, 5]) search.noteBlocked(sending({ uses, secs: 1 }), 1, 1000 + uses);
    search.begin(0);
    for (const uses of [11, 12, 13])
      search.noteBlocked(sending({ uses, secs: 21 }), 2, 21_000 + uses);
    expect(search.limit).toBeCloseTo(0.4, 10);
    expect(search.isSure).toBe(false);
    expect(search.isOver(30)).toBe(false);
    expect(search.isOver(5)).toBe(true);
    // The allowance is still counted when it is in use.
    search.noteBlocked(sending({ uses: 8, secs: 1 }), 1, 22_000);
    expect(search.limit).toBeCloseTo(0.35, 10);
  });

  it('takes the next ban of the same network for another reading', () => {
    const search = new RateSearch(OPTIONS);
    search.noteBlocked(sending({ uses: 4, secs: 1 }), 1, 1000);
    search.begin(0);
    search.noteBlocked(sending({ uses: 12, secs: 21 }), 2, 21_000);
    search.noteBlocked(sending({ uses: 16, secs: 21 }), 2, 200_000);
    expect(search.limit).toBeCloseTo(0.6, 10);
  });

  it('never slows explorers down below what has been let pass', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 9, secs: 2 });
    search.begin(0);
    search.notePassed(sending({ uses: 15, secs: 26 }), 0);
    const { tried } = search;
    block(search, { uses: 9, secs: 18 });
    search.noteStuck({ network: network - 1, at: 0 });
    expect(search.tried).toBeCloseTo(1.5 * 0.25, 10);
    expect(search.tried).toBeLessThan(tried);
  });

  /** Ten neighbours are blocked, of which each had sent something else. */
  function banNetwork(search: RateSearch, shared: Span, of: number, at: number): void {
    for (let n = 0; n < 10; n++) {
      const span = { uses: shared.uses - 4 + n, secs: shared.secs };
      const networkSpan = { ...shared, addressesCount: 10 };
      search.noteBlocked({ openedAt: at + n, span, networkSpan }, of, at + n);
    }
  }

  it('reads a limit that neighbours share off what they had sent together before the first was blocked', () => {
    const search = new RateSearch(OPTIONS);
    banNetwork(search, { uses: 6, secs: 2 }, 1, 1000);
    search.begin(1000);
    banNetwork(search, { uses: 14, secs: 22 }, 2, 30_000);
    expect(search.limit).toBeCloseTo(0.4, 10);
    expect(search.allowance).toBe(6);
  });

  it('reads it off those that were blocked where a neighbour is let in meanwhile, and not much later', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 5, secs: 2 });
    search.begin(0);
    const networkSpan = { uses: 9, secs: 22, addressesCount: 10 };
    search.noteBlocked({ openedAt: 30_000, span: { uses: 15, secs: 22 }, networkSpan }, 7, 30_000);
    expect(search.limit).toBeCloseTo(0.2, 10);
    expect(search.noteLetIn(36_000, 7)).toBe(false);
    expect(search.noteLetIn(31_000, 7)).toBe(true);
    expect(search.limit).toBeCloseTo(0.5, 10);
  });

  it('lets explorers go faster that nothing blocks for twice as long as a reading takes', () => {
    const search = new RateSearch(OPTIONS);
    block(search, { uses: 20, secs: 2 });
    search.begin(0);
    const { tried } = search;
    search.notePassed(sending({ uses: 2, secs: 50 }), 50_000);
    expect(search.tried).toBe(tried);
    search.notePassed(sending({ uses: 2, secs: 51 }), 50_001);
    expect(search.tried).toBeCloseTo(1.5 * tried, 10);
  });

  it('doubts a reading the less the more requests it rests on', () => {
    const search = new RateSearch(OPTIONS);
    expect(search.doubt).toBe(1);
    block(search, { uses: 9, secs: 2 });
    search.begin(0);
    block(search, { uses: 17, secs: 22 });
    expect(search.doubt).toBeCloseTo(1.5 / 8, 10);
    banNetwork(search, { uses: 17, secs: 22 }, 1000, 60_000);
    expect(search.doubt).toBeCloseTo(1.5 / 80, 10);
  });

  describe('among blocks that are chance', () => {
    const at = (search: RateSearch, span: Span, of: number): boolean =>
      search.noteBlocked(sending(span), of, 1000 * of);
    const chance = (search: RateSearch, of: number): boolean =>
      search.noteChance({ network: of, at: 1000 * of }, 1000 * of);

    /** It has met chance twice. */
    function doubting(): RateSearch {
      const search = new RateSearch(OPTIONS);
      at(search, { uses: 9, secs: 2 }, 1);
      search.begin(0);
      for (const of of [2, 3]) {
        at(search, { uses: 11, secs: 22 }, of);
        chance(search, of);
      }
      return search;
    }

    it('forgets what it read off one', () => {
      const search = new RateSearch(OPTIONS);
      at(search, { uses: 9, secs: 2 }, 1);
      search.begin(0);
      at(search, { uses: 11, secs: 22 }, 2);
      at(search, { uses: 19, secs: 22 }, 3);
      expect(search.limit).toBeCloseTo(0.5, 10);
      expect(chance(search, 3)).toBe(true);
      expect(search.limit).toBeCloseTo(0.1, 10);
      expect(chance(search, 3)).toBe(false);
    });

    it('takes the allowance from the others, and forgets what passed by the former one', () => {
      const search = new RateSearch(OPTIONS);
      at(search, { uses: 4, secs: 1 }, 1);
      at(search, { uses: 9, secs: 2 }, 2);
      at(search, { uses: 4, secs: 1 }, 3);
      search.begin(0);
      search.notePassed(sending({ uses: 24, secs: 41 }), 0);
      expect(search.safe).toBeCloseTo(0.5, 10);
      chance(search, 1);
      chance(search, 3);
      expect(search.allowance).toBe(9);
      expect(search.safe).toBe(0);
      expect(search.tried).toBeCloseTo((1.5 * 9) / 25, 10);
    });

    it('reads nothing until the next request of the address is blocked, too', () => {
      const search = doubting();
      expect(at(search, { uses: 19, secs: 22 }, 4)).toBe(false);
      expect(at(search, { uses: 12, secs: 22 }, 5)).toBe(false);
      expect(search.limit).toBe(0);
      expect(search.noteStuck({ network: 4, at: 4000 })).toBe(true);
      chance(search, 5);
      expect(search.limit).toBeCloseTo(0.5, 10);
    });

    it('takes two neighbours in a row for no chance, unless a third was let in between', () => {
      const search = doubting();
      const neighbour = (of: number, now: number): boolean =>
        search.noteBlocked(
          {
            openedAt: now,
            span: { uses: 19, secs: 22 },
            networkSpan: { uses: 19, secs: 22, addressesCount: 10 },
          },
          of,
          now,
        );
      neighbour(7, 50_000);
      search.noteLetIn(51_000, 7);
      expect(neighbour(7, 52_000)).toBe(false);
      neighbour(8, 60_000);
      expect(neighbour(8, 61_000)).toBe(true);
      expect(search.limit).toBeCloseTo(0.5, 10);
    });

    it('lets nobody go faster while those that go fast are blocked', () => {
      const search = new RateSearch(OPTIONS);
      at(search, { uses: 20, secs: 2 }, 1);
      search.begin(0);
      const { tried } = search;
      search.noteBlocked(sending({ uses: 12, secs: 10 }, 30_000), 9, 30_000);
      search.notePassed(sending({ uses: 2, secs: 51 }), 50_001);
      expect(search.tried).toBe(tried);
    });
  });
});
