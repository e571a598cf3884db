import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Origin } from './origin.ts';
import type { PairTable } from './pair-table.ts';

/**
 * How long an address takes to answer, as a mean of logarithms: an answer that takes ten times as long moves it less
 * than ten that take a little longer. Knowing nothing of an address weighs as much as one answer at the origin's median.
 */
export class Latencies {
  readonly #pairs: PairTable;
  readonly #memory: number;

  constructor(pairs: PairTable, options: ResolvedAdaptiveOptions['pick']) {
    this.#pairs = pairs;
    this.#memory = options.latencyMemory;
  }

  learn(pair: number, { medianLatencyMs }: Origin, latencyMs: number): void {
    const pairs = this.#pairs;
    const count = pairs.latencyCount.get(pair);
    const before = count === 0 ? medianLatencyMs || latencyMs : pairs.latencyMs.get(pair);
    const step = 1 / (count + 2);
    const mean = before ** (1 - step) * latencyMs ** step;
    pairs.latencyMs.set(pair, Math.max(1, Math.round(mean)));
    pairs.latencyCount.set(pair, Math.min(this.#memory - 2, count + 1));
  }
}
