import type { Clock } from '../core/clock.ts';

/**
 * Spreads starts evenly over the minute: with 60 a minute one starts every second, never sixty at once.
 * Time nobody used is not saved up.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #nextAt = 0;

  constructor(maxPerMinute: number, clock: Clock) {
    this.#clock = clock;
    this.#intervalMs = maxPerMinute === Number.POSITIVE_INFINITY ? 0 : 60_000 / maxPerMinute;
  }

  /** How long the next start has to wait; 0 when it may happen now. */
  get delayMs(): number {
    if (this.#intervalMs === 0) return 0;
    return Math.max(0, this.#nextAt - this.#clock.monotonicMs());
  }

  /** Counts one start. */
  take(): void {
    if (this.#intervalMs === 0) return;
    const now = this.#clock.monotonicMs();
    // Timers fire late by a millisecond or so; what is lost by that is caught up, but no more.
    const isLate = now - this.#nextAt < this.#intervalMs;
    this.#nextAt = (isLate && this.#nextAt > 0 ? this.#nextAt : now) + this.#intervalMs;
  }
}
