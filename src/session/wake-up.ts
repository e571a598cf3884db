import type { Clock, Timer } from '../core/clock.ts';

/** One timer for the next of many moments: it is moved, never doubled. */
export class WakeUp {
  readonly #clock: Clock;
  readonly #onTime: () => void;
  #timer: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onTime: () => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** Wall clock, ms; `Infinity` for never. */
  plan(at: number): void {
    if (at === this.#at) return;
    this.cancel();
    this.#at = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(() => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.#onTime();
    }, at - this.#clock.now());
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
