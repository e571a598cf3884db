import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Choice } from './choice.ts';
import type { Origin } from './origin.ts';
import { OriginBook } from './origin-book.ts';
import { PairTable } from './pair-table.ts';

const NOW = 1_000_000;
const MEDIAN_MS = 1000;

/** Addresses that are believed alike and have been answering after so long. */
class Fleet {
  readonly origin: Origin;
  readonly pairs = new PairTable(64, () => {});
  readonly choice = new Choice(this.pairs, ADAPTIVE_DEFAULTS.pick);
  readonly rows: readonly number[];

  constructor(latenciesMs: readonly number[]) {
    this.origin = new OriginBook(ADAPTIVE_DEFAULTS, new SeededRandom(1)).of('https://a.example');
    this.origin.learnLatency(MEDIAN_MS);
    this.rows = latenciesMs.map((ms, index) => {
      const pair = this.pairs.add(index + 1, this.origin.serial);
      this.pairs.latencyMs.set(pair, ms);
      return pair;
    });
  }

  /** Makes so many uses at once; returns how many fell to each. */
  use(count: number): readonly number[] {
    for (let n = 0; n < count; n++) {
      this.choice.clear(true);
      for (const [index, pair] of this.rows.entries()) this.#add(index, pair);
      const pair = this.rows[this.choice.decide(this.origin, NOW)] as number;
      this.pairs.uses.set(pair, this.pairs.uses.get(pair) + 1);
      this.pairs.usedAt.set(pair, NOW);
    }
    return this.rows.map((pair) => this.pairs.uses.get(pair));
  }

  learnPace(): void {
    this.origin.pacing.noteAttempt(NOW, 0);
    this.origin.pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 1 });
    expect(this.origin.pacing.rate).toBeLessThan(Number.POSITIVE_INFINITY);
  }

  #add(index: number, pair: number): void {
    this.choice.add(index, pair, NOW, { chance: 0.95, isProven: true });
  }
}

function ratio(counts: readonly number[]): number {
  return (counts[0] as number) / (counts[1] as number);
}

describe('Choice', () => {
  it('uses addresses alike whose latencies scatter around the median', () => {
    const counts = new Fleet([850, 1250, 1000, 800]).use(400);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it('levels use times the square of the latency', () => {
    expect(ratio(new Fleet([1000, 3900]).use(1000))).toBeGreaterThan(8);
    expect(ratio(new Fleet([1000, 3900]).use(1000))).toBeLessThan(10);
    expect(ratio(new Fleet([256, 1000]).use(1000))).toBeGreaterThan(8);
  });

  it('prefers fast addresses more where a pace keeps them from being overrun', () => {
    const fleet = new Fleet([1000, 2600]);
    fleet.learnPace();
    expect(ratio(fleet.use(1000))).toBeGreaterThan(14);
    expect(ratio(new Fleet([1000, 2600]).use(1000))).toBeLessThan(5);
  });

  it('takes a slow address like any other where nobody has been used of late', () => {
    const { choice, origin, rows } = new Fleet([1000, 20_000]);
    choice.clear(true);
    choice.add(1, rows[1] as number, NOW, { chance: 0.96, isProven: true });
    choice.add(0, rows[0] as number, NOW, { chance: 0.95, isProven: true });
    expect(choice.decide(origin, NOW)).toBe(1);
  });

  it('knows when only the pace has kept it from a much faster address', () => {
    const { choice, origin, rows } = new Fleet([1000, 1500, 4000]);
    const isMakeshift = (chosen: number, paced: number): boolean => {
      choice.clear(true);
      choice.notePaced(rows[paced] as number);
      choice.add(chosen, rows[chosen] as number, NOW, { chance: 0.95, isProven: true });
      choice.decide(origin, NOW);
      return choice.isMakeshift;
    };
    expect(isMakeshift(2, 0)).toBe(true);
    expect(isMakeshift(1, 0)).toBe(false);
    expect(isMakeshift(0, 2)).toBe(false);
  });
});
