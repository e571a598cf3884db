import type { ProxyEntry } from './proxy-entry.ts';

/** Negative when `a` goes first. */
export type EntryOrder = (a: ProxyEntry, b: ProxyEntry) => number;

/** A binary heap of entries, each of which knows its place. An entry is in one heap at most. */
export class EntryHeap {
  readonly #entries: ProxyEntry[] = [];
  readonly #order: EntryOrder;

  constructor(order: EntryOrder) {
    this.#order = order;
  }

  /** The first entry, or the second when the first is to be avoided. O(1). */
  first(avoided?: ProxyEntry): ProxyEntry | undefined {
    const [root, left, right] = this.#entries;
    if (root !== avoided || !left) return root === avoided ? undefined : root;
    return right && this.#order(right, left) < 0 ? right : left;
  }

  has(entry: ProxyEntry): boolean {
    return this.#entries[entry.heapIndex] === entry;
  }

  add(entry: ProxyEntry): void {
    entry.heapIndex = this.#entries.length;
    this.#entries.push(entry);
    this.#moveUp(entry);
  }

  /** An entry that is not here is left alone. O(log n). */
  remove(entry: ProxyEntry): void {
    if (!this.has(entry)) return;
    const last = this.#entries.at(-1) as ProxyEntry;
    if (last !== entry) this.#swap(entry, last);
    this.#entries.pop();
    entry.heapIndex = -1;
    if (last !== entry) this.update(last);
  }

  /** Puts an entry whose numbers have changed in its place; one that is not here is left alone. O(log n). */
  update(entry: ProxyEntry): void {
    if (!this.has(entry)) return;
    this.#moveUp(entry);
    this.#moveDown(entry);
  }

  #moveUp(entry: ProxyEntry): void {
    while (entry.heapIndex > 0) {
      const parent = this.#entries[(entry.heapIndex - 1) >> 1] as ProxyEntry;
      if (this.#order(parent, entry) <= 0) return;
      this.#swap(entry, parent);
    }
  }

  #moveDown(entry: ProxyEntry): void {
    for (;;) {
      const left = this.#entries[2 * entry.heapIndex + 1];
      const right = this.#entries[2 * entry.heapIndex + 2];
      if (!left) return;
      const lesser = right && this.#order(right, left) < 0 ? right : left;
      if (this.#order(entry, lesser) <= 0) return;
      this.#swap(entry, lesser);
    }
  }

  #swap(a: ProxyEntry, b: ProxyEntry): void {
    const index = a.heapIndex;
    a.heapIndex = b.heapIndex;
    b.heapIndex = index;
    this.#entries[a.heapIndex] = a;
    this.#entries[b.heapIndex] = b;
  }
}
