/** Where nobody may be used for so long, one of those that rest by what others say is tried. */
const FIRST_AFTER_MS = 3000;
/** Each further one after twice as long, up to this. */
const LONGEST_MS = 60_000;

/** How long an origin has had nobody to be used for it. */
export class Hunger {
  #from = Number.POSITIVE_INFINITY;
  #afterMs = FIRST_AFTER_MS;

  /** Somebody was let in. */
  end(): void {
    this.#from = Number.POSITIVE_INFINITY;
    this.#afterMs = FIRST_AFTER_MS;
  }

  /** Nobody may be used. Says when one is to be tried; `now` when it is time. */
  triesAt(now: number): number {
    this.#from = Math.min(this.#from, now);
    const at = this.#from + this.#afterMs;
    if (at > now) return at;
    this.#from = now;
    this.#afterMs = Math.min(LONGEST_MS, 2 * this.#afterMs);
    return now;
  }
}
