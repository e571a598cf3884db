import type { Clock } from '../core/clock.ts';
import type { RequestRow } from '../storage/request-store.ts';

export interface FreshRow {
  readonly row: RequestRow;
  readonly isForefront: boolean;
}

/** Longer than a replica that is in working order lags behind its master. */
const KEPT_MS = 15_000;
const MAX_ROWS = 10_000;
const MAX_CHARS = 16 * 2 ** 20;

/**
 * The rows that were added last. Bounded by two generations, each half as large: when the young one is full, or
 * `KEPT_MS` old, it becomes the old one and the old one is forgotten. Time that passes with nothing added makes it
 * forget one of them at most, so what was added just before a long outage is still there after it.
 */
export class FreshRows {
  readonly #clock: Clock;
  #young = new Map<string, FreshRow>();
  #old = new Map<string, FreshRow>();
  #youngChars = 0;
  #youngSinceMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(fresh: FreshRow): void {
    const now = this.#clock.monotonicMs();
    if (this.#isFull || now - this.#youngSinceMs >= KEPT_MS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngChars = 0;
      this.#youngSinceMs = now;
    }
    this.#young.set(fresh.row.id, fresh);
    this.#youngChars += fresh.row.body.length;
  }

  /** In the order in which they were added. */
  all(): FreshRow[] {
    return [...this.#old.values(), ...this.#young.values()];
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngChars = 0;
  }

  get #isFull(): boolean {
    return this.#young.size >= MAX_ROWS / 2 || this.#youngChars >= MAX_CHARS / 2;
  }
}
