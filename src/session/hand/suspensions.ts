import type { Availability } from '../availability.ts';
import { FLAG_SUSPENDED, type SlotTable } from '../slot-table.ts';
import type { UsesAhead } from './uses-ahead.ts';

/**
 * Sessions of the hand that are not lent for the moment: all of them while the lease may be over, one whose uses the
 * store must hear of first, and one that another worker may just be making, too.
 */
export class Suspensions {
  readonly #table: SlotTable;
  readonly #availability: Availability;
  readonly #usesAhead: UsesAhead;
  readonly #onFit: (slot: number) => void;
  readonly #slots = new Set<number>();
  readonly #inTheMaking = new Set<string>();
  #isStale = false;

  constructor(parts: {
    table: SlotTable;
    availability: Availability;
    usesAhead: UsesAhead;
    /** It may be lent again. */
    onFit: (slot: number) => void;
  }) {
    this.#table = parts.table;
    this.#availability = parts.availability;
    this.#usesAhead = parts.usesAhead;
    this.#onFit = parts.onFit;
  }

  /** The lease may be over. */
  get isStale(): boolean {
    return this.#isStale;
  }

  suspend(slot: number): void {
    const { flags } = this.#table;
    flags.set(slot, flags.get(slot) | FLAG_SUSPENDED);
    this.#slots.add(slot);
    this.#availability.take(slot);
  }

  /** Until the next news. */
  suspendAll(slots: readonly number[]): void {
    this.#isStale = true;
    for (const slot of slots) this.suspend(slot);
  }

  /** The lease stands. */
  resumeAll(): void {
    this.#isStale = false;
    for (const slot of this.#slots) this.resume(slot);
  }

  /** Where nothing else keeps it back. */
  resume(slot: number): void {
    if (!this.#slots.has(slot) || this.#isStale || this.#usesAhead.isAtLimit(slot)) return;
    if (this.isInTheMaking(slot)) return;
    const { flags } = this.#table;
    this.#slots.delete(slot);
    flags.set(slot, flags.get(slot) & ~FLAG_SUSPENDED);
    this.#onFit(slot);
  }

  noteGone(slot: number): void {
    this.#slots.delete(slot);
  }

  /** A session of this id is not lent before the store knows whose it is. */
  async whileMaking(id: string, make: () => Promise<void>): Promise<void> {
    this.#inTheMaking.add(id);
    try {
      await make();
    } finally {
      this.#inTheMaking.delete(id);
    }
  }

  isInTheMaking(slot: number): boolean {
    return this.#inTheMaking.has(this.#table.ids[slot] as string);
  }
}
