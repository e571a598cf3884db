import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { FleetWord, type FleetWordNews } from './fleet-word.ts';
import { RollingCount } from './rolling-count.ts';

/** `given up`: it has been open too long, and failures count as everywhere until something succeeds. */
export type BreakerState = 'closed' | 'open' | 'ramping' | 'given up';

/** A change of state. */
export interface BreakerEvent {
  readonly at: Date;
  readonly state: BreakerState;
  readonly score: number;
}

const THROUGHPUT_WINDOW_MS = 30_000;
const MAX_EVENTS = 32;

/**
 * Whether an origin is down. A CUSUM (Page, "Continuous inspection schemes", 1954) of the log-likelihood that nearly
 * everything fails against what was predicted of each use: failures where success was likely raise the score,
 * successes lower it, and it never falls below 0. Once it is over the threshold the origin is probed gently until it
 * answers; then it gets its load back step by step.
 */
export class Breaker {
  readonly #options: ResolvedAdaptiveOptions['breaker'];
  readonly #results = new RollingCount(THROUGHPUT_WINDOW_MS);
  readonly #failing = new Set<number>();
  readonly #events: BreakerEvent[] = [];
  #state: BreakerState = 'closed';
  #score = 0;
  /** When the first of the requests went out that have raised the score since it was 0. */
  #suspectedFrom = 0;
  #probeSecs = 0;
  #nextProbeAt = 0;
  #goodProbes = 0;
  #inFlightBefore = 0;
  #rampTo = 0;
  #openedAt = 0;
  /** Failures of its own have opened it, rather than the word of others. */
  #isOwn = false;
  #lastGoodSentAt = Number.NEGATIVE_INFINITY;
  readonly #fleet = new FleetWord();
  readonly #onChange: (event: BreakerEvent) => void;

  constructor(
    options: ResolvedAdaptiveOptions['breaker'],
    onChange: (event: BreakerEvent) => void = () => {},
  ) {
    this.#options = options;
    this.#onChange = onChange;
  }

  get state(): BreakerState {
    return this.#state;
  }

  get score(): number {
    return this.#score;
  }

  /** A failure may be one of those by which it is found to be down. */
  get isWatching(): boolean {
    return this.#state === 'closed' || this.#state === 'ramping';
  }

  /** When it may be probed again; only while open. */
  get nextProbeAt(): number {
    return this.#nextProbeAt;
  }

  /** When failures of its own have opened it; `undefined` while it is not open, or by the word of others. */
  get foundDownAt(): number | undefined {
    return this.#state === 'open' && this.#isOwn ? this.#openedAt : undefined;
  }

  /** When the last request went out that was answered well; `-Infinity` for none. */
  get lastGoodSentAt(): number {
    return this.#lastGoodSentAt;
  }

  /** Leases wait for the origin to answer again. */
  isWaitedFor(now: number): boolean {
    return this.#state === 'open' && this.#fleet.isAsked(now);
  }

  /** The last changes of state, oldest first. */
  get events(): readonly BreakerEvent[] {
    return this.#events;
  }

  /** 0 when a request may go out now, else when to ask again: `Infinity` when one in flight must come back first. */
  refusesUntil(now: number, inFlight: number): number {
    if (this.#state === 'closed' || this.#state === 'given up') return 0;
    if (this.#state === 'open') {
      const ownAt = now >= this.#nextProbeAt ? 0 : this.#nextProbeAt;
      return this.#fleet.refusesUntil(now, ownAt, this.#goodProbes > 0);
    }
    return inFlight < this.#rampTo ? 0 : Number.POSITIVE_INFINITY;
  }

  /** A request goes out. Says whether it is a probe. */
  noteAttempt(now: number): boolean {
    if (this.#state !== 'open') return false;
    this.#nextProbeAt = now + this.#probeSecs * 1000;
    this.#fleet.noteProbe();
    return true;
  }

  /**
   * What all workers of the pool say of it. One that others have found to be down opens here, too, and closes with
   * theirs; one that was found down here asks at once when it answers others. Says whether it opens by it.
   */
  hear(news: FleetWordNews, now: number, inFlight: number): boolean {
    const isEnd = this.#fleet.hear(news);
    if (isEnd && this.#state === 'open') {
      if (this.#isOwn) this.#expectAnswer(now);
      else this.#close(now);
    }
    if (!this.#fleet.isDown) return false;
    if (this.isWatching) {
      this.#open(now, inFlight, false);
      return true;
    }
    const isLong = now - this.#openedAt >= this.#options.maxOpenSecs * 1000;
    if (isLong && this.isWaitedFor(now)) this.#giveUp(now);
    return false;
  }

  /**
   * A success of a request sent while it was not open. One that went out no earlier than those that failed says as much
   * as a probe.
   */
  noteGood(now: number, predicted: number, sentAt: number): void {
    if (this.#state === 'open') {
      if (sentAt >= this.#suspectedFrom) this.noteProbe(now, true, sentAt);
      return;
    }
    this.#lastGoodSentAt = Math.max(this.#lastGoodSentAt, sentAt);
    this.#results.add(now);
    if (this.#state === 'ramping') this.#ramp(now);
    if (this.#state === 'given up') this.#enter('closed', now);
    if (this.#score === 0) return;
    const { clamp } = this.#options;
    this.#score = Math.max(0, this.#score + Math.log(clamp / this.#clamped(predicted)));
    // Those that failed have not been shown to work by what went out before.
    if (this.#score === 0 && sentAt >= this.#suspectedFrom) this.#failing.clear();
  }

  /**
   * A failure of a request sent while it was not open, of which so much is the origin's. Says whether it opens by it.
   */
  noteBad(
    now: number,
    weight: number,
    predicted: number,
    proxy: { readonly serial: number; readonly inAll: number },
    load: { readonly inFlight: number; readonly sentAt: number },
  ): boolean {
    if (this.#state === 'open' || this.#state === 'given up') return false;
    if (this.#score === 0) this.#suspectedFrom = load.sentAt;
    this.#results.add(now);
    const { clamp, threshold, minProxies } = this.#options;
    this.#score += weight * Math.log((1 - clamp) / (1 - this.#clamped(predicted)));
    if (this.#failing.size < minProxies) this.#failing.add(proxy.serial);
    const isWidespread = this.#failing.size >= Math.min(minProxies, Math.max(1, proxy.inAll));
    if (this.#score <= threshold || !isWidespread) return false;
    this.#open(now, load.inFlight, true);
    return true;
  }

  /** A probe has come back. */
  noteProbe(now: number, isGood: boolean, sentAt: number = now): void {
    if (this.#state !== 'open') return;
    const { minProbeSecs, maxProbeSecs, closeAfter } = this.#options;
    if (!isGood) {
      this.#goodProbes = 0;
      this.#probeSecs = Math.min(maxProbeSecs, this.#probeSecs * 2);
      if (now - this.#openedAt >= this.#options.maxOpenSecs * 1000) this.#giveUp(now);
      return;
    }
    this.#goodProbes++;
    this.#lastGoodSentAt = Math.max(this.#lastGoodSentAt, sentAt);
    this.#probeSecs = minProbeSecs;
    this.#nextProbeAt = Math.min(this.#nextProbeAt, now + minProbeSecs * 1000);
    if (this.#goodProbes >= closeAfter) this.#close(now);
  }

  #open(now: number, inFlight: number, isOwn: boolean): void {
    const { probeShare, minProbeSecs, maxProbeSecs } = this.#options;
    const perSec = this.#results.count(now) / (THROUGHPUT_WINDOW_MS / 1000);
    this.#probeSecs = Math.min(maxProbeSecs, Math.max(minProbeSecs, 1 / (probeShare * perSec)));
    this.#nextProbeAt = now + this.#probeSecs * 1000;
    this.#goodProbes = 0;
    this.#inFlightBefore = Math.max(inFlight, this.#inFlightBefore);
    this.#failing.clear();
    this.#openedAt = now;
    this.#isOwn = isOwn;
    if (!isOwn) this.#suspectedFrom = now;
    this.#enter('open', now);
  }

  /** It answers others; one answer of its own is enough. */
  #expectAnswer(now: number): void {
    this.#goodProbes = Math.max(this.#goodProbes, this.#options.closeAfter - 1);
    this.#probeSecs = this.#options.minProbeSecs;
    this.#nextProbeAt = now;
  }

  #giveUp(now: number): void {
    this.#score = 0;
    this.#inFlightBefore = 0;
    this.#enter('given up', now);
  }

  #close(now: number): void {
    this.#score = 0;
    this.#rampTo = Math.max(1, Math.ceil(this.#options.rampFrom / this.#fleet.handsCount));
    this.#enter('ramping', now);
  }

  #clamped(predicted: number): number {
    const { clamp } = this.#options;
    return Math.min(1 - clamp, Math.max(clamp, predicted));
  }

  #ramp(now: number): void {
    this.#rampTo++;
    if (this.#rampTo < this.#inFlightBefore) return;
    this.#inFlightBefore = 0;
    this.#enter('closed', now);
  }

  #enter(state: BreakerState, now: number): void {
    this.#state = state;
    const event = { at: new Date(now), state, score: this.#score };
    this.#events.push(event);
    this.#onChange(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }
}
