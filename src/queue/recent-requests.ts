export interface RecentRequest {
  readonly id: string;
  /** Known to be handled; `false` may be out of date when another process handled it. */
  isHandled: boolean;
}

/**
 * Requests the store is known to hold, by unique key, so that a link seen before costs no store call.
 * Bounded by two generations: when the young one is full, it becomes the old one and the old one is forgotten.
 * What is asked for moves back into the young one, so links on every page stay.
 */
export class RecentRequests {
  readonly #generationSize: number;
  #young = new Map<string, RecentRequest>();
  #old = new Map<string, RecentRequest>();

  constructor(maxCount: number) {
    this.#generationSize = Math.ceil(maxCount / 2);
  }

  get(uniqueKey: string): RecentRequest | undefined {
    const found = this.#young.get(uniqueKey);
    if (found) return found;
    const older = this.#old.get(uniqueKey);
    if (older) this.set(uniqueKey, older);
    return older;
  }

  set(uniqueKey: string, request: RecentRequest): void {
    if (this.#generationSize === 0) return;
    this.#young.set(uniqueKey, request);
    if (this.#young.size < this.#generationSize) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
