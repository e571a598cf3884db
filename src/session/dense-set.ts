import { grown } from './slot-table.ts';

/** A set of slots as one array without holes: add, remove and "the n-th" in O(1), order undefined. */
export class DenseSet {
  #members: Int32Array = new Int32Array(16);
  /** Position of a slot in `#members`, plus one; 0 when it is not a member. */
  #positions: Int32Array = new Int32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    return slot < this.#positions.length && this.#positions[slot] !== 0;
  }

  at(index: number): number {
    return this.#members[index] as number;
  }

  add(slot: number): void {
    if (slot >= this.#positions.length) this.#reserve(slot);
    if (this.#positions[slot] !== 0) return;
    if (this.#size === this.#members.length) {
      this.#members = grown(this.#members, new Int32Array(Math.ceil(this.#size * 1.5)));
    }
    this.#members[this.#size++] = slot;
    this.#positions[slot] = this.#size;
  }

  /** The last member takes the place of the one removed. */
  remove(slot: number): void {
    if (slot >= this.#positions.length) return;
    const position = this.#positions[slot] as number;
    if (position === 0) return;
    const last = this.#members[--this.#size] as number;
    this.#members[position - 1] = last;
    this.#positions[last] = position;
    this.#positions[slot] = 0;
  }

  #reserve(slot: number): void {
    const capacity = Math.max(slot + 1, Math.ceil(this.#positions.length * 1.5));
    this.#positions = grown(this.#positions, new Int32Array(capacity));
  }
}
