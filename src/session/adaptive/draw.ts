import { type Random, randomInteger } from '../../core/random.ts';
import type { Origin } from './origin.ts';
import type { PairFinder } from './pair-finder.ts';
import type { PairTable } from './pair-table.ts';
import type { ProxyBook } from './proxy-book.ts';
import type { ReadySlots } from './ready-slots.ts';

/**
 * Ready sessions drawn together, each with its proxy and its pair. Where there are a million of them, what is known of
 * each has to come from memory, in three steps of which each tells where the next one is. One session after the other,
 * all of that would be waited for; here each step is taken for all of them before the next, and the processor waits
 * once for all.
 */
export class Draw {
  readonly #random: Random;
  readonly #ready: ReadySlots;
  readonly #finder: PairFinder;
  readonly #book: ProxyBook;
  readonly #pairs: PairTable;
  readonly #slots: Int32Array;
  readonly #proxies: Int32Array;
  readonly #rows: Int32Array;
  /** Written only, so that the engine does not leave out the reading. */
  readonly #touched: Float64Array;

  constructor(
    parts: {
      random: Random;
      ready: ReadySlots;
      finder: PairFinder;
      proxies: ProxyBook;
      pairs: PairTable;
    },
    maxCount: number,
  ) {
    this.#random = parts.random;
    this.#ready = parts.ready;
    this.#finder = parts.finder;
    this.#book = parts.proxies;
    this.#pairs = parts.pairs;
    this.#slots = new Int32Array(maxCount);
    this.#proxies = new Int32Array(maxCount);
    this.#rows = new Int32Array(maxCount);
    this.#touched = new Float64Array(maxCount);
  }

  slotAt(index: number): number {
    return this.#slots[index] as number;
  }

  proxyAt(index: number): number {
    return this.#proxies[index] as number;
  }

  /** -1 where the address is new to the origin. */
  pairAt(index: number): number {
    return this.#rows[index] as number;
  }

  /** So many, any of them, perhaps one more than once. */
  any(count: number, origin: Origin): void {
    const { size } = this.#ready;
    for (let n = 0; n < count; n++) this.#rows[n] = randomInteger(this.#random, size);
    this.#lookUp(count, origin);
  }

  /** So many from one on, around the end. */
  inRow(from: number, count: number, origin: Origin): void {
    for (let n = 0; n < count; n++) this.#rows[n] = (from + n) % this.#ready.size;
    this.#lookUp(count, origin);
  }

  #lookUp(count: number, origin: Origin): void {
    const ready = this.#ready;
    const slots = this.#slots;
    const proxies = this.#proxies;
    const rows = this.#rows;
    for (let n = 0; n < count; n++) {
      const index = rows[n] as number;
      slots[n] = ready.slotAt(index);
      proxies[n] = ready.proxyAt(index);
    }
    // As short as can be: the processor looks ahead only so many instructions.
    const touched = this.#touched;
    const { restsUntil } = this.#book;
    for (let n = 0; n < count; n++) touched[n] = restsUntil.get(proxies[n] as number);
    for (let n = 0; n < count; n++) rows[n] = this.#finder.find(proxies[n] as number, origin);
    const { dueAt } = this.#pairs;
    // Where there is no pair, row 0 will do, which is nobody's.
    for (let n = 0; n < count; n++) touched[n] = dueAt.get(Math.max(0, rows[n] as number));
  }
}
