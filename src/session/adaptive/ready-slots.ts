import { grown } from '../slot-table.ts';

/** Numbers of a member: its slot, and the proxy of it. */
const MEMBER = 2;

/**
 * The slots that are ready, as one array without holes, so that any of them can be drawn. The proxy stands beside the
 * slot: whoever draws one asks for it next.
 */
export class ReadySlots {
  #members: Int32Array = new Int32Array(16 * MEMBER);
  /** Place of a slot among the members, plus one; 0 when it is none. */
  #places: Int32Array = new Int32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    return slot < this.#places.length && this.#places[slot] !== 0;
  }

  slotAt(index: number): number {
    return this.#members[index * MEMBER] as number;
  }

  proxyAt(index: number): number {
    return this.#members[index * MEMBER + 1] as number;
  }

  add(slot: number, proxy: number): void {
    if (slot >= this.#places.length) this.#reserve(slot);
    if (this.#places[slot] !== 0) return;
    const at = this.#size * MEMBER;
    if (at === this.#members.length) {
      const capacity = Math.ceil(this.#size * 1.5);
      this.#members = grown(this.#members, new Int32Array(capacity * MEMBER));
    }
    this.#members[at] = slot;
    this.#members[at + 1] = proxy;
    this.#places[slot] = ++this.#size;
  }

  /** The last member takes the place of the one removed. */
  remove(slot: number): void {
    if (slot >= this.#places.length) return;
    const place = this.#places[slot] as number;
    if (place === 0) return;
    const from = --this.#size * MEMBER;
    const to = (place - 1) * MEMBER;
    const last = this.#members[from] as number;
    this.#members[to] = last;
    this.#members[to + 1] = this.#members[from + 1] as number;
    this.#places[last] = place;
    this.#places[slot] = 0;
  }

  #reserve(slot: number): void {
    const capacity = Math.max(slot + 1, Math.ceil(this.#places.length * 1.5));
    this.#places = grown(this.#places, new Int32Array(capacity));
  }
}
