/** One URL on its way: what it has been through. */
export interface Page {
  readonly number: number;
  readonly failedOn: string[];
  retryCount: number;
  rotationCount: number;
  throttledCount: number;
  throttledSinceMs: number;
}

interface Waiting {
  readonly page: Page;
  readonly dueAtMs: number;
}

/** The pages to crawl: those that come again when they are due, then fresh ones. */
export class PageLine {
  readonly #pagesCount: number;
  #nextNumber = 0;
  /** In order of due time. Few at a time, so insertion is cheap. */
  readonly #waiting: Waiting[] = [];

  constructor(pagesCount: number | null) {
    this.#pagesCount = pagesCount ?? Number.POSITIVE_INFINITY;
  }

  /** `undefined` while there is none to be had. */
  take(nowMs: number): Page | undefined {
    const first = this.#waiting[0];
    if (first && first.dueAtMs <= nowMs) {
      this.#waiting.shift();
      return first.page;
    }
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
    let index = this.#waiting.length;
    while (index > 0 && (this.#waiting[index - 1] as Waiting).dueAtMs > dueAtMs) index--;
    this.#waiting.splice(index, 0, { page, dueAtMs });
  }

  /** When the next page that waits is due; `Infinity` when none waits. */
  get nextDueAtMs(): number {
    return this.#waiting[0]?.dueAtMs ?? Number.POSITIVE_INFINITY;
  }
}
