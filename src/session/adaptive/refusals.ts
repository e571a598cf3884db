import type { Choice } from './choice.ts';
import type { FleetProxies } from './fleet-proxies.ts';
import type { PairTable } from './pair-table.ts';
import type { ProxyBook } from './proxy-book.ts';

/** Who may not be used on an origin now: it rests, its pace keeps it back, or it has to send one request ahead. */
export class Refusals {
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #others: FleetProxies;
  readonly #choice: Choice;
  #isPaced = false;

  constructor(parts: {
    pairs: PairTable;
    proxies: ProxyBook;
    /** What other workers say of proxies. */
    others: FleetProxies;
    choice: Choice;
  }) {
    this.#pairs = parts.pairs;
    this.#proxies = parts.proxies;
    this.#others = parts.others;
    this.#choice = parts.choice;
  }

  /** Somebody was refused for no other reason than the pace. */
  get isPaced(): boolean {
    return this.#isPaced;
  }

  clear(): void {
    this.#isPaced = false;
  }

  /** 0 when the address may be used on the origin now. */
  until(proxy: number, pair: number, now: number): number {
    const proxyRestsUntil = this.#proxies.restsUntil.get(proxy);
    if (proxyRestsUntil > now) return proxyRestsUntil;
    const heardUntil = this.#others.refusesUntil(proxy, now);
    if (heardUntil > 0) return heardUntil;
    if (pair === -1) return 0;
    const pairs = this.#pairs;
    const dueAt = pairs.dueAt.get(pair);
    if (dueAt > now) {
      if (pairs.pacedUntil.get(pair) === dueAt) {
        this.#isPaced = true;
        this.#choice.notePaced(pair);
      }
      return dueAt;
    }
    if (pairs.inFlight.get(pair) === 0) return 0;
    // Whoever was shut out or failed last has to send one ahead.
    const isShutOut =
      pairs.blocksInRow.get(pair) > 0 && pairs.restsUntil.get(pair) > pairs.restsFrom.get(pair);
    return isShutOut || this.hasFailed(proxy) ? Number.POSITIVE_INFINITY : 0;
  }

  /** The last time, and not by chance: it had to rest. */
  hasFailed(proxy: number): boolean {
    const { failuresInRow, restsUntil, restsFrom } = this.#proxies;
    return failuresInRow.get(proxy) > 0 && restsUntil.get(proxy) > restsFrom.get(proxy);
  }
}
