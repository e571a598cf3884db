import { grown } from '../slot-table.ts';

/** Numbers of a slot: its neighbours and its list, side by side, mostly in one line of the processor's cache. */
const LINK = 3;
const NEXT = 0;
const PREVIOUS = 1;
const CHAIN = 2;
/** Numbers of a list: its ends. */
const ENDS = 2;
const HEAD = 0;
const TAIL = 1;

/**
 * Many lists of slots, each slot in one of them at most. All lists share their memory, so that a list costs what is in
 * it. Every operation is O(1).
 */
export class SlotChains {
  /** Neighbours' slots plus one, 0 at the ends; number of the list plus one, 0 when in none. */
  #links: Int32Array = new Int32Array(16 * LINK);
  /** Slots plus one, by list. */
  #ends: Int32Array = new Int32Array(16 * ENDS);

  /** -1 when the list is empty. */
  first(chain: number): number {
    const at = chain * ENDS + HEAD;
    return at < this.#ends.length ? (this.#ends[at] as number) - 1 : -1;
  }

  /** The one behind it in its list, -1 for the last. */
  after(slot: number): number {
    return (this.#links[slot * LINK + NEXT] as number) - 1;
  }

  /** -1 when it is in none. */
  chainOf(slot: number): number {
    const at = slot * LINK + CHAIN;
    return at < this.#links.length ? (this.#links[at] as number) - 1 : -1;
  }

  /** To the end of a list, out of any other. */
  push(chain: number, slot: number): void {
    this.#reserve(chain, slot);
    const ends = this.#ends;
    const links = this.#links;
    // Nothing changes for one that stands there already.
    if (ends[chain * ENDS + TAIL] === slot + 1) return;
    this.remove(slot);
    const tail = ends[chain * ENDS + TAIL] as number;
    links[slot * LINK + CHAIN] = chain + 1;
    links[slot * LINK + PREVIOUS] = tail;
    links[slot * LINK + NEXT] = 0;
    if (tail === 0) ends[chain * ENDS + HEAD] = slot + 1;
    else links[(tail - 1) * LINK + NEXT] = slot + 1;
    ends[chain * ENDS + TAIL] = slot + 1;
  }

  remove(slot: number): void {
    const chain = this.chainOf(slot);
    if (chain === -1) return;
    const ends = this.#ends;
    const links = this.#links;
    const next = links[slot * LINK + NEXT] as number;
    const previous = links[slot * LINK + PREVIOUS] as number;
    if (previous === 0) ends[chain * ENDS + HEAD] = next;
    else links[(previous - 1) * LINK + NEXT] = next;
    if (next === 0) ends[chain * ENDS + TAIL] = previous;
    else links[(next - 1) * LINK + PREVIOUS] = previous;
    links[slot * LINK + CHAIN] = 0;
  }

  #reserve(chain: number, slot: number): void {
    this.#links = reserved(this.#links, (slot + 1) * LINK, LINK);
    this.#ends = reserved(this.#ends, (chain + 1) * ENDS, ENDS);
  }
}

function reserved(column: Int32Array, length: number, step: number): Int32Array {
  if (length <= column.length) return column;
  const rows = Math.max(length, Math.ceil(column.length * 1.5)) / step;
  return grown(column, new Int32Array(Math.ceil(rows) * step));
}
