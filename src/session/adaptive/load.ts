import { RollingCount } from './rolling-count.ts';

/** The load is measured over this. */
export const LOAD_WINDOW_MS = 10_000;
/** An address counts as one of those in use for this. */
const ACTIVE_WINDOW_MS = 60_000;

/** How many requests go to an origin, and from how many addresses. */
export class Load {
  readonly #attempts = new RollingCount(LOAD_WINDOW_MS);
  #beganAt = -1;
  #window = -1;
  #count = 0;
  #formerCount = 0;

  /** Addresses in use. */
  get activeCount(): number {
    return Math.max(1, this.#count, this.#formerCount);
  }

  /** Mean load of an address, requests a second. */
  observed(now: number): number {
    const secs = Math.min(LOAD_WINDOW_MS, Math.max(1000, now - this.#beganAt)) / 1000;
    return this.#attempts.count(now) / secs / this.activeCount;
  }

  /**
   * A request goes out.
   *
   * @param activeWindow the window in which its address was last counted
   * @returns the window in which it is counted now
   */
  note(now: number, activeWindow: number): number {
    if (this.#beganAt === -1) this.#beganAt = now;
    this.#attempts.add(now);
    const window = Math.floor(now / ACTIVE_WINDOW_MS) + 1;
    if (window !== this.#window) {
      this.#formerCount = window === this.#window + 1 ? this.#count : 0;
      this.#count = 0;
      this.#window = window;
    }
    if (activeWindow !== window) this.#count++;
    return window;
  }
}
