import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { SAME_BAN_MS } from './bans.ts';
import { type BlockKey, Doubts } from './doubts.ts';

/** What an address has sent since it was last as good as new. */
export interface Span {
  readonly uses: number;
  readonly secs: number;
}

export interface NetworkSpan extends Span {
  readonly addressesCount: number;
}

/** A request, and what its address and its network have sent until then, with it. */
export interface Sending {
  readonly openedAt: number;
  readonly span: Span;
  readonly networkSpan: NetworkSpan;
}

/** A ban that shut out one address or several neighbours. */
interface Ban extends BlockKey {
  /** When the first request that was blocked went out. */
  sentAt: number;
  count: number;
  /** What each address had sent, on the average. */
  own: Span;
  /** What the network had sent when it was shut out. */
  addressesCount: number;
  shared: NetworkSpan;
  /** Neighbours were let in meanwhile. */
  isOwn: boolean;
}

/** The last so many readings count, and so many bans before the first. */
const MAX_READINGS = 9;
/** Of a span that goes on so many times as far as the allowance, the slope can be read. */
const READABLE = 1.5;
/** Over less time one request more or less is too much. */
const LEAST_SECS = 8;
/** Explorers go faster when they have shown that so much of their rate is let pass. */
const CONFIRMED = 0.6;
/** An address that was slow for a while has been forgiven part of it, so that readings err to the low side. */
const UPPER = 0.75;
const MIDDLE = 0.49;
const FASTER = 1.5;
/** A limit that is so far below what explorers try cannot be read from them. */
const FAR_BELOW = 0.1;
const SHORTER = 0.8;
const ENOUGH_SHORTER = 3;
const SURE_READINGS = 3;
const SURE_SPREAD = 0.25;
const SLOWER = 0.25;
/** Explorers take so many times as long as those that showed the allowance. */
const SLOWLY = 2.5;
/** Who is not blocked for so many times as long as a reading takes goes faster. */
const PATIENCE = 2;
/** So many requests more or less may have been let pass, as an answer tells of the moment it was sent. */
const ONE_MORE = 1.5;
/** Whoever is let in within this after a neighbour was blocked does not share its ban. */
const SHORTEST_BAN_MS = 5000;

/**
 * Reads a hidden limit off the blocks. A limit that forgives with time lets an address send so many requests at once,
 * the allowance, and so many a second after that: a block says how many it let pass in how long. The first blocks of
 * those that went fast give the allowance; whoever goes slower and is blocked later gives the slope, which is the
 * rate, and whoever goes on unblocked bounds it from below. Neighbours that are shut out together are one case.
 * Where all of them are, they share the limit, and what they had sent together until the first of them was blocked is
 * what it let pass; where others of the network are let in meanwhile, it is the mean of those that were blocked.
 */
export class RateSearch {
  readonly #options: ResolvedAdaptiveOptions['search'];
  readonly #doubts = new Doubts<Ban>();
  /** It told of a limit far below what is tried, if it was no chance. */
  #low: Ban | undefined;
  /** The last ones, whatever they told. */
  #bans: Ban[] = [];
  /** The allowance was taken from them. */
  #firstBans: readonly Ban[] = [];
  #readings: Ban[] = [];
  #allowance: Span | null = null;
  /** Shorter than the allowance in both ways. */
  #shorter: Ban[] = [];
  #lastBanAt = Number.NEGATIVE_INFINITY;
  #passed = 0;
  #tried = 0;
  #triedFrom = 0;
  #isSure = false;

  constructor(options: ResolvedAdaptiveOptions['search']) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#allowance !== null;
  }

  /** Requests a second that were let pass, by those that were blocked in the end; 0 while none is read. */
  get limit(): number {
    return quantileOf(this.#values, UPPER);
  }

  /** What was read says the same again and again, as chance would not. */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** Requests that may be sent at once. */
  get allowance(): number {
    return this.#allowance?.uses ?? 0;
  }

  /** How far the limit may be off. */
  get doubt(): number {
    return Math.min(
      1,
      ...this.#readings.map((ban) => {
        const over = spanOf(ban).uses - (this.#allowance as Span).uses;
        return ONE_MORE / Math.max(1, over * (ban.isOwn ? 1 : ban.addressesCount));
      }),
    );
  }

  /** Requests a second that are known to be let pass. */
  get safe(): number {
    const { limit } = this;
    return limit === 0 ? this.#passed : Math.min(limit, this.#passed);
  }

  /** Requests a second that explorers try. */
  get tried(): number {
    return this.#tried;
  }

  /** Enough has been read, for so many networks. */
  isOver(networksCount: number): boolean {
    const { readings, groups } = this.#options;
    return this.#values.length >= Math.max(1, Math.min(readings, networksCount / groups));
  }

  /** Blocks are about the pace: from here on it is looked for. */
  begin(now: number): boolean {
    const bans = [...this.#bans, ...this.#doubts.bans].slice(-MAX_READINGS);
    if (bans.length === 0) return false;
    this.#firstBans = bans;
    this.#allow();
    this.#explore(now);
    return true;
  }

  end(): void {
    this.#bans = [];
    this.#doubts.clear();
    this.#low = undefined;
    this.#firstBans = [];
    this.#readings = [];
    this.#shorter = [];
    this.#allowance = null;
    this.#passed = 0;
    this.#isSure = false;
  }

  /** A request at the end of such a span was let pass. */
  notePassed({ span, networkSpan }: Sending, now: number): void {
    const slope = this.#slopeOf(networkSpan.addressesCount > 1 ? networkSpan : span);
    const isConfirmed = slope > this.#passed && slope > CONFIRMED * this.#tried;
    const isLate = now - this.#triedFrom > PATIENCE * this.#options.readingSecs * 1000;
    if (isConfirmed || isLate) {
      this.#tried *= FASTER;
      this.#triedFrom = now;
    }
    this.#passed = Math.max(this.#passed, slope);
  }

  /** Whether a neighbour was shut out just now. */
  isKnown(network: number, now: number): boolean {
    return this.#find(network, now) !== undefined;
  }

  /** It was blocked. Says whether that told the rate. */
  noteBlocked(sending: Sending, network: number, now: number): boolean {
    const known = this.#find(network, now);
    if (known) return this.#join(known, sending);
    const { openedAt: sentAt, span: own, networkSpan: shared } = sending;
    const { addressesCount } = shared;
    this.#lastBanAt = Math.max(this.#lastBanAt, sentAt);
    // Nobody goes faster while those that go fast are shut out.
    if (own.uses > CONFIRMED * this.#tried * own.secs) this.#triedFrom = now;
    const ban: Ban = {
      network,
      at: now,
      sentAt,
      count: 1,
      own,
      shared,
      addressesCount,
      isOwn: false,
    };
    if (this.#doubts.areRare) return this.#take(ban);
    const neighbour = addressesCount > 1 ? this.#doubts.takeNeighbour(network, now) : undefined;
    if (neighbour) {
      const isRead = this.#take(neighbour);
      return this.#join(neighbour, sending) && isRead;
    }
    this.#doubts.add(ban);
    return false;
  }

  /** The next request of an address that was blocked was blocked, too. Says whether that told the rate. */
  noteStuck(block: BlockKey): boolean {
    if (this.#low && isBlock(this.#low, block)) this.#slowDown(this.#low);
    const ban = this.#doubts.noteStuck(block);
    return ban !== undefined && this.#take(ban);
  }

  /** It was let in: the block had been chance. Says whether anything had been read off it. */
  noteChance(block: BlockKey, now: number): boolean {
    this.#doubts.noteChance(block);
    const ban = this.#bans.find((each) => isBlock(each, block));
    if (!ban || (ban.count > 1 && !ban.isOwn)) return false;
    const isOther = (each: Ban) => each !== ban;
    this.#bans = this.#bans.filter(isOther);
    this.#shorter = this.#shorter.filter(isOther);
    this.#readings = this.#readings.filter(isOther);
    if (this.#firstBans.length > 1 && this.#firstBans.includes(ban)) {
      this.#firstBans = this.#firstBans.filter(isOther);
      this.#passed = 0;
      this.#allow();
      if (this.#readings.length === 0) this.#explore(now);
    }
    this.#isSure = this.#isAgreed();
    return true;
  }

  #take(ban: Ban): boolean {
    this.#bans = [...this.#bans.slice(1 - MAX_READINGS), ban];
    return this.#allowance !== null && this.#read(ban);
  }

  #find(network: number, now: number): Ban | undefined {
    return this.#bans.find((ban) => ban.network === network && now - ban.at <= SAME_BAN_MS);
  }

  /** A request to the network was let in. Says whether that told that a ban is not of the whole network. */
  noteLetIn(sentAt: number, network: number): boolean {
    const afterMs = sentAt - this.#lastBanAt;
    if (!(afterMs > 0 && afterMs < SHORTEST_BAN_MS)) return false;
    const ofNetwork = (each: Ban) => each.network === network;
    const doubted = this.#doubts.bans.findLast(ofNetwork);
    const ban = doubted ?? this.#bans.findLast(ofNetwork);
    if (!ban || ban.isOwn || sentAt <= ban.sentAt || sentAt - ban.sentAt > SHORTEST_BAN_MS)
      return false;
    ban.isOwn = true;
    return !doubted;
  }

  #join(ban: Ban, { span, networkSpan, openedAt }: Sending): boolean {
    ban.count++;
    ban.own = {
      uses: ban.own.uses + (span.uses - ban.own.uses) / ban.count,
      secs: ban.own.secs + (span.secs - ban.own.secs) / ban.count,
    };
    if (openedAt < ban.sentAt) {
      ban.sentAt = openedAt;
      ban.shared = networkSpan;
      ban.addressesCount = networkSpan.addressesCount;
    }
    if (this.#firstBans.includes(ban)) this.#allow();
    return this.#readings.length > 0;
  }

  #read(ban: Ban): boolean {
    const allowance = this.#allowance as Span;
    const isFirst = this.#readings.length === 0;
    const span = spanOf(ban);
    if (isFirst && span.uses < SHORTER * allowance.uses && span.secs < allowance.secs)
      this.#shorten(ban, ban.at);
    const over = span.secs - allowance.secs;
    if (over < Math.max(LEAST_SECS, 1.5 * allowance.secs)) return false;
    if (isFirst && this.#valueOf(ban) < FAR_BELOW * this.#tried) {
      this.#low = ban;
      return false;
    }
    this.#readings = [...this.#readings.slice(1 - MAX_READINGS), ban];
    this.#isSure ||= this.#isAgreed();
    return true;
  }

  #slowDown({ at }: Ban): void {
    this.#tried = Math.max(SLOWER * this.#tried, Math.min(this.#tried, FASTER * this.#passed));
    this.#triedFrom = at;
  }

  /** Neighbours that had sent little and were shut out with the others may have spoilt a reading since. */
  get #values(): number[] {
    return this.#readings
      .map((ban) => this.#valueOf(ban))
      .filter((value) => value >= FAR_BELOW * this.#tried);
  }

  #valueOf(ban: Ban): number {
    const { uses, secs } = spanOf(ban);
    const allowance = this.#allowance as Span;
    return Math.max(0, (uses - allowance.uses) / Math.max(LEAST_SECS, secs - allowance.secs));
  }

  #isAgreed(): boolean {
    const last = this.#values.slice(-SURE_READINGS);
    return (
      last.length === SURE_READINGS &&
      Math.max(...last) - Math.min(...last) <= SURE_SPREAD * this.limit
    );
  }

  /** The first blocks came so late that what they showed was no allowance. */
  #shorten(ban: Ban, now: number): void {
    this.#shorter.push(ban);
    if (this.#shorter.length < ENOUGH_SHORTER) return;
    this.#firstBans = this.#shorter;
    this.#shorter = [];
    this.#passed = 0;
    this.#allow();
    this.#explore(now);
  }

  #explore(now: number): void {
    const { uses, secs } = this.#allowance as Span;
    this.#tried = (READABLE * uses) / Math.max(this.#options.readingSecs, SLOWLY * secs);
    this.#triedFrom = now;
  }

  #allow(): void {
    const uses = quantileOf(
      this.#firstBans.map((ban) => spanOf(ban).uses),
      MIDDLE,
    );
    const secs = quantileOf(
      this.#firstBans.map((ban) => spanOf(ban).secs),
      MIDDLE,
    );
    this.#allowance = { uses, secs };
  }

  #slopeOf({ uses, secs }: Span): number {
    const allowance = this.#allowance;
    if (!allowance || uses < READABLE * allowance.uses) return 0;
    const over = secs - allowance.secs;
    return over < LEAST_SECS ? 0 : (uses - allowance.uses) / over;
  }
}

/** A limit that is the network's together was met when the first of them was blocked. */
function spanOf(ban: Ban): Span {
  return ban.isOwn || ban.addressesCount === 1 ? ban.own : ban.shared;
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}

function isBlock(ban: Ban, { network, at }: BlockKey): boolean {
  return ban.network === network && ban.at === at;
}
