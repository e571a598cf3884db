import type { ProxyEntry } from './proxy-entry.ts';

/** Which session is bound to which proxy: at most so many, the least recently used going first. */
export class Bindings {
  /** In the order of last use. */
  readonly #entries = new Map<string, ProxyEntry>();
  /**
   * Stands before the least recently used one: all it has passed are gone, all that were used again are at
   * the end. A new iterator for each eviction would walk over what has been deleted, in linear time.
   */
  readonly #oldest: Iterator<string> = this.#entries.keys();
  readonly #max: number;
  readonly #onDrop: (entry: ProxyEntry) => void;

  /** `onDrop` hears of every binding that ends, whatever ended it. */
  constructor(max: number, onDrop: (entry: ProxyEntry) => void) {
    this.#max = max;
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts as a use. */
  get(sessionId: string): ProxyEntry | undefined {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined) return undefined;
    this.#entries.delete(sessionId);
    this.#entries.set(sessionId, entry);
    return entry;
  }

  set(sessionId: string, entry: ProxyEntry): void {
    this.delete(sessionId);
    if (this.#entries.size >= this.#max) this.delete(this.#oldest.next().value as string);
    this.#entries.set(sessionId, entry);
  }

  delete(sessionId: string): void {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined) return;
    this.#entries.delete(sessionId);
    this.#onDrop(entry);
  }

  clear(): void {
    this.#entries.clear();
  }
}
