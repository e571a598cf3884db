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
  #written: Uint32Array = new Uint32Array(16);

  constructor(limit: number, table: SlotTable) {
    this.limit = limit;
    this.#half = Math.ceil(limit / 2);
    this.#table = table;
  }

  /** The store has the session with so many uses. */
  noteWritten(slot: number, usageCount: number): void {
    if (slot >= this.#written.length) {
      const capacity = Math.max(slot + 1, Math.ceil(this.#written.length * 1.5));
      this.#written = grown(this.#written, new Uint32Array(capacity));
    }
    this.#written[slot] = usageCount;
  }

  /** It is time to tell the store. */
  isMany(slot: number): boolean {
    return this.#of(slot) >= this.#half && this.#isLimited(slot);
  }

  /** Nothing more may go out before the store knows. */
  isAtLimit(slot: number): boolean {
    return this.#of(slot) >= this.limit && this.#isLimited(slot);
  }

  #of(slot: number): number {
    return this.#table.usageCount.get(slot) - (this.#written[slot] ?? 0);
  }

  #isLimited(slot: number): boolean {
    return this.#table.limits[slot]?.maxUsageCount !== Number.POSITIVE_INFINITY;
  }
}
