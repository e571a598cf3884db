interface Entry<T> {
  readonly atMs: number;
  readonly order: number;
  readonly item: T;
}

/** Items by due time, those of the same time in the order they came. A binary heap: O(log n) to add and to take. */
export class DueHeap<T> {
  readonly #heap: Entry<T>[] = [];
  #order = 0;

  /** `Infinity` when there is nothing. */
  get firstAtMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  add(item: T, atMs: number): void {
    const heap = this.#heap;
    const entry = { atMs, order: this.#order++, item };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry<T>;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  takeFirst(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.item;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as Entry<T>, heap[child] as Entry<T>)) {
        child = right;
      }
      const below = heap[child] as Entry<T>;
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first.item;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
