import { grown } from './slot-table.ts';

/**
 * Slots ordered by a key, smallest first: a binary heap that knows where each slot stands, so that any
 * slot can be moved or taken out in O(log n). Keys that only grow, such as times of expiry, go in in O(1).
 */
export class SlotHeap {
  #slots: Int32Array = new Int32Array(16);
  #keys: Float64Array = new Float64Array(16);
  /** Position of a slot, plus one; 0 when it is not in the heap. */
  #positions: Int32Array = new Int32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    return slot < this.#positions.length && this.#positions[slot] !== 0;
  }

  /** The slot of the smallest key, -1 when empty. */
  get firstSlot(): number {
    return this.#size === 0 ? -1 : (this.#slots[0] as number);
  }

  /** The smallest key, `Infinity` when empty. */
  get firstKey(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#keys[0] as number);
  }

  /** Puts a slot in, or moves it to its new key. */
  set(slot: number, key: number): void {
    if (slot >= this.#positions.length) {
      const capacity = Math.max(slot + 1, Math.ceil(this.#positions.length * 1.5));
      this.#positions = grown(this.#positions, new Int32Array(capacity));
    }
    const position = this.#positions[slot] as number;
    if (position !== 0) {
      this.#place(position - 1, slot, key);
      return;
    }
    if (this.#size === this.#slots.length) {
      const capacity = Math.ceil(this.#size * 1.5);
      this.#slots = grown(this.#slots, new Int32Array(capacity));
      this.#keys = grown(this.#keys, new Float64Array(capacity));
    }
    this.#place(this.#size++, slot, key);
  }

  remove(slot: number): void {
    if (slot >= this.#positions.length) return;
    const position = this.#positions[slot] as number;
    if (position === 0) return;
    this.#positions[slot] = 0;
    const last = --this.#size;
    if (position - 1 === last) return;
    this.#place(position - 1, this.#slots[last] as number, this.#keys[last] as number);
  }

  /** Finds the level for a slot that enters at `index`, first upwards, then downwards. */
  #place(index: number, slot: number, key: number): void {
    const top = this.#rise(index, key);
    const final = top === index ? this.#sink(index, key) : top;
    this.#put(final, slot, key);
  }

  #rise(from: number, key: number): number {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((this.#keys[parent] as number) <= key) break;
      this.#put(index, this.#slots[parent] as number, this.#keys[parent] as number);
      index = parent;
    }
    return index;
  }

  #sink(from: number, key: number): number {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#size) break;
      if (
        child + 1 < this.#size &&
        (this.#keys[child + 1] as number) < (this.#keys[child] as number)
      ) {
        child++;
      }
      if ((this.#keys[child] as number) >= key) break;
      this.#put(index, this.#slots[child] as number, this.#keys[child] as number);
      index = child;
    }
    return index;
  }

  #put(index: number, slot: number, key: number): void {
    this.#slots[index] = slot;
    this.#keys[index] = key;
    this.#positions[slot] = index + 1;
  }
}
