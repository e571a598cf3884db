/**
 * How many events there were in about the last `windowMs`: those of the present window and, of the window before it,
 * the share that has not run out yet.
 */
export class RollingCount {
  readonly #windowMs: number;
  #window = 0;
  #current = 0;
  #previous = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(now: number, amount = 1): void {
    this.#turn(now);
    this.#current += amount;
  }

  count(now: number): number {
    this.#turn(now);
    const passed = now / this.#windowMs - this.#window;
    return this.#current + this.#previous * (1 - Math.min(1, Math.max(0, passed)));
  }

  clear(): void {
    this.#current = 0;
    this.#previous = 0;
  }

  #turn(now: number): void {
    const window = Math.floor(now / this.#windowMs);
    if (window === this.#window) return;
    this.#previous = window === this.#window + 1 ? this.#current : 0;
    this.#current = 0;
    this.#window = window;
  }
}
