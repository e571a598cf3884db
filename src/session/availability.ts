import type { ReadySet } from './selection.ts';
import type { SessionLimits } from './session-options.ts';
import { SlotHeap } from './slot-heap.ts';
import {
  FLAG_ALIVE,
  FLAG_COOLING,
  FLAG_EXHAUSTED,
  FLAG_HELD,
  FLAG_RETIRED,
  FLAG_SUSPENDED,
  FLAG_UNFIT,
  MAX_IN_FLIGHT,
  type SlotTable,
} from './slot-table.ts';

/** Any of these keeps a session from being leased. */
const UNAVAILABLE = FLAG_RETIRED | FLAG_EXHAUSTED | FLAG_UNFIT | FLAG_HELD | FLAG_SUSPENDED;

/** Which sessions may be leased now, which rest until when, and when each expires. */
export class Availability {
  readonly #table: SlotTable;
  readonly #ready: ReadySet;
  readonly #resting = new SlotHeap();
  readonly #expiries = new SlotHeap();
  #coolingCount = 0;

  constructor(table: SlotTable, ready: ReadySet) {
    this.#table = table;
    this.#ready = ready;
  }

  get readyCount(): number {
    return this.#ready.size;
  }

  get coolingCount(): number {
    return this.#coolingCount;
  }

  /** Wall-clock ms at which a rest ends or a session expires; `Infinity` when neither is ahead. */
  get nextChangeAt(): number {
    return Math.min(this.#resting.firstKey, this.#expiries.firstKey);
  }

  isReady(slot: number): boolean {
    return this.#ready.has(slot);
  }

  pick(url: string | undefined): number {
    return this.#ready.pick(url);
  }

  /** Out of the ready ones, to be put back by `refresh`: in an ordered set that is the way to its end. */
  take(slot: number): void {
    this.#ready.remove(slot);
  }

  enter(slot: number, now: number): void {
    this.#expiries.set(slot, this.#table.expiresAt.get(slot));
    if (this.#table.readyAt.get(slot) > now) this.rest(slot);
    this.refresh(slot, now, true);
  }

  /** The session rests until its `readyAt`, and counts as cooling. */
  rest(slot: number): void {
    const flags = this.#table.flags.get(slot);
    if ((flags & (FLAG_ALIVE | FLAG_RETIRED)) !== FLAG_ALIVE) return;
    this.#ready.remove(slot);
    this.#resting.set(slot, this.#table.readyAt.get(slot));
    if ((flags & FLAG_COOLING) !== 0) return;
    this.#table.flags.set(slot, flags | FLAG_COOLING);
    this.#coolingCount++;
  }

  /** Puts the session where its columns say it belongs. Returns whether it is ready. */
  refresh(slot: number, now: number, isGood: boolean): boolean {
    const table = this.#table;
    const flags = table.flags.get(slot);
    const isFree =
      (flags & FLAG_ALIVE) !== 0 &&
      (flags & UNAVAILABLE) === 0 &&
      table.inFlight.get(slot) <
        Math.min((table.limits[slot] as SessionLimits).maxConcurrency, MAX_IN_FLIGHT);
    if (!isFree) {
      this.#ready.remove(slot);
      return false;
    }
    const readyAt = table.readyAt.get(slot);
    if (readyAt > now) {
      this.#ready.remove(slot);
      this.#resting.set(slot, readyAt);
      return false;
    }
    if (!this.#ready.has(slot)) this.#ready.add(slot, isGood);
    return true;
  }

  /** Ends the rests that are over. `wake` is called for each session that may be leased again. */
  endRests(now: number, wake?: (slot: number) => void): void {
    while (this.#resting.firstKey <= now) {
      const slot = this.#resting.firstSlot;
      this.#resting.remove(slot);
      this.#endCooling(slot);
      if (this.refresh(slot, now, false)) wake?.(slot);
    }
  }

  /** A slot whose session has expired, -1 when there is none. */
  firstExpired(now: number): number {
    return this.#expiries.firstKey <= now ? this.#expiries.firstSlot : -1;
  }

  leave(slot: number): void {
    this.#ready.remove(slot);
    this.#resting.remove(slot);
    this.#expiries.remove(slot);
    this.#endCooling(slot);
  }

  #endCooling(slot: number): void {
    const flags = this.#table.flags.get(slot);
    if ((flags & FLAG_COOLING) === 0) return;
    this.#table.flags.set(slot, flags & ~FLAG_COOLING);
    this.#coolingCount--;
  }
}
