import type { Cooldown } from './cooldown.ts';
import type { DuePairs } from './due-pairs.ts';
import type { PairTable } from './pair-table.ts';
import type { ProxyBook } from './proxy-book.ts';

/** Neighbours that were shut out within this were shut out together. */
export const SAME_BAN_MS = 30_000;
/** Between a request and the answer that shut the address out. */
const ANSWER_MS = 1000;

/** Pairs that rest for a ban, by network. */
export type BannedPairs = Map<number, Set<number>>;

/** Of an origin. */
export interface Banning {
  readonly serial: number;
  readonly banned: BannedPairs;
  readonly cooldown: Cooldown;
}

/**
 * Who rests for a ban. A ban may be of a whole network, and bans last alike: one address that is let in again tells how
 * long the others have to wait. Without it each finds out by itself, and the later the longer it has waited.
 */
export class Bans {
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #due: DuePairs;

  constructor(parts: { pairs: PairTable; proxies: ProxyBook; due: DuePairs }) {
    this.#pairs = parts.pairs;
    this.#proxies = parts.proxies;
    this.#due = parts.due;
  }

  note(pair: number, { banned }: Banning): void {
    const network = this.#networkOf(pair);
    const rows = banned.get(network) ?? new Set();
    banned.set(network, rows.add(pair));
  }

  /** Others find out how long it lasts. */
  forget(pair: number, { banned }: Banning): void {
    this.#remove(pair, this.#networkOf(pair), banned);
  }

  /** Whether a neighbour was shut out just now: then the ban is not the address's alone, and is known. */
  hasNeighbour(pair: number, { banned, serial }: Banning, now: number): boolean {
    for (const other of banned.get(this.#networkOf(pair)) ?? []) {
      const isLate = now - this.#pairs.lostFrom.get(other) > SAME_BAN_MS;
      if (other !== pair && !isLate && this.#isBanned(other, serial)) return true;
    }
    return false;
  }

  /** A banned address was let in by a request sent at `sentAt`. */
  noteReturn(pair: number, origin: Banning, sentAt: number, now: number): void {
    const pairs = this.#pairs;
    const network = this.#networkOf(pair);
    const lostFrom = pairs.lostFrom.get(pair);
    this.#remove(pair, network, origin.banned);
    if (sentAt < lostFrom) return;
    for (const other of origin.banned.get(network) ?? []) {
      const itsLostFrom = pairs.lostFrom.get(other);
      const isSame = itsLostFrom < sentAt && Math.abs(itsLostFrom - lostFrom) <= SAME_BAN_MS;
      if (isSame) this.#shorten(other, network, origin, { until: now, now });
    }
    if (pairs.blocksInRow.get(pair) < 2) return;
    const blockedAfterMs = Math.max(0, pairs.restsFrom.get(pair) - lostFrom - ANSWER_MS);
    if (!origin.cooldown.noteReturn(blockedAfterMs, sentAt - lostFrom)) return;
    for (const [itsNetwork, rows] of origin.banned) {
      for (const other of rows) {
        const itsLostFrom = pairs.lostFrom.get(other);
        const until = itsLostFrom + origin.cooldown.latestEndMs(now - itsLostFrom);
        this.#shorten(other, itsNetwork, origin, { until, now });
      }
    }
  }

  #shorten(
    pair: number,
    network: number,
    { banned, serial }: Banning,
    { until, now }: { until: number; now: number },
  ): void {
    const pairs = this.#pairs;
    if (!this.#isBanned(pair, serial)) this.#remove(pair, network, banned);
    else if (until < pairs.restsUntil.get(pair)) {
      pairs.restsUntil.set(pair, until);
      pairs.dueAt.set(pair, Math.max(until, pairs.pacedUntil.get(pair)));
      this.#due.update(pair, now);
    }
  }

  #remove(pair: number, network: number, banned: BannedPairs): void {
    const rows = banned.get(network);
    rows?.delete(pair);
    if (rows?.size === 0) banned.delete(network);
  }

  /** Rows are given to other pairs when they are forgotten. */
  #isBanned(pair: number, originSerial: number): boolean {
    const pairs = this.#pairs;
    const isItsRow =
      pairs.originSerialOf(pair) === originSerial &&
      pairs.proxySerialOf(pair) === this.#proxies.serialOf(pairs.proxy.get(pair));
    return isItsRow && pairs.blocksInRow.get(pair) > 0;
  }

  #networkOf(pair: number): number {
    return this.#proxies.networkOf(this.#pairs.proxy.get(pair));
  }
}
