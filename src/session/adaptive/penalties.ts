/** What one use was charged with while it is open whether the origin is down. */
export interface Penalty {
  readonly at: number;
  readonly slot: number;
  readonly generation: number;
  /** Added to the session's error score. */
  readonly errorScore: number;
  readonly pair: number;
  readonly proxy: number;
  readonly proxySerial: number;
  /** Failures counted against the address on the origin, and against the proxy. */
  readonly pairBad: number;
  readonly proxyBad: number;
}

/** Beyond it the oldest can no longer be refunded; an origin that fails so often at once has long been found to be down. */
const MAX_PENALTIES = 2048;

/** The penalties handed out on one origin since it was last beyond suspicion. Each is refunded once, or never. */
export class Penalties {
  #entries: Penalty[] = [];

  get size(): number {
    return this.#entries.length;
  }

  note(penalty: Penalty): void {
    if (this.#entries.length >= MAX_PENALTIES) this.#entries.splice(0, MAX_PENALTIES / 2);
    this.#entries.push(penalty);
  }

  /** They stand. */
  clear(): void {
    if (this.#entries.length > 0) this.#entries = [];
  }

  /** They are to be refunded. */
  take(): readonly Penalty[] {
    const taken = this.#entries;
    this.#entries = [];
    return taken;
  }
}
