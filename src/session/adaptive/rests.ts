import type { OutcomeKind } from '../outcome.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { Bans } from './bans.ts';
import type { DuePairs } from './due-pairs.ts';
import type { Origin } from './origin.ts';
import type { PairTable } from './pair-table.ts';
import type { Prediction } from './prediction.ts';
import type { ProxyBook } from './proxy-book.ts';
import { SCOUT } from './roles.ts';
import { Stickiness } from './stickiness.ts';
import type { Use } from './use.ts';

const MAX_IN_A_ROW = 255;
/** Failures that stick more rarely than this are chance, first of all. */
const RARE = 0.2;
/** What chance brings about so often is no surprise. */
const MUCH = 0.001;

/** An address that rests at an origin, as others found. */
export interface ToldRest {
  readonly kind: 'blocked' | 'throttled';
  /** When the last of so many refusals in a row came, and the first. */
  readonly at: number;
  readonly inRow: number;
  readonly firstAt: number;
  readonly until: number;
}

/** Who has to rest, as an address at one origin or as a proxy everywhere, and who need not any more. */
export class Rests {
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #prediction: Prediction;
  readonly #due: DuePairs;
  readonly #bans: Bans;
  /** Of failures of proxies that have answered before. */
  readonly #stickiness = new Stickiness();
  /** Of which the next request tells whether their failure sticks, by the proxies' serials. */
  readonly #toRetry = new Set<number>();
  readonly #throttlesCountMs: number;
  readonly #doubtMs: number;

  constructor(
    parts: { pairs: PairTable; proxies: ProxyBook; due: DuePairs; prediction: Prediction },
    options: ResolvedAdaptiveOptions['cooldown'],
  ) {
    this.#pairs = parts.pairs;
    this.#proxies = parts.proxies;
    this.#prediction = parts.prediction;
    this.#due = parts.due;
    this.#bans = new Bans(parts);
    this.#throttlesCountMs = options.throttlesCountSecs * 1000;
    this.#doubtMs = options.doubtSecs * 1000;
  }

  /** From here on the address is lost to the origin, until its next success. */
  noteLost(pair: number, now: number): void {
    if (this.#pairs.lostFrom.get(pair) === 0) this.#pairs.lostFrom.set(pair, now);
  }

  /** The address rests no more, if it did. */
  noteLetIn({ origin, pair, openedAt }: Use, now: number): void {
    const pairs = this.#pairs;
    const { cooldown, pacing, strikes } = origin;
    const lostFrom = pairs.lostFrom.get(pair);
    if (pairs.blocksInRow.get(pair) > 0) {
      cooldown.noteProbe(true, openedAt - lostFrom);
      this.#bans.noteReturn(pair, origin, openedAt, now);
      pairs.blocksInRow.set(pair, 0);
    }
    const isLongAgo = now - pairs.restsFrom.get(pair) > this.#throttlesCountMs;
    const isAfterRest = openedAt > pairs.restsFrom.get(pair);
    if (isLongAgo || (isAfterRest && strikes.noteLetIn(pairs.throttlesLately.get(pair))))
      pairs.throttlesLately.set(pair, 0);
    if (isLongAgo || cooldown.isTold || strikes.mostCounted(this.#findsOut(pair)) === 0)
      pairs.throttlesInRow.set(pair, 0);
    if (lostFrom === 0 || openedAt < lostFrom) return;
    pacing.notePrice(now - lostFrom);
    pairs.lostFrom.set(pair, 0);
  }

  /**
   * Several answers to requests that went out before the rest began are one event, unless each is a strike. Returns
   * until when the address rests, as the others do.
   */
  restThrottled(
    { origin, pair, openedAt }: Use,
    askedSecs: number | undefined,
    now: number,
  ): number {
    const retryAfterSecs = askedSecs ?? 0;
    const pairs = this.#pairs;
    const inRow = pairs.throttlesInRow.get(pair);
    const isSameEvent = inRow > 0 && openedAt <= pairs.restsFrom.get(pair);
    const lately = Math.min(MAX_IN_A_ROW, pairs.throttlesLately.get(pair) + 1);
    const most = origin.strikes.mostCounted(this.#findsOut(pair));
    const strikes = retryAfterSecs === 0 ? Math.min(lately, most) : 0;
    const isStrike = strikes > inRow;
    const step = isStrike ? strikes : Math.min(MAX_IN_A_ROW, inRow + 1);
    pairs.throttlesLately.set(pair, lately);
    if (isSameEvent && !isStrike)
      return this.#rest(pair, now + retryAfterSecs * 1000, now, isSameEvent);
    pairs.throttlesInRow.set(pair, step);
    const restMs = origin.cooldown.throttleMs(
      step,
      origin.pacing.intervalMs(pairs.role.get(pair)),
      retryAfterSecs,
    );
    return this.#rest(pair, now + restMs, now, isSameEvent);
  }

  /** What 429s are followed by; who was never let in has nothing to lose. */
  #findsOut(pair: number): boolean {
    const role = this.#pairs.role.get(pair);
    return role === SCOUT || role === 0;
  }

  /** `isNews` where the address was let in until now, and nothing is known of its network. */
  restBanned({ origin, pair, openedAt }: Use, isNews: boolean, now: number): number {
    const pairs = this.#pairs;
    const inRow = pairs.blocksInRow.get(pair);
    const isSameEvent = inRow > 0 && openedAt <= pairs.restsFrom.get(pair);
    if (isSameEvent) return pairs.restsUntil.get(pair);
    if (inRow > 0) origin.cooldown.noteProbe(false, openedAt - pairs.lostFrom.get(pair));
    const step = Math.min(MAX_IN_A_ROW, inRow + 1);
    pairs.blocksInRow.set(pair, step);
    if (now - pairs.restsFrom.get(pair) <= this.#throttlesCountMs)
      origin.strikes.noteBlocked(pairs.throttlesLately.get(pair));
    pairs.throttlesLately.set(pair, 0);
    const isStranger = pairs.good.get(pair) === 0 && origin.medianLatencyMs > 0;
    if (!isStranger) this.#bans.note(pair, origin);
    const restMs = origin.cooldown.banMs(
      step,
      origin.trial.stickiness,
      isStranger,
      openedAt - pairs.lostFrom.get(pair),
    );
    if (!isNews || !origin.trial.isInDoubt) return this.#rest(pair, now + restMs, now, false);
    // Whether it was chance is to be known soon, whatever the pace.
    pairs.pacedUntil.set(pair, now);
    pairs.dueAt.set(pair, pairs.restsUntil.get(pair));
    return this.#rest(pair, now + Math.min(this.#doubtMs, restMs), now, false);
  }

  /** Where blocks are about the pace, and a ban of the network is known. */
  isNeighbourBanned({ origin, pair }: Use, now: number): boolean {
    return origin.pacing.goesByBlocks && this.#bans.hasNeighbour(pair, origin, now);
  }

  /** As if the address had been refused here, so that the next refusal is no news; but nobody is judged by what others say. */
  restAsTold(pair: number, origin: Origin, told: ToldRest, now: number): void {
    const pairs = this.#pairs;
    const inRow = Math.min(MAX_IN_A_ROW, told.inRow);
    if (told.kind === 'throttled') {
      pairs.throttlesInRow.set(pair, Math.max(pairs.throttlesInRow.get(pair), inRow));
    } else {
      this.noteLost(pair, told.firstAt);
      pairs.blocksInRow.set(pair, Math.max(pairs.blocksInRow.get(pair), inRow));
      pairs.goodSinceBlock.set(pair, 0);
      pairs.spanUses.set(pair, 0);
      // Whoever was refused last finds out how long it lasts.
      this.#bans.forget(pair, origin);
    }
    // At first several requests are on their way, and belong to it; later on one goes ahead.
    const from = inRow > 1 ? told.at : now;
    pairs.restsFrom.set(pair, Math.max(pairs.restsFrom.get(pair), from));
    pairs.restsUntil.set(pair, Math.max(pairs.restsUntil.get(pair), told.until));
    pairs.dueAt.set(pair, Math.max(pairs.dueAt.get(pair), told.until));
    this.#due.update(pair, now);
  }

  /** Others were refused in spite of a rest. */
  noteRefusedElsewhere({ cooldown }: Origin, { kind, at, inRow, firstAt }: ToldRest): void {
    if (kind === 'blocked' && inRow > 1) cooldown.noteProbe(false, at - firstAt);
  }

  /** Others were let in, with what they sent at `sentAt`; `isOwnLoss` when the address was lost to this worker, too. */
  noteLetInElsewhere(
    pair: number,
    origin: Origin,
    { sentAt, isOwnLoss }: { sentAt: number; isOwnLoss: boolean },
    now: number,
  ): void {
    const pairs = this.#pairs;
    if (pairs.blocksInRow.get(pair) > 0) {
      const lostFrom = pairs.lostFrom.get(pair);
      origin.cooldown.noteProbe(true, sentAt - lostFrom);
      this.#bans.noteReturn(pair, origin, sentAt, now);
      if (isOwnLoss) origin.pacing.notePrice(now - lostFrom);
      pairs.lostFrom.set(pair, 0);
      pairs.blocksInRow.set(pair, 0);
    }
    this.endRest(pair, now, now);
  }

  /** No later than at `until`. */
  endRest(pair: number, until: number, now: number): void {
    const pairs = this.#pairs;
    if (until >= pairs.restsUntil.get(pair)) return;
    pairs.restsUntil.set(pair, until);
    pairs.dueAt.set(pair, Math.max(until, pairs.pacedUntil.get(pair)));
    this.#due.update(pair, now);
  }

  /**
   * A request goes out. Says whether it is the first one after a failure: the first to come back may have gone out
   * before it.
   */
  takesRetry(proxy: number): boolean {
    return this.#toRetry.delete(this.#proxies.serialOf(proxy));
  }

  /** Something has come back through the proxy. */
  noteProxyAnswered({ proxy, isRetry }: Use): void {
    const proxies = this.#proxies;
    if (isRetry) this.#stickiness.note(false);
    proxies.failuresInRow.set(proxy, 0);
  }

  restProxy({ origin, proxy, openedAt, isRetry }: Use, kind: OutcomeKind, now: number): number {
    const proxies = this.#proxies;
    if (proxies.isDirect(proxy)) return 0;
    const inRow = proxies.failuresInRow.get(proxy);
    if (inRow > 0 && openedAt <= proxies.restsFrom.get(proxy)) return proxies.restsUntil.get(proxy);
    const step = Math.min(MAX_IN_A_ROW, inRow + 1);
    proxies.failuresInRow.set(proxy, step);
    // While nobody answers at all, it is not the proxy.
    const isStranger = proxies.isAnyProven && proxies.isProven.get(proxy) === 0;
    const isProven = proxies.isProven.get(proxy) === 1;
    if (isRetry) this.#stickiness.note(true);
    if (isProven && inRow === 0) this.#toRetry.add(proxies.serialOf(proxy));
    proxies.restsFrom.set(proxy, now);
    // One that answered until now may have failed by chance.
    const restMs = origin.cooldown.proxyMs(step, now - openedAt, isStranger);
    const doubt = isProven ? this.#doubtOf(proxy, step, now) : 1;
    // Whoever was silent has to send one ahead in any case: all others would wait as long as that one.
    const leastMs = kind === 'timeout' ? 1 : 0;
    const until = now + Math.max(leastMs, restMs * doubt);
    proxies.restsUntil.set(proxy, until);
    return until;
  }

  #rest(pair: number, until: number, now: number, isSameEvent: boolean): number {
    const pairs = this.#pairs;
    const restsUntil = Math.max(pairs.restsUntil.get(pair), until);
    pairs.restsUntil.set(pair, restsUntil);
    if (!isSameEvent) pairs.restsFrom.set(pair, now);
    pairs.dueAt.set(pair, Math.max(pairs.dueAt.get(pair), restsUntil));
    return restsUntil;
  }

  /** A proxy that often works and fails at times fails again now and then. */
  #doubtOf(proxy: number, failuresInRow: number, now: number): number {
    const { share } = this.#stickiness;
    const odds = this.#prediction.proxyOdds(proxy, now);
    const failureShare = odds / (1 + odds);
    const isChance = failureShare ** (failuresInRow - 1) > MUCH;
    // It fails so often anyway: what is above that sticks.
    const stuckShare = (share - failureShare) / (1 - failureShare);
    if (isChance && stuckShare < RARE) return 0;
    return failuresInRow === 1 ? share : 1;
  }
}
