import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { BlockKey } from './doubts.ts';
import { Drift } from './drift.ts';
import { LOAD_WINDOW_MS, Load } from './load.ts';
import { NetworkSpans } from './network-spans.ts';
import { RateSearch, type Sending } from './rate-search.ts';
import { EXPLORER, Roles, SCOUT } from './roles.ts';

/** Pacing binds for so long after the last lease that had to wait for it was to be tried again. */
const BOUND_MS = 1000;
/** However hasty, each address must have had so many successes before the rate has doubled: a limit may let a few pass. */
const DOUBLES_AFTER = 16;
const MAX_HASTE = 6;
/** A signal that costs so many requests is dear. */
const DEAR = 10;
/** Within this it is still the same fall. */
const FALLS_APART_MS = 300_000;
/** The price of a signal follows the prices seen with this step. */
const PRICE_STEP = 0.1;

/** Whoever goes nearly as fast as a limit that was read is not forgiven: it may have been read too high. */
const FORGIVING = 0.8;

/** Of fewer networks each ban is dear, and scouts go less far ahead of a rate that was read. */
const MANY_NETWORKS = 25;

/** Blocks of such a share of the scouts are enough to know. */
const SCOUTS_ENOUGH = 0.5;
/** Without a success of explorers for so many of their intervals, and so long, others take over. */
const PATIENCE = 3;
const LEAST_PATIENCE_MS = 5000;
/** Without a reading for so long everybody explores. */
const STALLED_MS = 200_000;

export type Objection =
  | {
      readonly kind: 'blocked';
      /** The next request of the address is blocked as well. */
      readonly isSticky: boolean;
    }
  | {
      readonly kind: 'throttled';
      /** Requests a second that its address has sent of late. */
      readonly ownRate: number;
    };

/**
 * One rate for an address on one origin, learnt from all of them together. It is unbounded until the origin first
 * objects; from then on a ceiling stands above the load it objected to, so that those that are left when others are
 * banned are not overrun. What the origin objects to lowers the rate at once, what it lets pass raises it slowly, and
 * faster the longer nothing is objected to. How often it may object in the long run depends on the price: a signal
 * that rests an address for a minute costs as much as the requests it would have sent meanwhile. Where it objects by
 * blocks alone, the rate is read off them, see `RateSearch`. An error never speeds anything up.
 */
export class Pacing {
  readonly #options: ResolvedAdaptiveOptions['pacing'];
  readonly #load = new Load();
  readonly #searchOptions: ResolvedAdaptiveOptions['search'];
  readonly #search: RateSearch;
  readonly #drift: Drift;
  readonly #leastRate: number;
  /** What was read off the blocks is in force. */
  #isFound = false;
  /** The limit that the rate was set by. */
  #heeded = 0;
  readonly #roles: Roles;
  /** Addresses, not networks. */
  #scoutsCount = 0;
  #exploredAt = Number.NEGATIVE_INFINITY;
  #isStalled = false;
  #rate = Number.POSITIVE_INFINITY;
  #ceiling = Number.POSITIVE_INFINITY;
  #ceilingAt = 0;
  #boundUntil = Number.NEGATIVE_INFINITY;
  #hasSignal = false;
  /** Some of the signals were 429s. */
  #hasThrottles = false;
  /** What was sent before tells nothing about the present rate. */
  #cutAt = 0;
  #fellAt = Number.NEGATIVE_INFINITY;
  /** Requests that a signal costs, as a moving average. */
  #price = 0;
  /** Successes while bound since the last signal. */
  #quietCount = 0;
  readonly networkSpans: NetworkSpans = new NetworkSpans();
  /** Of what an address may send, where other workers send from it too. */
  share = 1;

  constructor(
    options: ResolvedAdaptiveOptions['pacing'],
    searchOptions: ResolvedAdaptiveOptions['search'],
  ) {
    this.#options = options;
    this.#searchOptions = searchOptions;
    this.#search = new RateSearch(searchOptions);
    this.#roles = new Roles(searchOptions);
    this.#drift = new Drift(searchOptions);
    this.#leastRate = 1 / options.longestIntervalSecs;
  }

  /** Requests a second and address; `Infinity` while nothing is learnt. */
  get rate(): number {
    return this.#rate;
  }

  /** As read off the blocks; 0 while none is. */
  get limit(): number {
    return this.#search.limit;
  }

  /** No rate goes above it. */
  get ceiling(): number {
    return this.#ceiling;
  }

  /** Between two requests of the address of a pair; 0 while nothing is learnt. */
  intervalMs(role: number): number {
    return 1000 / (this.#rate * this.tempo(role) * this.share);
  }

  /**
   * A few go ahead of the others: if all went alike, a limit with a memory would shut out all of them at the same
   * moment, before anything could be learnt from the first.
   */
  tempo(role: number): number {
    if (this.#isSearching) {
      return role === EXPLORER || this.#isStalled ? 1 : this.#searchedShare;
    }
    return role === SCOUT ? 1 : 1 / this.#lead;
  }

  /** Scouts may have so many requests at once while nothing is learnt. */
  isOverrun(role: number, inFlight: number): boolean {
    return role === SCOUT && !this.#hasSignal && inFlight >= this.#searchOptions.scoutInFlight;
  }

  /** What an address of the network does that was let in, and did before; 0 for nothing yet. */
  roleOf(network: number, before: number, now: number): number {
    let role = before;
    if (role === 0) {
      role = this.#roles.of(network);
      if (role === SCOUT) this.#scoutsCount++;
    } else if (this.#isSearching && role !== EXPLORER) {
      if (this.#lacksExplorers(now)) this.#roles.recruit(network);
      role = this.#roles.of(network);
    }
    if (role === EXPLORER) this.#exploredAt = now;
    return role;
  }

  /** Those that were to explore are shut out. */
  #lacksExplorers(now: number): boolean {
    const patienceMs = Math.max(LEAST_PATIENCE_MS, (PATIENCE * 1000) / (this.#rate * this.share));
    return now - Math.max(this.#exploredAt, this.#cutAt) > patienceMs;
  }

  /** Whether an address that has sent so much is as good as new to a limit that forgives with time. */
  isForgiven(uses: number, ms: number): boolean {
    return this.#search.isOn && uses * 1000 <= FORGIVING * this.#search.safe * ms;
  }

  get #isSearching(): boolean {
    return this.#search.isOn && !this.#isFound;
  }

  /**
   * The share of the explorers' rate at which the others go. What a network sends is a mean of all its addresses, so that
   * large ones tell an allowance from a rate at a smaller distance.
   */
  get #searchedShare(): number {
    const { limitShare } = this.#searchOptions;
    const perNetwork = Math.max(1, this.activeCount / Math.max(1, this.#roles.count));
    const explorerLead = 1 + (this.#searchOptions.explorerLead - 1) / Math.sqrt(perNetwork);
    return Math.min(1, Math.max(1 / explorerLead, (limitShare * this.#search.safe) / this.#rate));
  }

  /** Blocks of so many scouts tell that blocks are about the pace; 0 when none is ahead any more. */
  get enoughScouts(): number {
    if (this.#hasSignal) return 0;
    const inUse = this.activeCount / this.#searchOptions.groups;
    return Math.ceil(SCOUTS_ENOUGH * Math.min(this.#scoutsCount, inUse));
  }

  isBound(now: number): boolean {
    return now <= this.#boundUntil;
  }

  /** Addresses in use. */
  get activeCount(): number {
    return this.#load.activeCount;
  }

  /** Mean load of an address, requests a second. */
  observed(now: number): number {
    return this.#load.observed(now);
  }

  /**
   * A request goes out.
   *
   * @param activeWindow the window in which its address was last counted
   * @returns the window in which it is counted now
   */
  noteAttempt(now: number, activeWindow: number): number {
    return this.#load.note(now, activeWindow);
  }

  /** A lease has to wait for no other reason than the pace, and will be tried again then. */
  noteBound(now: number, retryAt: number): void {
    const isNew = !this.isBound(now);
    this.#boundUntil = Math.max(
      this.#boundUntil,
      Math.min(retryAt, now + LOAD_WINDOW_MS) + BOUND_MS,
    );
    if (isNew || this.#rate < this.#ceiling) this.#ceilingAt = now;
    if (now - this.#ceilingAt < this.#options.ceilingDoublingSecs * 1000) return;
    this.#ceilingAt = now;
    this.#ceiling *= 2;
  }

  /**
   * The origin objects to the pace.
   *
   * @param sentAt when the request went out
   */
  signal(now: number, sentAt: number, objection: Objection): void {
    if (objection.kind === 'throttled') this.#hasThrottles = true;
    if (sentAt < this.#cutAt) return;
    const { ceilingFactor, firstCut, signalStep } = this.#options;
    if (this.#search.isOn && !this.#hasThrottles) return;
    if (
      !this.#hasSignal &&
      objection.kind === 'blocked' &&
      objection.isSticky &&
      this.#search.begin(now)
    ) {
      this.#hasSignal = true;
      this.#ceiling = Number.POSITIVE_INFINITY;
      this.#cut(now, this.#search.tried);
    } else if (!this.#hasSignal) {
      this.#hasSignal = true;
      // A ban may be about more than one address; a 429 is about the one that got it.
      const own = objection.kind === 'throttled' ? objection.ownRate : 0;
      const rate = Math.min(this.#rate, Math.max(own, this.observed(now)) / this.share);
      this.#rate = rate;
      this.#ceiling = ceilingFactor * rate;
      this.#cut(now, firstCut * rate);
    } else {
      this.#cut(now, this.#rate * Math.exp(-signalStep));
    }
  }

  /** The rate that several workers have learnt together, in place of this one's own; not while it reads the rate off blocks. */
  adopt(rate: number): void {
    if (this.#isSearching) return;
    if (!this.#hasSignal) {
      this.#hasSignal = true;
      this.#hasThrottles = true;
      this.#ceiling = this.#options.ceilingFactor * rate;
    }
    this.#ceiling = Math.max(this.#ceiling, rate);
    this.#set(rate);
  }

  /** So many addresses were shut out at once that the origin is as good as down. */
  fall(now: number): void {
    if (this.#search.isOn) return;
    const isOld = this.#quietCount < this.activeCount && now - this.#fellAt < FALLS_APART_MS;
    if (!this.#hasSignal || isOld) return;
    this.#fellAt = now;
    this.#cut(now, this.#rate * this.#options.firstCut);
  }

  /** An address of the network was let in. */
  notePassed(sending: Sending, network: number, now: number): void {
    if (this.#search.noteLetIn(sending.openedAt, network) && this.#isFound) this.#heed();
    if (!this.#isSearching) return;
    this.#search.notePassed(sending, now);
    if (this.#search.tried > this.#rate) this.#set(this.#search.tried);
  }

  /** It was shut out, unexpectedly. */
  noteBlocked(now: number, sending: Sending, network: number): void {
    if (this.#hasThrottles) return;
    const search = this.#search;
    const isKnown = search.isKnown(network, now);
    if (!isKnown && search.isOn && sending.openedAt < this.#cutAt) return;
    const isRead = search.noteBlocked(sending, network, now);
    if (!search.isOn) return;
    if (isKnown) {
      if (this.#isFound) this.#heed();
      return;
    }
    if (this.#isSearching && this.#search.tried < this.#rate) this.#cut(now, this.#search.tried);
    if (isRead) this.#conclude(now);
  }

  /** The next request of an address that was blocked was blocked, too. */
  noteStuck(block: BlockKey, now: number): void {
    if (!this.#hasThrottles && this.#search.noteStuck(block)) this.#conclude(now);
  }

  /** It was let in: the block had been chance. */
  noteChance(block: BlockKey, now: number): void {
    if (!this.#search.noteChance(block, now) || !this.#isFound) return;
    if (this.#search.limit > 0) {
      this.#heed();
      return;
    }
    this.#isFound = false;
    this.#cut(now, this.#search.tried);
  }

  /** Another reading came in. */
  #conclude(now: number): void {
    const { limit } = this.#search;
    if (limit === 0 || !(this.#isFound || this.#search.isOver(this.#roles.count))) return;
    this.#isFound = true;
    this.#heeded = limit;
    this.#cut(now, limit * this.#limitShare);
  }

  /** The more exactly the limit is known, the more of it is taken. */
  get #limitShare(): number {
    return 1 - Math.min(1 - this.#searchOptions.limitShare, this.#search.doubt / 4);
  }

  /** What was read has been read better since. */
  #heed(): void {
    const { limit } = this.#search;
    if (limit === 0 || limit === this.#heeded) return;
    this.#heeded = limit;
    this.#set(limit * this.#limitShare);
  }

  /** What a signal has cost: an address could not be used for so long. */
  notePrice(lostMs: number): void {
    const price = (this.#rate * lostMs) / 1000;
    if (!Number.isFinite(price)) return;
    this.#price = this.#price === 0 ? price : this.#price + PRICE_STEP * (price - this.#price);
  }

  succeed(now: number): void {
    if (this.#isSearching && now - this.#cutAt > STALLED_MS) this.#isStalled = true;
    if (!this.#hasSignal || this.#isSearching || !this.isBound(now)) return;
    this.#quietCount++;
    const factor = this.#isFound
      ? this.#drift.factor(now, now - this.#cutAt, this.#banCostMs(now) / this.#options.lossShare)
      : Math.exp(this.#growth());
    this.#set(this.#rate * factor);
  }

  /** The rate is read off the blocks. */
  get goesByBlocks(): boolean {
    return this.#search.isOn;
  }

  /** And has been read. */
  get isFound(): boolean {
    return this.#isFound;
  }

  /** Blocks are known to be about the pace. */
  get isSure(): boolean {
    return this.#isFound && this.#search.isSure;
  }

  /** Blocks that were taken for objections were none: back to no rate at all, or, where there were 429s, to this one. */
  restore(rate: number): void {
    if (this.#hasThrottles) {
      this.#ceiling = Math.max(this.#ceiling, rate);
      this.#set(rate);
      return;
    }
    this.#hasSignal = false;
    this.#isFound = false;
    this.#search.end();
    this.#ceiling = Number.POSITIVE_INFINITY;
    this.#rate = Number.POSITIVE_INFINITY;
  }

  /** So slow that signals cost no more than they may; hastier where many more have passed than should between two. */
  #growth(): number {
    const { signalStep, lossShare, minSignalShare, maxSignalShare, hasteAfter } = this.#options;
    const price = Math.max(1, this.#price);
    const share = Math.min(maxSignalShare, Math.max(minSignalShare, lossShare / price));
    const haste = 2 ** Math.min(MAX_HASTE, Math.floor((this.#quietCount * share) / hasteAfter));
    return Math.min(Math.LN2 / (DOUBLES_AFTER * this.activeCount), signalStep * share * haste);
  }

  /** All addresses together lose so much time by the ban of one network. */
  #banCostMs(now: number): number {
    const banMs = this.#price > 0 ? (this.#price * 1000) / this.#rate : now - this.#cutAt;
    return banMs / Math.max(1, this.#roles.count);
  }

  get #lead(): number {
    const { steadyLead } = this.#options;
    const { scoutLead, foundLead } = this.#searchOptions;
    if (!this.#hasSignal) return scoutLead;
    if (this.#isFound) return 1 + (foundLead - 1) * Math.min(1, this.#roles.count / MANY_NETWORKS);
    return 1 + (steadyLead - 1) * Math.min(1, this.#price / DEAR);
  }

  #cut(now: number, rate: number): void {
    // What is on its way keeps the distance it set out with.
    this.#cutAt = now + 1000 / this.#rate;
    this.#isStalled = false;
    this.#quietCount = 0;
    this.#set(rate);
  }

  #set(rate: number): void {
    this.#rate = Math.min(this.#ceiling, Math.max(this.#leastRate, rate));
  }
}
