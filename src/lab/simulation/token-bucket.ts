/** A token that is due now must not be missing by a rounding error. */
const WHOLE_TOKEN = 1 - 1e-6;

/** So many at once, and so many a second after that. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs = 0;

  constructor(perSec: number, burst: number) {
    this.#perMs = perSec / 1000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes one token if there is one. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < WHOLE_TOKEN) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  /** The moment from which a token can be taken. */
  nextAtMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens >= WHOLE_TOKEN ? nowMs : nowMs + (1 - this.#tokens) / this.#perMs;
  }

  #fill(nowMs: number): void {
    const filled = this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs;
    this.#tokens = Math.min(this.#burst, filled);
    this.#filledAtMs = nowMs;
  }
}
