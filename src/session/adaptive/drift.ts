import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';

/** Of the time in which a ban is paid for: from half of it on the rate rises, and from here on ever faster. */
const QUIET = 1.5;
const DOUBLES_MS = 120_000;
const MAX_PER_MINUTE = 0.3;
/** Time in which no success came is no time that passed well. */
const LONGEST_MS = 1000;

/** How a rate that was read feels its way upwards, after a while ever faster: what is read may be too low. */
export class Drift {
  readonly #perMinute: number;
  /** As of when the rate has followed it. */
  #at = 0;

  constructor(options: ResolvedAdaptiveOptions['search']) {
    this.#perMinute = options.driftPerMinute;
  }

  /**
   * What the rate is multiplied with at a success, which has been quiet for so long.
   *
   * @param waitMs time in which the ban of a scout is paid for
   */
  factor(now: number, quietMs: number, waitMs: number): number {
    const minutes = Math.min(LONGEST_MS, now - this.#at) / 60_000;
    const perMinute = this.#perMinute * 2 ** (Math.max(0, quietMs - QUIET * waitMs) / DOUBLES_MS);
    this.#at = now;
    if (quietMs < waitMs / 2) return 1;
    return 1 + Math.min(MAX_PER_MINUTE, perMinute) * minutes;
  }
}
