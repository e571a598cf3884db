import { grown } from './slot-table.ts';

/** Slots in a chosen order: a doubly linked list inside two columns. Every operation is O(1). */
export class SlotList {
  /** Neighbour's slot plus one; 0 at the ends. */
  #next: Int32Array = new Int32Array(16);
  #previous: Int32Array = new Int32Array(16);
  #isMember: Uint8Array = new Uint8Array(16);
  #head = -1;
  #tail = -1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** -1 when empty. */
  get first(): number {
    return this.#head;
  }

  has(slot: number): boolean {
    return slot < this.#isMember.length && this.#isMember[slot] === 1;
  }

  pushBack(slot: number): void {
    if (!this.#enter(slot)) return;
    this.#previous[slot] = this.#tail + 1;
    this.#next[slot] = 0;
    if (this.#tail === -1) this.#head = slot;
    else this.#next[this.#tail] = slot + 1;
    this.#tail = slot;
  }

  pushFront(slot: number): void {
    if (!this.#enter(slot)) return;
    this.#next[slot] = this.#head + 1;
    this.#previous[slot] = 0;
    if (this.#head === -1) this.#tail = slot;
    else this.#previous[this.#head] = slot + 1;
    this.#head = slot;
  }

  remove(slot: number): void {
    if (!this.has(slot)) return;
    const next = (this.#next[slot] as number) - 1;
    const previous = (this.#previous[slot] as number) - 1;
    if (previous === -1) this.#head = next;
    else this.#next[previous] = next + 1;
    if (next === -1) this.#tail = previous;
    else this.#previous[next] = previous + 1;
    this.#isMember[slot] = 0;
    this.#size--;
  }

  #enter(slot: number): boolean {
    if (slot >= this.#isMember.length) {
      const capacity = Math.max(slot + 1, Math.ceil(this.#isMember.length * 1.5));
      this.#next = grown(this.#next, new Int32Array(capacity));
      this.#previous = grown(this.#previous, new Int32Array(capacity));
      this.#isMember = grown(this.#isMember, new Uint8Array(capacity));
    }
    if (this.#isMember[slot] === 1) return false;
    this.#isMember[slot] = 1;
    this.#size++;
    return true;
  }
}
