import type { Clock } from '../core/clock.ts';

/** Longer than a replica that is in working order lags behind its master. */
const KEPT_MS = 15_000;
const MAX_WRITES = 10_000;
const MAX_CHARS = 16 * 2 ** 20;

/**
 * What was written to a store last. Bounded by two generations, each half as large: when the young one is full, or
 * `KEPT_MS` old, it becomes the old one and the old one is forgotten. Time that passes with nothing written makes it
 * forget one of them at most, so what was written just before a long outage is still there after it.
 */
export class FreshWrites<T> {
  readonly #clock: Clock;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #youngChars = 0;
  #youngSinceMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `chars` is about how long it is. */
  note(id: string, write: T, chars: number): void {
    const now = this.#clock.monotonicMs();
    if (this.#isFull || now - this.#youngSinceMs >= KEPT_MS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngChars = 0;
      this.#youngSinceMs = now;
    }
    // Only what was written last under an id is to be written again, in its turn.
    this.#old.delete(id);
    this.#young.delete(id);
    this.#young.set(id, write);
    this.#youngChars += chars;
  }

  /** In the order in which they were written. */
  all(): T[] {
    return [...this.#old.values(), ...this.#young.values()];
  }

  forget(isMeant: (write: T) => boolean): void {
    for (const writes of [this.#old, this.#young]) {
      for (const [id, write] of writes) if (isMeant(write)) writes.delete(id);
    }
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngChars = 0;
  }

  get #isFull(): boolean {
    return this.#young.size >= MAX_WRITES / 2 || this.#youngChars >= MAX_CHARS / 2;
  }
}
