import type { Clock } from '../../core/clock.ts';

/**
 * What time it is for the locks of a queue. By default the server tells, and a worker whose clock is wrong does no
 * harm: only durations are sent, and times that come back are translated to the worker's clock. With a clock given,
 * all times are the caller's.
 */
export class StoreTime {
  readonly #own: Clock;
  readonly #given: Clock | undefined;

  constructor(own: Clock, given: Clock | undefined) {
    this.#own = own;
    this.#given = given;
  }

  /** The argument `now` of a script: empty for the server's time. */
  argument(now?: number): string {
    if (!this.#given) return '';
    return String(Math.round(now ?? this.#given.now()));
  }

  /** How long it is until a time of the caller's clock. */
  msUntil(at: number): number {
    return Math.max(0, Math.round(at - this.#clock.now()));
  }

  /** When a duration that began `now` will end, by the caller's clock. */
  after(durationMs: number, now: number = this.#clock.now()): number {
    return now + durationMs;
  }

  get #clock(): Clock {
    return this.#given ?? this.#own;
  }
}
