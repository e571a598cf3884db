import type { ProxyEntry } from './proxy-entry.ts';

/** A binary heap of entries: the fewest bindings first, ties to the one given out longest ago. */
export class LeastBoundHeap {
  readonly #entries: ProxyEntry[];

  constructor(entries: readonly ProxyEntry[]) {
    this.#entries = entries.toSorted(compare);
    for (const [index, entry] of this.#entries.entries()) entry.heapIndex = index;
  }

  /** The first entry, or the second when the first is to be avoided and there is another. O(1). */
  first(avoided?: ProxyEntry): ProxyEntry | undefined {
    const [root, left, right] = this.#entries;
    if (root !== avoided || !left) return root;
    return right && compare(right, left) < 0 ? right : left;
  }

  /** Puts an entry whose numbers have changed in its place; one that is not in the heap is left alone. O(log n). */
  update(entry: ProxyEntry): void {
    if (this.#entries[entry.heapIndex] !== entry) return;
    this.#moveUp(entry);
    this.#moveDown(entry);
  }

  #moveUp(entry: ProxyEntry): void {
    while (entry.heapIndex > 0) {
      const parent = this.#entries[(entry.heapIndex - 1) >> 1] as ProxyEntry;
      if (compare(parent, entry) <= 0) return;
      this.#swap(entry, parent);
    }
  }

  #moveDown(entry: ProxyEntry): void {
    for (;;) {
      const left = this.#entries[2 * entry.heapIndex + 1];
      const right = this.#entries[2 * entry.heapIndex + 2];
      if (!left) return;
      const lesser = right && compare(right, left) < 0 ? right : left;
      if (compare(entry, lesser) <= 0) return;
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

function compare(a: ProxyEntry, b: ProxyEntry): number {
  return a.bindingsCount - b.bindingsCount || a.lastTurn - b.lastTurn;
}
