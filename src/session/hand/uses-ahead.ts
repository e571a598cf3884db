import type { SlotTable } from '../slot-table.ts';
import { grown } from '../slot-table.ts';

/** So large a part of a session's uses may be unknown to the store. */
const SHARE = 0.2;
const LEAST = 2;

/** For a hand whose sessions have such a limit. */
export function usesAheadFor(maxUsageCount: number): number {
  const share = Math.ceil(maxUsageCount * SHARE);
  return Math.max(LEAST, Math.min(0xffff_ffff, share));
}

/** How many uses of each session the store does not know of yet: if the worker dies, it must not have been more than it may. */
export class UsesAhead {
  readonly limit: number;
  readonly #half: number;
  readonly #table: SlotTable;
  /** So many uses are many: what is asked at each use is a comparison. */
  #many: Float64Array = new Float64Array(16);

  constructor(limit: number, table: SlotTable) {
    this.limit = limit;
    this.#half = Math.ceil(limit / 2);
    this.#table = table;
  }

  /** The store has the session with so many uses. */
  noteWritten(slot: number, usageCount: number): void {
    if (slot >= this.#many.length) {
      const capacity = Math.max(slot + 1, Math.ceil(this.#many.length * 1.5));
      this.#many = grown(this.#many, new Float64Array(capacity));
    }
    this.#many[slot] = this.#isLimited(slot) ? usageCount + this.#half : Number.POSITIVE_INFINITY;
  }

  /** It is time to tell the store. */
  isMany(slot: number): boolean {
    return this.#table.usageCount.get(slot) >= (this.#many[slot] as number);
  }

  /** Nothing more may go out before the store knows. */
  isAtLimit(slot: number): boolean {
    const toLimit = this.limit - this.#half;
    return this.#table.usageCount.get(slot) >= (this.#many[slot] as number) + toLimit;
  }

  #isLimited(slot: number): boolean {
    return this.#table.limits[slot]?.maxUsageCount !== Number.POSITIVE_INFINITY;
  }
}
