import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';

/** A rate is measured over so many uses at least. */
const LEAST_USES = 10;
/** Blocks in a row that chance brings about so rarely are none. */
const CHANCE = 0.000_001;
/** No success is surer. */
const SURE = 0.01;
/** Whoever waited for its turn may catch up with so much. */
const SLACK_MS = 500;
/** Whoever leads goes on leading while it takes no longer than so many times what the fastest takes. */
const ALIKE = 1.2;
/** Without another word of an address that was blocked for so long, it is not waited for any more. */
const DOUBT_MS = 60_000;

/** An address that answers much sooner than most. */
export interface FastAddress {
  readonly pair: number;
  readonly proxy: number;
  readonly proxySerial: number;
  /** Milliseconds that a page takes through it. */
  cost: number;
  /** What it may be given is spent until then. */
  spentUntil: number;
  /** Its uses are counted from here on. */
  countedFrom: number;
  count: number;
  blocksInRow: number;
  /** How likely chance alone is to bring about as many. */
  chance: number;
}

/**
 * The few addresses of an origin that answer soonest, in this order, and how much each may be given before others get
 * anything: as much as one of them is known to have borne. One alone leads: it goes faster by a step, and what it bears
 * for a while the others may be given, too. When it is shut out, all fall back.
 */
export class FastLane {
  readonly #options: ResolvedAdaptiveOptions['lane'];
  readonly #addresses: FastAddress[] = [];
  #leader: FastAddress | undefined;
  /** Requests a second that an address has borne. */
  #borne = 0;
  #fellAt = Number.NEGATIVE_INFINITY;
  #holdsUntil = Number.NEGATIVE_INFINITY;
  /** It led when it was blocked, which may be chance: until then nobody else leads in its place. */
  #doubted: FastAddress | undefined;
  #doubtsUntil = 0;
  #falls = 0;

  constructor(options: ResolvedAdaptiveOptions['lane']) {
    this.#options = options;
  }

  /** The fastest first. */
  get addresses(): readonly FastAddress[] {
    return this.#addresses;
  }

  get borne(): number {
    return this.#borne;
  }

  isFree(address: FastAddress, now: number): boolean {
    return address.spentUntil <= now;
  }

  /** A request goes out; `meanRate` is what an address sends on average. */
  noteUse(pair: number, meanRate: number, now: number): void {
    const address = this.#find(pair);
    if (!address) return;
    address.count++;
    const lead = address === this.#leader && this.#mayRise(now) ? this.#options.step : 1;
    const rate = Math.max(this.#borne, meanRate) * lead;
    address.spentUntil = Math.max(now - SLACK_MS, address.spentUntil) + 1000 / rate;
  }

  /** Requests a second of late; 0 for whoever is none of them. */
  rateOf(pair: number, now: number): number {
    const address = this.#find(pair);
    if (!address) return 0;
    return (address.count * 1000) / Math.max(1000, now - address.countedFrom);
  }

  /** A page came back. Whoever takes longer than `mostMs` does not belong here. */
  noteGood(
    who: { readonly pair: number; readonly proxy: number; readonly proxySerial: number },
    cost: number,
    mostMs: number,
    now: number,
  ): void {
    const known = this.#find(who.pair);
    if (cost > mostMs) {
      if (known) this.leave(known);
      return;
    }
    const address = known ?? this.#enter(who, cost, now);
    if (!address) return;
    address.cost = cost;
    address.blocksInRow = 0;
    address.chance = 1;
    if (address === this.#doubted) this.#doubted = undefined;
    this.#measure(address, now);
    this.#order(address);
    this.#appoint();
  }

  /** Success was expected with the probability `predicted`. */
  noteBlocked(pair: number, predicted: number, sentAt: number, now: number): void {
    const address = this.#find(pair);
    if (!address || sentAt < this.#fellAt) return;
    address.blocksInRow++;
    address.chance *= Math.max(SURE, 1 - predicted);
    if (address.chance <= CHANCE) this.#fall(now);
    else if (address === this.#leader) {
      this.#doubted = address;
      this.#doubtsUntil = now + DOUBT_MS;
    }
  }

  leave(address: FastAddress): void {
    this.#addresses.splice(this.#addresses.indexOf(address), 1);
    if (address === this.#leader) this.#appoint();
  }

  #fall(now: number): void {
    this.#borne *= this.#options.fall;
    this.#fellAt = now;
    this.#falls++;
    this.#holdsUntil = now + this.#options.holdSecs * 1000 * 2 ** Math.min(6, this.#falls - 1);
    for (const address of this.#addresses) {
      address.count = 0;
      address.countedFrom = now;
    }
  }

  #mayRise(now: number): boolean {
    const isDoubtful = this.#doubted !== undefined && now < this.#doubtsUntil;
    return now >= this.#holdsUntil && !isDoubtful;
  }

  #measure(address: FastAddress, now: number): void {
    const ms = now - address.countedFrom;
    if (ms < this.#options.proofSecs * 1000 || address.count < LEAST_USES) return;
    if (this.#mayRise(now)) this.#borne = Math.max(this.#borne, (address.count * 1000) / ms);
    address.count = 0;
    address.countedFrom = now;
  }

  #find(pair: number): FastAddress | undefined {
    for (const address of this.#addresses) if (address.pair === pair) return address;
    return undefined;
  }

  #enter(
    { pair, proxy, proxySerial }: Pick<FastAddress, 'pair' | 'proxy' | 'proxySerial'>,
    cost: number,
    now: number,
  ): FastAddress | undefined {
    const all = this.#addresses;
    if (all.length >= this.#options.addresses) {
      const last = all.at(-1);
      if (!last || cost >= last.cost) return undefined;
      this.leave(last);
    }
    const address = {
      pair,
      proxy,
      proxySerial,
      cost,
      spentUntil: 0,
      countedFrom: now,
      count: 0,
      blocksInRow: 0,
      chance: 1,
    };
    all.push(address);
    return address;
  }

  #order(address: FastAddress): void {
    const all = this.#addresses;
    let at = all.indexOf(address);
    for (let other = all[at - 1]; other && other.cost > address.cost; other = all[at - 1]) {
      all[at--] = other;
    }
    for (let other = all[at + 1]; other && other.cost < address.cost; other = all[at + 1]) {
      all[at++] = other;
    }
    all[at] = address;
  }

  #appoint(): void {
    const fastest = this.#addresses.find(({ blocksInRow }) => blocksInRow === 0);
    const leader = this.#leader;
    const isFit =
      leader && fastest && leader.blocksInRow === 0 && leader.cost <= ALIKE * fastest.cost;
    if (!isFit || !this.#addresses.includes(leader)) this.#leader = fastest;
  }
}
