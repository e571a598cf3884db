import { Heap } from './heap.ts';

/** The requests of one origin that can be claimed, as far as its line knows. */
export interface OriginLine<Item> {
  readonly origin: string;
  readonly items: Heap<Item>;
  /** Nothing is handed out before this time; 0 when it may be at once. */
  nextAt: number;
  /** Stands in the ring, or waits for its time. */
  isQueued: boolean;
  next: OriginLine<Item> | undefined;
}

export interface OriginLinesOptions<Item> {
  readonly rankOf: (item: Item) => number;
  /** Items move on without leaving their line, and are dropped when they come up. */
  readonly isFresh: (item: Item) => boolean;
}

/** A line for each origin. Those with something in them take turns, unless their origin is to be left alone. */
export class OriginLines<Item> {
  readonly #rankOf: (item: Item) => number;
  readonly #isFresh: (item: Item) => boolean;
  readonly #lines = new Map<string, OriginLine<Item>>();
  readonly #paced = new Heap<OriginLine<Item>>((line) => line.nextAt);
  #first: OriginLine<Item> | undefined;
  #last: OriginLine<Item> | undefined;
  #ringCount = 0;

  constructor({ rankOf, isFresh }: OriginLinesOptions<Item>) {
    this.#rankOf = rankOf;
    this.#isFresh = isFresh;
  }

  put(origin: string, item: Item): void {
    const line = this.#lineOf(origin);
    line.items.push(item);
    this.#enter(line);
  }

  /**
   * Takes up to `limit` items, equal shares of the origins whose turn it is. With a delay, one of each, and then none
   * for so long.
   */
  *take(limit: number, { now, delayMs }: { now: number; delayMs: number }): Generator<Item> {
    this.#wake(now);
    const share = delayMs > 0 ? 1 : Math.max(1, Math.floor(limit / this.#ringCount));
    for (let left = limit; left > 0; ) {
      const line = this.#shift();
      if (!line) return;
      const before = left;
      for (let count = Math.min(share, left); count > 0; count--) {
        const item = this.#peek(line);
        if (item === undefined) break;
        line.items.pop();
        left--;
        yield item;
      }
      if (left < before && delayMs > 0) line.nextAt = now + delayMs;
      if (this.#peek(line) !== undefined) this.#enter(line);
    }
  }

  /** When an item can be taken: 0 now, `undefined` never. */
  nextAt(): number | undefined {
    while (this.#first) {
      if (this.#peek(this.#first) !== undefined) return 0;
      this.#shift();
    }
    for (;;) {
      const line = this.#paced.peek();
      if (!line || this.#peek(line) !== undefined) return line?.nextAt;
      this.#paced.pop();
      line.isQueued = false;
    }
  }

  clear(): void {
    this.#lines.clear();
    this.#paced.clear();
    this.#first = undefined;
    this.#last = undefined;
    this.#ringCount = 0;
  }

  #lineOf(origin: string): OriginLine<Item> {
    let line = this.#lines.get(origin);
    if (!line) {
      const items = new Heap(this.#rankOf);
      line = { origin, items, nextAt: 0, isQueued: false, next: undefined };
      this.#lines.set(origin, line);
    }
    return line;
  }

  #peek(line: OriginLine<Item>): Item | undefined {
    for (;;) {
      const item = line.items.peek();
      if (item === undefined || this.#isFresh(item)) return item;
      line.items.pop();
    }
  }

  #enter(line: OriginLine<Item>): void {
    if (line.isQueued) return;
    line.isQueued = true;
    if (line.nextAt > 0) this.#paced.push(line);
    else this.#push(line);
  }

  #wake(now: number): void {
    for (;;) {
      const line = this.#paced.peek();
      if (!line || line.nextAt > now) return;
      this.#paced.pop();
      line.nextAt = 0;
      this.#push(line);
    }
  }

  #push(line: OriginLine<Item>): void {
    if (this.#last) this.#last.next = line;
    else this.#first = line;
    this.#last = line;
    this.#ringCount++;
  }

  #shift(): OriginLine<Item> | undefined {
    const line = this.#first;
    if (!line) return undefined;
    this.#first = line.next;
    if (!this.#first) this.#last = undefined;
    line.next = undefined;
    line.isQueued = false;
    this.#ringCount--;
    return line;
  }
}
