import type { Excuse, Outcome } from '../outcome.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { Bans } from './bans.ts';
import { type Blame, blameOf, isSoftBlock, type Odds } from './blame.ts';
import { decayed } from './decay.ts';
import type { DuePairs } from './due-pairs.ts';
import { FailedUrls } from './failed-urls.ts';
import { Latencies } from './latencies.ts';
import type { Origin } from './origin.ts';
import type { PairTable } from './pair-table.ts';
import type { Poison } from './poison.ts';
import type { Prediction } from './prediction.ts';
import type { ProxyBook } from './proxy-book.ts';
import { FOLLOWER, SCOUT } from './roles.ts';
import { Stickiness } from './stickiness.ts';
import type { Use } from './use.ts';

const MAX_IN_A_ROW = 255;
/** As much as a column holds. */
const MAX_GOOD = 65_535;
/** Whoever bears more of the blame than this bears the rest, too. */
const MOST = 0.5;
/** Failures that stick more rarely than this are chance, first of all. */
const RARE = 0.2;
/** What chance brings about so often is no surprise. */
const MUCH = 0.001;
/** Over the median. */
const SLOW = 2.5;
/** How soon an address answers is known after so many answers. */
const LEAST_ANSWERS = 4;
/** A rate is not measured over less. */
const SHORTEST_MEASURE_MS = 10_000;

/** Turns what a use came to into what is believed of its address, its proxy and its origin. */
export class Judge {
  readonly #options: ResolvedAdaptiveOptions;
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #due: DuePairs;
  readonly #prediction: Prediction;
  readonly #poison: Poison;
  readonly #latencies: Latencies;
  /** Of failures of proxies that have answered before. */
  readonly #stickiness = new Stickiness();
  readonly #failedUrls = new FailedUrls();
  readonly #bans: Bans;
  readonly #throttlesCountMs: number;

  constructor(
    parts: {
      pairs: PairTable;
      proxies: ProxyBook;
      due: DuePairs;
      prediction: Prediction;
      poison: Poison;
    },
    options: ResolvedAdaptiveOptions,
  ) {
    this.#options = options;
    this.#pairs = parts.pairs;
    this.#proxies = parts.proxies;
    this.#due = parts.due;
    this.#prediction = parts.prediction;
    this.#poison = parts.poison;
    this.#bans = new Bans(parts);
    this.#throttlesCountMs = options.cooldown.throttlesCountSecs * 1000;
    this.#latencies = new Latencies(parts.pairs, options.pick);
  }

  /** Says whether the session is excused for what happened. */
  judge(use: Use, outcome: Outcome, now: number): Excuse {
    const { origin, pair } = use;
    const { breaker, pacing } = origin;
    const meanBefore = origin.mean;
    const rateBefore = pacing.rate;
    const scoreBefore = breaker.score;
    const blame = blameOf(outcome, () => this.#oddsOf(use, now), this.#options.evidence);
    const isAmidOutage = breaker.state === 'open';
    if (use.isProbe && weightIn(blame) > 0) {
      breaker.noteProbe(now, blame.originGood > 0, use.openedAt);
    }
    // What fails on an origin that is down tells nothing about who asked.
    const isMeaningless = isAmidOutage && weightIn(blame) > 0 && blame.originGood === 0;
    // A ban that goes on is no news of the origin.
    const isKnownBan =
      outcome.kind === 'blocked' &&
      (this.#pairs.blocksInRow.get(pair) > 0 || this.#isNeighbourBanned(use, now));
    const isSpared = this.#isSpared(use, outcome);
    const isUnheard = isMeaningless || isSpared;
    let restsUntil = 0;
    if (!isUnheard) {
      this.#learn(use, blame, outcome, now);
      restsUntil = this.#react(use, blame, outcome, now);
      if (!isKnownBan) this.#watch(use, blame, outcome, now);
    }
    const excuse = this.#excuse(use, outcome, isMeaningless || isOpenFor(origin, blame), now);
    use.moves = {
      at: now,
      kind: outcome.kind,
      pairGood: isUnheard ? 0 : blame.pairGood,
      pairBad: isUnheard ? 0 : blame.pairBad,
      proxyGood: isUnheard ? 0 : blame.proxyGood,
      proxyBad: isUnheard ? 0 : blame.proxyBad,
      meanBefore,
      meanAfter: origin.mean,
      rateBefore,
      rateAfter: pacing.rate,
      scoreBefore,
      scoreAfter: breaker.score,
      restsUntil,
      excuse,
    };
    if (pair !== -1) this.#due.update(pair, now);
    return excuse;
  }

  /** A URL that others are blocked on may be to blame; the address is, too, when its next request is blocked as well. */
  #isSpared(use: Use, outcome: Outcome): boolean {
    const { pair, url, slot, generation, predicted } = use;
    const wasSpared = this.#pairs.isSpared.get(pair) === 1;
    const isSpared =
      outcome.kind === 'blocked' &&
      !wasSpared &&
      url !== undefined &&
      this.#pairs.blocksInRow.get(pair) === 0 &&
      this.#poison.isHealthy(predicted) &&
      this.#poison.isSuspected(url, slot, generation);
    if (isSpared !== wasSpared) this.#pairs.isSpared.set(pair, isSpared ? 1 : 0);
    return isSpared;
  }

  #oddsOf({ proxy, origin }: Use, now: number): Odds {
    return { proxy: this.#prediction.proxyOdds(proxy, now), origin: origin.odds };
  }

  #learn(use: Use, blame: Blame, outcome: Outcome, now: number): void {
    const { pair, proxy, origin } = use;
    if (blame.pairGood + blame.pairBad > 0) {
      if (this.#pairs.evidenceAt.get(pair) === 0) {
        origin.learnNewcomer(blame.pairGood, blame.pairBad);
      }
      this.#prediction.learnPair(pair, blame.pairGood, blame.pairBad, now);
    }
    if (blame.proxyGood + blame.proxyBad > 0) {
      this.#prediction.learnProxy(proxy, blame.proxyGood, blame.proxyBad, now);
    }
    origin.learn(blame.originGood, blame.originBad);
    const { latencyMs } = outcome;
    // Refusals come fast; a timeout is known to be slow.
    if (latencyMs === undefined || (outcome.kind !== 'ok' && outcome.kind !== 'timeout')) return;
    if (outcome.kind === 'ok') origin.learnLatency(latencyMs, this.#pairs.uses.get(pair));
    this.#latencies.learn(pair, origin, latencyMs);
  }

  /** Paces the origin, and puts to rest who needs it. Returns until when, 0 for no rest. */
  #react(use: Use, blame: Blame, outcome: Outcome, now: number): number {
    const { origin, pair, proxy, openedAt } = use;
    const { pacing, trial, lane } = origin;
    const pairs = this.#pairs;
    if (blame.proxyGood > 0) {
      if (
        this.#proxies.failuresInRow.get(proxy) === 1 &&
        openedAt >= this.#proxies.restsFrom.get(proxy)
      )
        this.#stickiness.note(false);
      this.#proxies.failuresInRow.set(proxy, 0);
    }
    if (outcome.kind === 'throttled') {
      this.#noteLost(pair, now);
      pacing.signal(now, use.openedAt, {
        kind: 'throttled',
        ownRate: Math.max(this.#rateOf(pair, now), origin.lane.rateOf(pair, now)),
      });
      return this.#restThrottled(use, outcome.retryAfterSecs, now);
    }
    if (outcome.kind === 'blocked') {
      const goodBefore = pairs.goodSinceBlock.get(pair);
      lane.noteBlocked(use, trial.stickiness, now);
      this.#noteRetry(use, 'blocked');
      const isExplained = lane.keepsLimit(pacing.activeCount) && !Number.isFinite(pacing.rate);
      const isSurprise = !isExplained && isSurprising(use, goodBefore, this.#options.trial);
      const isNews = isSurprise && !this.#isNeighbourBanned(use, now);
      if (isSurprise) pairs.isRetry.set(pair, 1);
      pairs.goodSinceBlock.set(pair, 0);
      if (!isSoftBlock(outcome)) pairs.spanUses.set(pair, 0);
      if (isSurprise && !isSoftBlock(outcome))
        pacing.noteBlocked(now, use.span, use.openedAt, this.#proxies.networkOf(proxy));
      this.#noteLost(pair, now);
      trial.noteBlock(
        now,
        {
          sentAt: use.openedAt,
          isSurprise: isNews,
          isScout: pairs.role.get(pair) === SCOUT && !isSoftBlock(outcome),
        },
        pacing,
      );
      return isSoftBlock(outcome) ? 0 : this.#restBanned(use, now);
    }
    if (blame.proxyBad > MOST) return this.#restProxy(use, now);
    if (outcome.kind !== 'ok') return 0;
    this.#noteRetry(use, 'ok');
    this.#noteLetIn(use, now);
    const before = pairs.role.get(pair);
    const role = this.#isSlow(use)
      ? before || FOLLOWER
      : pacing.roleOf(this.#proxies.networkOf(proxy), before, now);
    if (role !== before) {
      pairs.role.set(pair, role);
      // Whoever went slowly is forgiven by now.
      if (before !== 0) pairs.spanUses.set(pair, 0);
    }
    pairs.goodSinceBlock.set(pair, Math.min(MAX_GOOD, pairs.goodSinceBlock.get(pair) + 1));
    trial.noteGood(now, pacing);
    this.#noteSpeed(use, now);
    pacing.notePassed(use.span);
    pacing.succeed(now);
    return 0;
  }

  /** The address rests no more, if it did. */
  #noteLetIn({ origin, pair, openedAt }: Use, now: number): void {
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
    if (isLongAgo || cooldown.isTold || strikes.mostCounted(pairs.role.get(pair) === SCOUT) === 0)
      pairs.throttlesInRow.set(pair, 0);
    if (lostFrom === 0 || openedAt < lostFrom) return;
    pacing.notePrice(now - lostFrom);
    pairs.lostFrom.set(pair, 0);
  }

  /** Whoever answers late is not to be used more than others for their sake. */
  #isSlow({ pair, origin }: Use): boolean {
    const latencyMs = this.#pairs.latencyMs.get(pair);
    return latencyMs > SLOW * origin.medianLatencyMs;
  }

  #noteSpeed({ origin, pair, proxy, predicted, openedAt }: Use, now: number): void {
    const latencyMs = this.#pairs.latencyMs.get(pair);
    if (latencyMs === 0) return;
    const who = { pair, proxy, proxySerial: this.#proxies.serialOf(proxy), openedAt };
    const isSure = this.#pairs.latencyCount.get(pair) >= LEAST_ANSWERS;
    const usualMs = isSure ? origin.usualLatencyMs : 0;
    origin.lane.noteGood(who, latencyMs / predicted ** 2, usualMs, now);
  }

  /** The first result of a request that was sent after a block tells whether the block sticks. */
  #noteRetry({ origin, pair, openedAt }: Use, kind: 'ok' | 'blocked'): void {
    const pairs = this.#pairs;
    if (pairs.isRetry.get(pair) === 0 || openedAt < pairs.lostFrom.get(pair)) return;
    pairs.isRetry.set(pair, 0);
    // Whoever is let in much later may have been banned in between.
    const isSoon =
      openedAt - pairs.lostFrom.get(pair) <= this.#options.trial.retryWithinSecs * 1000;
    if (kind === 'ok' && !isSoon) return;
    origin.trial.noteRetry(kind === 'blocked', origin.pacing);
  }

  /** From here on the address is lost to the origin, until its next success. */
  #noteLost(pair: number, now: number): void {
    if (this.#pairs.lostFrom.get(pair) === 0) this.#pairs.lostFrom.set(pair, now);
  }

  /** Requests a second of late. */
  #rateOf(pair: number, now: number): number {
    const pairs = this.#pairs;
    const halfLifeMs = this.#options.pick.useHalfLifeSecs * 1000;
    const uses = pairs.uses.get(pair) * decayed(now - pairs.usedAt.get(pair), halfLifeMs);
    const sinceMs = Math.max(SHORTEST_MEASURE_MS, now - pairs.firstUsedSecs.get(pair) * 1000);
    const windowMs = (halfLifeMs / Math.LN2) * (1 - decayed(sinceMs, halfLifeMs));
    return (uses * 1000) / windowMs;
  }

  /** Several answers to requests that went out before the rest began are one event. */
  #restThrottled(
    { origin, pair, openedAt }: Use,
    askedSecs: number | undefined,
    now: number,
  ): number {
    const retryAfterSecs = askedSecs ?? 0;
    const pairs = this.#pairs;
    const inRow = pairs.throttlesInRow.get(pair);
    const isSameEvent = inRow > 0 && openedAt <= pairs.restsFrom.get(pair);
    const lately = Math.min(MAX_IN_A_ROW, pairs.throttlesLately.get(pair) + 1);
    const isScout = pairs.role.get(pair) === SCOUT;
    const strikes =
      retryAfterSecs === 0 ? Math.min(lately, origin.strikes.mostCounted(isScout)) : 0;
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

  #restBanned({ origin, pair, openedAt }: Use, now: number): number {
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
    return this.#rest(pair, now + restMs, now, false);
  }

  /** Where blocks are about the pace, and a ban of the network is known. */
  #isNeighbourBanned({ origin, pair }: Use, now: number): boolean {
    return origin.pacing.isSearch && this.#bans.hasNeighbour(pair, origin, now);
  }

  #rest(pair: number, until: number, now: number, isSameEvent: boolean): number {
    const pairs = this.#pairs;
    const restsUntil = Math.max(pairs.restsUntil.get(pair), until);
    pairs.restsUntil.set(pair, restsUntil);
    if (!isSameEvent) pairs.restsFrom.set(pair, now);
    pairs.dueAt.set(pair, Math.max(pairs.dueAt.get(pair), restsUntil));
    return restsUntil;
  }

  #restProxy({ origin, proxy, openedAt }: Use, now: number): number {
    const proxies = this.#proxies;
    if (proxies.isDirect(proxy)) return 0;
    const inRow = proxies.failuresInRow.get(proxy);
    if (inRow > 0 && openedAt <= proxies.restsFrom.get(proxy)) return proxies.restsUntil.get(proxy);
    const step = Math.min(MAX_IN_A_ROW, inRow + 1);
    proxies.failuresInRow.set(proxy, step);
    // While nobody answers at all, it is not the proxy.
    const isStranger = proxies.isAnyProven && proxies.isProven.get(proxy) === 0;
    const isProven = proxies.isProven.get(proxy) === 1;
    if (isProven && inRow === 1) this.#stickiness.note(true);
    proxies.restsFrom.set(proxy, now);
    // One that answered until now may have failed by chance.
    const restMs = origin.cooldown.proxyMs(step, now - openedAt, isStranger);
    const until = now + (isProven ? restMs * this.#doubtOf(proxy, step, now) : restMs);
    proxies.restsUntil.set(proxy, until);
    return until;
  }

  /** A proxy that often works and fails at times fails again now and then. */
  #doubtOf(proxy: number, failuresInRow: number, now: number): number {
    const { share } = this.#stickiness;
    const odds = this.#prediction.proxyOdds(proxy, now);
    const isChance = (odds / (1 + odds)) ** (failuresInRow - 1) > MUCH;
    if (isChance && share < RARE) return 0;
    return failuresInRow === 1 ? share : 1;
  }

  #watch(use: Use, blame: Blame, outcome: Outcome, now: number): void {
    const { origin, proxy, predicted, isProbe, url, openedAt } = use;
    const weight =
      weightIn(blame) * (isErrorPage(outcome) ? this.#options.breaker.errorPageWeight : 1);
    const isGood = blame.originGood > 0;
    if (isGood && url !== undefined) this.#failedUrls.clear(url);
    if (weight === 0 || isProbe) return;
    const { breaker, pacing } = origin;
    if (isGood) {
      breaker.noteGood(now, predicted, openedAt);
      return;
    }
    // What is blocked goes out again at once as somebody else; `poison.ts` deals with its URL.
    const canBeBroken = outcome.kind !== 'blocked' && url !== undefined;
    if (canBeBroken && this.#failedUrls.note(url)) return;
    const who = { serial: this.#proxies.serialOf(proxy), inAll: this.#proxies.liveCount };
    const load = { inFlight: origin.inFlight, sentAt: openedAt };
    const isFound = breaker.noteBad(now, weight, predicted, who, load);
    if (isFound && blame.pairBad > 0) pacing.fall(now);
  }

  #excuse(use: Use, outcome: Outcome, isOriginDown: boolean, now: number): Excuse {
    if (isOriginDown) return 'origin';
    if (outcome.kind !== 'blocked' || use.url === undefined) return 'none';
    if (this.#poison.isBlamed(use.url)) return 'url';
    if (!this.#poison.isHealthy(use.predicted)) return 'none';
    return this.#poison.noteBlocked(use.url, use.slot, use.generation, use.predicted, now)
      ? 'url'
      : 'none';
  }
}

/** An address that was let in time and again, and that is shut out now. */
function isSurprising(
  { predicted }: Use,
  goodBefore: number,
  options: ResolvedAdaptiveOptions['trial'],
): boolean {
  return goodBefore >= options.minGoodBefore && predicted >= options.minPredicted;
}

function isErrorPage({ kind, status }: Outcome): boolean {
  return kind === 'target' && status !== undefined;
}

/** How much of a result speaks about the origin; nothing where the proxy failed or the pace was too high. */
function weightIn(blame: Blame): number {
  return blame.originGood + blame.originBad;
}

/** It has just been found to be down, by this failure. */
function isOpenFor({ breaker }: Origin, blame: Blame): boolean {
  return breaker.state === 'open' && blame.originBad > 0;
}
