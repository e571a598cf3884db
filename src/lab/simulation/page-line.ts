import { DueHeap } from './due-heap.ts';

/** One URL on its way: what it has been through. */
export interface Page {
  readonly number: number;
  readonly failedOn: string[];
  retryCount: number;
  rotationCount: number;
  throttledCount: number;
  throttledSinceMs: number;
}

/** The pages to crawl: those that come again when they are due, then fresh ones. */
export class PageLine {
  readonly #pagesCount: number;
  #nextNumber = 0;
  readonly #waiting = new DueHeap<Page>();

  constructor(pagesCount: number | null) {
    this.#pagesCount = pagesCount ?? Number.POSITIVE_INFINITY;
  }

  /** `undefined` while there is none to be had. */
  take(nowMs: number): Page | undefined {
    if (this.#waiting.firstAtMs <= nowMs) return this.#waiting.takeFirst();
    if (this.#nextNumber >= this.#pagesCount) return undefined;
    return {
      number: this.#nextNumber++,
      failedOn: [],
      retryCount: 0,
      rotationCount: 0,
      throttledCount: 0,
      throttledSinceMs: 0,
    };
  }

  putBack(page: Page, dueAtMs: number): void {
    this.#waiting.add(page, dueAtMs);
  }

  /** When the next page that waits is due; `Infinity` when none waits. */
  get nextDueAtMs(): number {
    return this.#waiting.firstAtMs;
  }
}
