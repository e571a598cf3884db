import type { Load, LoadProbe } from './load-probe.ts';

export interface ConcurrencyLimits {
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
}

/** Enough to keep a fast site busy from the first second, and to write the results of many pages together. */
const START = 50;
const MAX_LOOP_DELAY_MS = 60;
const MAX_LOOP_USE = 0.9;
const MAX_MEMORY_USE = 0.85;

/**
 * How many requests may be in flight. Rises by half while all places are taken and the process has
 * room left, falls by a third as soon as the event loop lags or memory runs short.
 * A loop that is merely busy keeps its number: more requests would only wait longer.
 */
export class Concurrency {
  readonly #min: number;
  readonly #max: number;
  readonly #probe: LoadProbe;
  #desired: number;

  constructor(limits: ConcurrencyLimits, probe: LoadProbe) {
    this.#min = Math.min(limits.minConcurrency, limits.maxConcurrency);
    this.#max = limits.maxConcurrency;
    this.#probe = probe;
    this.#desired = Math.min(this.#max, Math.max(this.#min, START));
  }

  get desired(): number {
    return this.#desired;
  }

  /** Takes a sample and moves the number. `inFlight` is how many places are taken. */
  adjust(inFlight: number): void {
    const load = this.#probe.sample();
    if (isOverloaded(load)) {
      this.#desired = Math.max(this.#min, Math.floor((this.#desired * 2) / 3));
    } else if (inFlight >= this.#desired && load.loopUse < MAX_LOOP_USE) {
      this.#desired = Math.min(this.#max, Math.ceil(this.#desired * 1.5));
    }
  }

  close(): void {
    this.#probe.close();
  }
}

function isOverloaded(load: Load): boolean {
  return load.loopDelayMs > MAX_LOOP_DELAY_MS || load.memoryUse > MAX_MEMORY_USE;
}
