import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Span } from './rate-search.ts';

/** A rate is measured over so many uses at least. */
const LEAST_USES = 5;
/** Blocks in a row that chance brings about so rarely are none. */
const CHANCE = 0.000_001;
/** So soon after a fall it is still the same one. */
const SAME_MS = 60_000;
/** No success is surer. */
const SURE = 0.01;
/** Whoever waited for its turn may catch up with so much. */
const SLACK_MS = 500;
/** Whoever leads goes on leading while it takes no longer than so many times what the fastest takes. */
const ALIKE = 1.2;
/** Without another word of an address that was blocked for so long, it is not waited for any more. */
const DOUBT_MS = 60_000;
/** A limit may let pass what was sent in so long before it objects. */
const MEMORY_SECS = 30;
/** What was sent so many times as often as a limit once let pass is known to be borne. */
const PROOF = 2;
/** Of a rate that is known to be borne so much is left when a higher one is not. */
const KNOWN_FALL = 0.9;

/** Fewer may be fast by chance. */
const LEAST_KEEPERS = 3;
/** An address is fast that answers so many times as soon as is usual, and stays so as long as it answers so many times as soon. */
const ENTERS = 1.5;
const STAYS = 1.2;

/** What is asked of a use; see `Use`. */
export interface FastUse {
  readonly pair: number;
  readonly predicted: number;
  readonly openedAt: number;
  readonly span: Span;
}

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
  /** What it had sent, since it was as good as new, when it was blocked. */
  sent: number;
  /** When it was blocked first since its last success. */
  blockedAt: number;
  /** How likely chance alone is to bring about the blocks since its last success. */
  chance: number;
}

/**
 * The few addresses of an origin that answer soonest, in this order, and how much each may be given before others get
 * anything: as much as one of them is known to have borne. One alone leads: it goes faster by a step, and what it bears
 * for a while the others may be given, too. When it is shut out, all fall back. From then on a step is smaller, and
 * takes several times what the limit let pass.
 */
export class FastLane {
  readonly #options: ResolvedAdaptiveOptions['lane'];
  readonly #addresses: FastAddress[] = [];
  readonly #ofPair = new Map<number, FastAddress>();
  #leader: FastAddress | undefined;
  /** Requests a second that an address has borne. */
  #borne = 0;
  /** Even by a limit that lets pass as much at first as the one that was met. */
  #isSure = false;
  #step: number;
  /** Uses that prove a rate. */
  #proof = LEAST_USES;
  #fellAt = Number.NEGATIVE_INFINITY;
  /** It led when it was blocked, which may be chance: until that is known nobody goes ahead. */
  #doubted: FastAddress | undefined;
  #doubtsUntil = 0;
  /** It was blocked so often in a row that it is hardly chance. */
  #condemned: FastAddress | undefined;

  constructor(options: ResolvedAdaptiveOptions['lane']) {
    this.#options = options;
    this.#step = options.step;
  }

  /** The fastest first. */
  get addresses(): readonly FastAddress[] {
    return this.#addresses;
  }

  get borne(): number {
    return this.#borne;
  }

  /** Whoever leads goes faster by this factor. */
  get step(): number {
    return this.#step;
  }

  /**
   * A limit was met, and is kept by so many that nobody else needs to look for it: all together send no more on average
   * than these are known to bear.
   */
  keepsLimit(activeCount: number, meanRate: number): boolean {
    const isKept = this.#hasFallen && this.#isSure && meanRate <= this.#borne;
    return isKept && this.#addresses.length > Math.max(LEAST_KEEPERS, activeCount / 10);
  }

  get #hasFallen(): boolean {
    return this.#fellAt > Number.NEGATIVE_INFINITY;
  }

  /** Recent uses that no address should have more of, once a limit was met. */
  mostUses(halfLifeMs: number): number {
    return this.#hasFallen
      ? (this.#borne * halfLifeMs) / (1000 * Math.LN2)
      : Number.POSITIVE_INFINITY;
  }

  /** Most of the load may go through it: most blocks meet it, too, whatever they are about. */
  isLeader(pair: number): boolean {
    return this.#leader?.pair === pair;
  }

  has(pair: number): boolean {
    return this.#ofPair.has(pair);
  }

  isSpent(pair: number, now: number): boolean {
    const address = this.#ofPair.get(pair);
    return address !== undefined && address.spentUntil > now;
  }

  /** A request goes out; `meanRate` is what an address sends on average. */
  noteUse(pair: number, meanRate: number, now: number): void {
    const address = this.#ofPair.get(pair);
    if (!address) return;
    address.count++;
    address.spentUntil =
      Math.max(now - SLACK_MS, address.spentUntil) + 1000 / this.#rateFor(address, meanRate, now);
  }

  /** Requests a second of late; 0 for whoever is none of them. */
  rateOf(pair: number, now: number): number {
    const address = this.#ofPair.get(pair);
    return address ? rateOf(address, now) : 0;
  }

  /** A page came back. Whoever takes nearly as long as is usual does not belong here. */
  noteGood(
    who: Pick<FastAddress, 'pair' | 'proxy' | 'proxySerial'> & Pick<FastUse, 'openedAt'>,
    cost: number,
    usualMs: number,
    now: number,
  ): void {
    const known = this.#ofPair.get(who.pair);
    if (cost * (known ? STAYS : ENTERS) > usualMs) {
      if (known) this.leave(known);
      return;
    }
    const address = known ?? this.#enter(who, cost, now);
    if (!address) return;
    address.cost = cost;
    // What was sent before the first block tells nothing about what came of it.
    if (who.openedAt >= address.blockedAt) {
      address.chance = 1;
      if (address === this.#doubted) this.#doubted = undefined;
      if (address === this.#condemned) this.#condemned = undefined;
    }
    this.#carryOut(now);
    this.#measure(address, now);
    this.#order(address);
    this.#appoint();
  }

  /**
   * It was blocked although success was expected with the probability `predicted`. `stickiness` is how likely an
   * address that was blocked at this origin is blocked again.
   */
  noteBlocked({ pair, predicted, openedAt, span }: FastUse, stickiness: number, now: number): void {
    this.#carryOut(now);
    const address = this.#ofPair.get(pair);
    if (!address || openedAt < this.#fellAt) return;
    const least = CHANCE ** Math.min(1, 2 * (1 - stickiness));
    if (address.chance <= least) return;
    if (address.chance === 1) {
      address.sent = span.uses;
      address.blockedAt = now;
    }
    address.chance *= Math.max(SURE, 1 - predicted);
    if (address.chance <= least) {
      this.#condemned ??= address;
    } else if (address === this.#leader) {
      this.#doubted = address;
      this.#doubtsUntil = now + DOUBT_MS;
    }
  }

  leave(address: FastAddress): void {
    this.#addresses.splice(this.#addresses.indexOf(address), 1);
    this.#ofPair.delete(address.pair);
    if (address === this.#leader) this.#appoint();
  }

  /** No address needs to send less than all do on average. */
  #rateFor(address: FastAddress, meanRate: number, now: number): number {
    if (this.#isDoubtful(now)) return Math.max(meanRate, this.#borne * this.#fallShare);
    return Math.max(meanRate, this.#borne) * (address === this.#leader ? this.#step : 1);
  }

  get #fallShare(): number {
    return this.#isSure ? KNOWN_FALL : this.#options.fall;
  }

  #isDoubtful(now: number): boolean {
    return this.#doubted !== undefined && now < this.#doubtsUntil;
  }

  /** Blocks come back sooner than pages: what it was let in for may still be under way for a while. */
  #carryOut(now: number): void {
    const condemned = this.#condemned;
    if (!condemned || now < condemned.blockedAt + condemned.cost) return;
    this.#condemned = undefined;
    this.#fall(condemned, now);
  }

  #fall(fallen: FastAddress, now: number): void {
    this.#doubted = undefined;
    if (now - this.#fellAt < SAME_MS) return;
    const rate = Math.max(rateOf(fallen, now), this.#borne);
    this.#borne *= this.#fallShare;
    this.#proof = Math.max(this.#proof, PROOF * Math.min(fallen.sent, MEMORY_SECS * rate));
    if (this.#isSure) this.#step = Math.sqrt(this.#step);
    this.#fellAt = now;
    for (const address of this.#addresses) startCount(address, now);
    this.#appoint();
  }

  #measure(address: FastAddress, now: number): void {
    const ms = now - address.countedFrom;
    if (ms < this.#options.proofSecs * 1000 || address.count < this.#proof) return;
    const rate = rateOf(address, now);
    startCount(address, now);
    if (rate < this.#borne || this.#isDoubtful(now)) return;
    this.#borne = rate;
    this.#isSure = this.#proof > LEAST_USES;
  }

  #enter(
    who: Pick<FastAddress, 'pair' | 'proxy' | 'proxySerial'>,
    cost: number,
    now: number,
  ): FastAddress | undefined {
    const all = this.#addresses;
    if (all.length >= this.#options.addresses) {
      const last = all.at(-1);
      if (!last || cost >= last.cost) return undefined;
      this.leave(last);
    }
    const { pair, proxy, proxySerial } = who;
    const address = {
      pair,
      proxy,
      proxySerial,
      cost,
      spentUntil: 0,
      countedFrom: now,
      count: 0,
      sent: 0,
      blockedAt: 0,
      chance: 1,
    };
    all.push(address);
    this.#ofPair.set(who.pair, address);
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

  /** The fastest that is not shut out, as far as is known, leads, and not another one each time latencies scatter. */
  #appoint(): void {
    const leader = this.#leader;
    const fastest = this.#addresses.find(({ chance }) => chance === 1);
    const isFit =
      leader !== undefined &&
      fastest !== undefined &&
      leader.chance === 1 &&
      this.#ofPair.get(leader.pair) === leader &&
      leader.cost <= ALIKE * fastest.cost;
    if (!isFit) this.#leader = fastest;
  }
}

function rateOf({ count, countedFrom }: FastAddress, now: number): number {
  return (count * 1000) / Math.max(1000, now - countedFrom);
}

function startCount(address: FastAddress, now: number): void {
  address.count = 0;
  address.countedFrom = now;
}
