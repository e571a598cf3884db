/** A binary min-heap. Entries with equal ranks come out in no particular order. */
export class Heap<Entry> {
  readonly #rankOf: (entry: Entry) => number;
  readonly #entries: Entry[] = [];

  constructor(rankOf: (entry: Entry) => number) {
    this.#rankOf = rankOf;
  }

  push(entry: Entry): void {
    const entries = this.#entries;
    const rank = this.#rankOf(entry);
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent] as Entry;
      if (this.#rankOf(above) <= rank) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  peek(): Entry | undefined {
    return this.#entries[0];
  }

  pop(): Entry | undefined {
    const entries = this.#entries;
    const top = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return top;
    this.#sink(last);
    return top;
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** Puts `entry` at the root and moves it down to where it belongs. */
  #sink(entry: Entry): void {
    const entries = this.#entries;
    const rank = this.#rankOf(entry);
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= entries.length) break;
      const right = child + 1;
      if (
        right < entries.length &&
        this.#rankOf(entries[right] as Entry) < this.#rankOf(entries[child] as Entry)
      ) {
        child = right;
      }
      const below = entries[child] as Entry;
      if (this.#rankOf(below) >= rank) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = entry;
  }
}
