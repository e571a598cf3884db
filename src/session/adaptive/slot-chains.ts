import { grown } from '../slot-table.ts';

/**
 * Many lists of slots, each slot in one of them at most. All lists share three columns, so that a list costs what is
 * in it. Every operation is O(1).
 */
export class SlotChains {
  /** Neighbour's slot plus one; 0 at the ends. */
  #next: Int32Array = new Int32Array(16);
  #previous: Int32Array = new Int32Array(16);
  /** Number of the list a slot is in, plus one; 0 when it is in none. */
  #chainOf: Int32Array = new Int32Array(16);
  /** Slot plus one, by list. */
  #heads: Int32Array = new Int32Array(16);
  #tails: Int32Array = new Int32Array(16);

  /** -1 when the list is empty. */
  first(chain: number): number {
    return chain < this.#heads.length ? (this.#heads[chain] as number) - 1 : -1;
  }

  /** The one behind it in its list, -1 for the last. */
  after(slot: number): number {
    return (this.#next[slot] as number) - 1;
  }

  /** -1 when it is in none. */
  chainOf(slot: number): number {
    return slot < this.#chainOf.length ? (this.#chainOf[slot] as number) - 1 : -1;
  }

  /** To the end of a list, out of any other. */
  push(chain: number, slot: number): void {
    this.#reserve(chain, slot);
    this.remove(slot);
    const tail = this.#tails[chain] as number;
    this.#chainOf[slot] = chain + 1;
    this.#previous[slot] = tail;
    this.#next[slot] = 0;
    if (tail === 0) this.#heads[chain] = slot + 1;
    else this.#next[tail - 1] = slot + 1;
    this.#tails[chain] = slot + 1;
  }

  remove(slot: number): void {
    const chain = this.chainOf(slot);
    if (chain === -1) return;
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (previous === 0) this.#heads[chain] = next;
    else this.#next[previous - 1] = next;
    if (next === 0) this.#tails[chain] = previous;
    else this.#previous[next - 1] = previous;
    this.#chainOf[slot] = 0;
  }

  #reserve(chain: number, slot: number): void {
    if (slot >= this.#next.length) {
      const capacity = Math.max(slot + 1, Math.ceil(this.#next.length * 1.5));
      this.#next = grown(this.#next, new Int32Array(capacity));
      this.#previous = grown(this.#previous, new Int32Array(capacity));
      this.#chainOf = grown(this.#chainOf, new Int32Array(capacity));
    }
    if (chain < this.#heads.length) return;
    const capacity = Math.max(chain + 1, Math.ceil(this.#heads.length * 1.5));
    this.#heads = grown(this.#heads, new Int32Array(capacity));
    this.#tails = grown(this.#tails, new Int32Array(capacity));
  }
}
