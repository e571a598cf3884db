import type { Origin } from './origin.ts';
import type { PairTable } from './pair-table.ts';
import type { ProxyBook } from './proxy-book.ts';

/** From a proxy and an origin to the row of their pair. A proxy remembers the last one, which mostly is the one. */
export class PairFinder {
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;

  constructor(pairs: PairTable, proxies: ProxyBook) {
    this.#pairs = pairs;
    this.#proxies = proxies;
  }

  /** -1 when the address has not been used on the origin, or not lately. */
  find(proxy: number, origin: Origin): number {
    const proxies = this.#proxies;
    if (proxies.lastOrigin.get(proxy) === origin.serial) return proxies.lastPair.get(proxy);
    if (proxies.pairCount.get(proxy) === 0) return -1;
    return this.#pairs.find(proxies.serialOf(proxy), origin.serial);
  }

  /** The pair's row, which is made if need be. */
  rowOf(proxy: number, origin: Origin, now: number): number {
    const known = this.find(proxy, origin);
    return known === -1 ? this.#add(proxy, origin, now) : known;
  }

  /** The pair is used now. */
  enter(proxy: number, origin: Origin, now: number): number {
    const known = this.find(proxy, origin);
    const pair = known === -1 ? this.#add(proxy, origin, now) : known;
    if (pair === known) this.#pairs.touch(known);
    this.#proxies.lastPair.set(proxy, pair);
    this.#proxies.lastOrigin.set(proxy, origin.serial);
    return pair;
  }

  /** The row is about to go to another pair. */
  forget(pair: number): void {
    const proxies = this.#proxies;
    const proxy = this.#pairs.proxy.get(pair);
    if (proxies.serialOf(proxy) !== this.#pairs.proxySerialOf(pair)) return;
    proxies.pairCount.set(proxy, proxies.pairCount.get(proxy) - 1);
    if (proxies.lastPair.get(proxy) === pair) proxies.lastOrigin.set(proxy, 0);
  }

  #add(proxy: number, origin: Origin, now: number): number {
    const pairs = this.#pairs;
    const pair = pairs.add(this.#proxies.serialOf(proxy), origin.serial);
    this.#proxies.pairCount.set(proxy, this.#proxies.pairCount.get(proxy) + 1);
    pairs.proxy.set(pair, proxy);
    pairs.dueChain.set(pair, origin.dueChain);
    pairs.firstUsedSecs.set(pair, Math.floor(now / 1000));
    return pair;
  }
}
