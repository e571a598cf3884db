import type { Excuse, Outcome } from '../outcome.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
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
import { Rests } from './rests.ts';
import { FOLLOWER, SCOUT } from './roles.ts';
import type { Use } from './use.ts';

/** As much as a column holds. */
const MAX_GOOD = 65_535;
/** Whoever bears more of the blame than this bears the rest, too. */
const MOST = 0.5;
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
  readonly #failedUrls = new FailedUrls();
  readonly #rests: Rests;

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
    this.#rests = new Rests(parts, options.cooldown);
    this.#latencies = new Latencies(parts.pairs, options.pick);
  }

  get rests(): Rests {
    return this.#rests;
  }

  /** A request goes out. Says whether it is the first one after a failure of its proxy. */
  isRetry(proxy: number): boolean {
    return this.#rests.takesRetry(proxy);
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
      (this.#pairs.blocksInRow.get(pair) > 0 || this.#rests.isNeighbourBanned(use, now));
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
    const { origin, pair, proxy } = use;
    const { pacing, trial, lane } = origin;
    const pairs = this.#pairs;
    if (blame.proxyGood > 0) this.#rests.noteProxyAnswered(use);
    if (outcome.kind === 'throttled') {
      this.#rests.noteLost(pair, now);
      pacing.signal(now, use.openedAt, {
        kind: 'throttled',
        ownRate: Math.max(this.#rateOf(pair, now), origin.lane.rateOf(pair, now)),
      });
      return this.#rests.restThrottled(use, outcome.retryAfterSecs, now);
    }
    if (outcome.kind === 'blocked') {
      const goodBefore = pairs.goodSinceBlock.get(pair);
      lane.noteBlocked(use, trial.stickiness, now);
      this.#noteRetry(use, 'blocked', now);
      const isExplained =
        !Number.isFinite(pacing.rate) && lane.keepsLimit(pacing.activeCount, pacing.observed(now));
      const isSurprise = !isExplained && isSurprising(use, goodBefore, this.#options.trial);
      const isNews = isSurprise && !this.#rests.isNeighbourBanned(use, now);
      if (isSurprise) pairs.isRetry.set(pair, 1);
      pairs.goodSinceBlock.set(pair, 0);
      if (!isSoftBlock(outcome)) {
        // The first one may be chance.
        if (goodBefore === 0) pairs.spanUses.set(pair, 0);
        pacing.networkSpans.noteBlocked(this.#proxies.networkOf(proxy));
      }
      if (isSurprise && !isSoftBlock(outcome))
        pacing.noteBlocked(now, use, this.#proxies.networkOf(proxy));
      this.#rests.noteLost(pair, now);
      trial.noteBlock(
        now,
        {
          sentAt: use.openedAt,
          isSurprise: isNews,
          isScout: pairs.role.get(pair) === SCOUT && !isSoftBlock(outcome) && !lane.isLeader(pair),
          isFast: lane.has(pair),
        },
        pacing,
      );
      return isSoftBlock(outcome) ? 0 : this.#rests.restBanned(use, isNews, now);
    }
    if (blame.proxyBad > MOST) return this.#rests.restProxy(use, outcome.kind, now);
    if (outcome.kind !== 'ok') return 0;
    this.#noteRetry(use, 'ok', now);
    this.#rests.noteLetIn(use, now);
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
    pacing.networkSpans.noteLetIn(this.#proxies.networkOf(proxy));
    pacing.notePassed(use, this.#proxies.networkOf(proxy), now);
    pacing.succeed(now);
    return 0;
  }

  /** Whoever answers late is not to be used more than others for their sake. */
  #isSlow({ pair, origin }: Use): boolean {
    const latencyMs = this.#pairs.latencyMs.get(pair);
    return origin.medianLatencyMs > 0 && latencyMs > SLOW * origin.medianLatencyMs;
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
  #noteRetry({ origin, pair, proxy, openedAt }: Use, kind: 'ok' | 'blocked', now: number): void {
    const pairs = this.#pairs;
    if (pairs.isRetry.get(pair) === 0 || openedAt < pairs.lostFrom.get(pair)) return;
    pairs.isRetry.set(pair, 0);
    // Whoever is let in much later may have been banned in between.
    const isSoon =
      openedAt - pairs.lostFrom.get(pair) <= this.#options.trial.retryWithinSecs * 1000;
    if (kind === 'ok' && !isSoon) {
      pairs.spanUses.set(pair, 0);
      return;
    }
    const { pacing, trial } = origin;
    const block = { network: this.#proxies.networkOf(proxy), at: pairs.lostFrom.get(pair) };
    if (kind === 'ok') pacing.noteChance(block, now);
    else pacing.noteStuck(block, now);
    trial.noteRetry(now, kind === 'blocked', pacing);
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
