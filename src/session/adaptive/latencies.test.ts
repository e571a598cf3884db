import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Latencies } from './latencies.ts';
import type { Origin } from './origin.ts';
import { OriginBook } from './origin-book.ts';
import { PairTable } from './pair-table.ts';

function known(medianMs: number): {
  origin: Origin;
  latencyOf: (...answersMs: readonly number[]) => number;
} {
  const origin = new OriginBook(ADAPTIVE_DEFAULTS, new SeededRandom(1)).of('https://a.example');
  origin.learnLatency(medianMs);
  const latencyOf = (...answersMs: readonly number[]): number => {
    const pairs = new PairTable(16, () => {});
    const latencies = new Latencies(pairs, ADAPTIVE_DEFAULTS.pick);
    const pair = pairs.add(1, origin.serial);
    for (const ms of answersMs) latencies.learn(pair, origin, ms);
    return pairs.latencyMs.get(pair);
  };
  return { origin, latencyOf };
}

describe('Latencies', () => {
  it('takes the first answer of an address for half of the truth, the median of its origin for the other', () => {
    expect(known(100).latencyOf(400)).toBe(200);
    expect(known(100).latencyOf(25)).toBe(50);
  });

  it('comes near to what an address takes within a few answers', () => {
    const { latencyOf } = known(500);
    expect(latencyOf(...Array(8).fill(4000))).toBeGreaterThan(3000);
    expect(latencyOf(...Array(40).fill(4000))).toBeGreaterThan(3850);
  });

  it('lets one answer that takes ten times as long count little, and forgets it', () => {
    const { latencyOf } = known(500);
    const usual = Array<number>(30).fill(500);
    expect(latencyOf(...usual, 5000)).toBeLessThan(600);
    expect(latencyOf(...usual, 5000, ...usual)).toBeLessThan(515);
  });

  it('follows an address that has become slow', () => {
    const { latencyOf } = known(500);
    expect(
      latencyOf(...Array<number>(100).fill(500), ...Array<number>(32).fill(5000)),
    ).toBeGreaterThan(3500);
  });

  it('takes the first answer as it is while nothing is known of the origin', () => {
    const origin = new OriginBook(ADAPTIVE_DEFAULTS, new SeededRandom(1)).of('https://b.example');
    const pairs = new PairTable(16, () => {});
    const pair = pairs.add(1, origin.serial);
    new Latencies(pairs, ADAPTIVE_DEFAULTS.pick).learn(pair, origin, 30_000);
    expect(pairs.latencyMs.get(pair)).toBe(30_000);
  });
});
