/** Where nobody may be used for so long, one of those that rest by what others say is tried. */
const FIRST_AFTER_MS = 3000;
/** Each further one after twice as long, up to this. */
const LONGEST_MS = 60_000;
/** Where none of them is at hand, it is looked for one this often. */
const LOOK_EACH_MS = 1000;

/** How long an origin has had nobody to be used for it, and when somebody is to be tried whatever others say. */
export class Hunger {
  #from = Number.POSITIVE_INFINITY;
  #afterMs = FIRST_AFTER_MS;
  #lookAt = 0;

  /** Somebody was let in. */
  end(): void {
    this.#from = Number.POSITIVE_INFINITY;
    this.#afterMs = FIRST_AFTER_MS;
  }

  /** Nobody may be used. Says when one is to be tried; not after `now` when it is time. */
  triesAt(now: number): number {
    this.#from = Math.min(this.#from, now);
    return Math.max(this.#from + this.#afterMs, this.#lookAt);
  }

  noteTry(now: number): void {
    this.#from = now;
    this.#afterMs = Math.min(LONGEST_MS, 2 * this.#afterMs);
  }

  /** There was none to be tried. Returns when to look again. */
  noteNone(now: number): number {
    this.#lookAt = now + LOOK_EACH_MS;
    return this.#lookAt;
  }
}
