import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomId, randomInteger, SeededRandom, systemRandom } from './random.ts';

function draws(seed: number | string, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

/** Pearson's statistic of `counts` against a uniform distribution. */
function chiSquared(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('SeededRandom', () => {
  it('gives the sequence it has always given for a seed', () => {
    const words = draws(42, 4).map((value) => value * 2 ** 32);
    expect(words).toEqual([427716759, 2421763008, 510554137, 341213701]);
  });

  it('repeats itself for the same seed and differs for another', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        expect(draws(a, 5)).toEqual(draws(a, 5));
        if (a !== b) expect(draws(a, 5)).not.toEqual(draws(b, 5));
      }),
    );
  });

  it('stays inside [0, 1)', () => {
    expect(draws('range', 10_000).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('is uniform, and so are the first draws of neighbouring seeds', () => {
    const inSequence = new Array<number>(100).fill(0);
    for (const value of draws(7, 100_000)) {
      inSequence[Math.floor(value * 100)] = (inSequence[Math.floor(value * 100)] as number) + 1;
    }
    const overSeeds = new Array<number>(100).fill(0);
    for (let seed = 0; seed < 20_000; seed++) {
      const slot = Math.floor(new SeededRandom(seed).next() * 100);
      overSeeds[slot] = (overSeeds[slot] as number) + 1;
    }
    // 99 degrees of freedom: 149 is exceeded once in a thousand runs, and the seeds are fixed.
    expect(chiSquared(inSequence)).toBeLessThan(149);
    expect(chiSquared(overSeeds)).toBeLessThan(149);
  });
});

describe('systemRandom', () => {
  it('stays inside [0, 1)', () => {
    const value = systemRandom.next();
    expect(value >= 0 && value < 1).toBe(true);
  });
});

describe('randomInteger', () => {
  it('reaches every integer below the bound equally often, and never the bound', () => {
    const random = new SeededRandom(1);
    const counts = new Array<number>(7).fill(0);
    for (let index = 0; index < 70_000; index++) {
      const value = randomInteger(random, 7);
      counts[value] = (counts[value] as number) + 1;
    }
    expect(counts).toHaveLength(7);
    // 6 degrees of freedom: 22.5 is exceeded once in a thousand runs.
    expect(chiSquared(counts)).toBeLessThan(22.5);
  });
});

describe('randomId', () => {
  it('is made of letters and digits, as long as asked for', () => {
    const random = new SeededRandom(1);
    expect(randomId(random)).toMatch(/^[A-Za-z0-9]{10}$/);
    expect(randomId(random, 3)).toMatch(/^[A-Za-z0-9]{3}$/);
  });

  it('does not repeat within a hundred thousand', () => {
    const random = new SeededRandom(1);
    const ids = new Set(Array.from({ length: 100_000 }, () => randomId(random)));
    expect(ids.size).toBe(100_000);
  });

  it('uses every letter of its alphabet', () => {
    const letters = new Set(randomId(new SeededRandom(1), 2000));
    expect(letters.size).toBe(62);
  });
});
