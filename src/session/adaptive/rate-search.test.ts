import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { RateSearch } from './rate-search.ts';

const OPTIONS = ADAPTIVE_DEFAULTS.search;

/** What a bucket of so many tokens lets through at a speed above its rate, before it blocks. */
function spanAt(speed: number, bucket: { perSec: number; burst: number }) {
  const secs = bucket.burst / (speed - bucket.perSec);
  return { uses: speed * secs, secs };
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
        search.noteBlocked(spanAt(limits.perSec + limits.burst / 2, limits));
        expect(search.begin()).toBe(true);
        // Slow enough to take half a minute, and so close to the limit that it can be read.
        const isRead = search.noteBlocked(spanAt(limits.perSec + limits.burst / 30, limits));
        if (isRead) expect(search.limit).toBeCloseTo(limits.perSec, 6);
        else expect(limits.perSec).toBeLessThan(0.1 * 1.5 * (limits.burst + 2 * limits.perSec));
      }),
    );
  });

  it('does not begin before anything was blocked', () => {
    expect(new RateSearch(OPTIONS).begin()).toBe(false);
  });

  it('takes whoever goes on unblocked for a bound, and lets explorers go faster', () => {
    const search = new RateSearch(OPTIONS);
    search.noteBlocked({ uses: 9, secs: 2 });
    search.begin();
    const before = search.tried;
    search.notePassed({ uses: 18, secs: 22 });
    expect(search.safe).toBeCloseTo(0.45, 10);
    expect(search.tried).toBeCloseTo(1.5 * before, 10);
  });

  it('slows explorers down where the limit lies far below what they try', () => {
    const search = new RateSearch(OPTIONS);
    search.noteBlocked({ uses: 9, secs: 2 });
    search.begin();
    const before = search.tried;
    expect(search.noteBlocked({ uses: 9, secs: 18 })).toBe(false);
    expect(search.tried).toBeCloseTo(before / 4, 10);
  });

  it('takes shorter spans for the allowance when the first ones came too late', () => {
    const search = new RateSearch(OPTIONS);
    search.noteBlocked({ uses: 25, secs: 15 });
    search.begin();
    for (let n = 0; n < 3; n++) search.noteBlocked({ uses: 11, secs: 4 });
    search.noteBlocked({ uses: 37, secs: 30 });
    expect(search.limit).toBeCloseTo(1, 10);
  });

  it('is sure when three readings agree, and stays so', () => {
    const search = new RateSearch(OPTIONS);
    search.noteBlocked({ uses: 9, secs: 2 });
    search.begin();
    for (let n = 0; n < 2; n++) search.noteBlocked({ uses: 17, secs: 22 });
    expect(search.isSure).toBe(false);
    search.noteBlocked({ uses: 17, secs: 22 });
    expect(search.isSure).toBe(true);
    search.noteBlocked({ uses: 11, secs: 40 });
    expect(search.isSure).toBe(true);
    search.end();
    expect(search.isSure).toBe(false);
  });
});
