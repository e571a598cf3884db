/** Something must have come back so soon before a failure, and so soon after it. */
const ALIVE_WITHIN_MS = 10_000;
/** So many of those that have worked do not fail in a row for reasons of their own, nor so many of the others. */
const MOST_PROVEN_IN_ROW = 3;
const MOST_IN_ROW = 20;

/**
 * Tells failures of proxies from those of the worker's own network: a failure is the proxy's where something came back
 * through another one shortly before and after it, and not too much failed in between. So it tells at one origin blocks
 * of addresses from those of the worker.
 */
export class OwnNetwork {
  readonly #aliveWithinMs: number;
  /** Since the last answer: proxies, and when they failed. */
  #open = new Map<number, number>();
  #provenCount = 0;
  #answeredAt = Number.NaN;
  #confirmed = new Set<number>();

  constructor(aliveWithinMs: number = ALIVE_WITHIN_MS) {
    this.#aliveWithinMs = aliveWithinMs;
  }

  noteFailure(proxy: number, isProven: boolean, now: number): void {
    if (isProven && !this.#open.has(proxy)) this.#provenCount++;
    if (this.#open.size <= MOST_IN_ROW) this.#open.set(proxy, now);
  }

  /** Something has come back of late, and little has failed since: what has, failed by itself most likely. */
  seemsAlive(now: number): boolean {
    return now - this.#answeredAt <= this.#aliveWithinMs && this.#open.size <= MOST_PROVEN_IN_ROW;
  }

  noteAnswer(proxy: number, now: number): void {
    this.#confirmed.delete(proxy);
    const isAlive = this.#open.size <= MOST_IN_ROW && this.#provenCount <= MOST_PROVEN_IN_ROW;
    if (isAlive && this.#open.size > 0) {
      for (const [failed, at] of this.#open) {
        // At the very beginning nothing can have come back before.
        const isLate =
          at - this.#answeredAt > this.#aliveWithinMs || now - at > this.#aliveWithinMs;
        if (failed !== proxy && !isLate) this.#confirmed.add(failed);
      }
    }
    if (this.#open.size > 0) this.#open = new Map();
    this.#provenCount = 0;
    this.#answeredAt = now;
  }

  /** Those that failed by themselves, as far as is known since the last time. */
  takeConfirmed(): Iterable<number> {
    const confirmed = this.#confirmed;
    if (confirmed.size > 0) this.#confirmed = new Set();
    return confirmed;
  }

  forget(proxy: number): void {
    this.#open.delete(proxy);
    this.#confirmed.delete(proxy);
  }
}
