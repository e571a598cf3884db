import { SlotHeap } from '../slot-heap.ts';
import type { PairTable } from './pair-table.ts';
import { SlotChains } from './slot-chains.ts';

/** Which pairs may be used now, by origin, and when each of the others may: one heap of times for all of them. */
export class DuePairs {
  readonly #pairs: PairTable;
  readonly #waiting = new SlotHeap();
  readonly #due = new SlotChains();

  constructor(pairs: PairTable) {
    this.#pairs = pairs;
  }

  /** When the next pair falls due, `Infinity` when none is waiting. */
  get nextDueAt(): number {
    return this.#waiting.firstKey;
  }

  /** The pair's `dueAt` has changed. */
  update(pair: number, now: number): void {
    const at = this.#pairs.dueAt.get(pair);
    if (at > now) {
      this.#due.remove(pair);
      this.#waiting.set(pair, at);
    } else {
      this.#waiting.remove(pair);
      this.#due.push(this.#pairs.dueChain.get(pair), pair);
    }
  }

  /** Moves those whose time has come. */
  catchUp(now: number): void {
    while (this.#waiting.firstKey <= now) {
      const pair = this.#waiting.firstSlot;
      this.#waiting.remove(pair);
      this.#due.push(this.#pairs.dueChain.get(pair), pair);
    }
  }

  remove(pair: number): void {
    this.#waiting.remove(pair);
    this.#due.remove(pair);
  }

  /** The one that has been due longest; -1 when none is. */
  first(chain: number): number {
    return this.#due.first(chain);
  }

  /** The next one of the same list, -1 at its end. */
  after(pair: number): number {
    return this.#due.after(pair);
  }

  /** To the end of its list: the others get their turn first. */
  defer(pair: number): void {
    this.#due.push(this.#pairs.dueChain.get(pair), pair);
  }
}
