import type { OriginNews, OriginReport, ProbeTerms } from '../../storage/session-hands.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { FleetUrls } from './fleet-urls.ts';
import type { Origin } from './origin.ts';
import type { OriginBook } from './origin-book.ts';

/** Often enough for a pace, and not with every sync of many. */
const REPORT_EACH_MS = 900;
/** Origins in one report, those used last first. */
const MOST_ORIGINS = 100;
/** However little a worker has sent so far, it may begin with such a part of an equal share. */
const LEAST_PART = 0.5;

/** What was told and heard of one origin. */
interface Exchange {
  /** The rate as of the last report. */
  rate: number;
  good: number;
  bad: number;
  /** What the fleet had heard by then. */
  fleetGood: number;
  fleetBad: number;
  /** When the last request went out that was told to have been answered well. */
  toldUpAt: number;
  /** When it was found to be down, as sent, and as the store has it. */
  sentDownAt: number;
  toldDownAt: number;
}

/**
 * What workers tell each other of origins, so that together they keep one learnt rate and find one that is down once:
 * each tells by how much it would change the rate, takes over what the changes of all come to, and sends its share of
 * it.
 */
export class FleetEvidence {
  readonly #origins: OriginBook;
  readonly #probeTerms: ProbeTerms;
  readonly #urls: FleetUrls;
  readonly #onDown: (origin: Origin, now: number) => void;
  readonly #exchanges = new WeakMap<Origin, Exchange>();
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(
    origins: OriginBook,
    breaker: ResolvedAdaptiveOptions['breaker'],
    parts: {
      readonly urls: FleetUrls;
      /** Others have found it to be down. */
      readonly onDown: (origin: Origin, now: number) => void;
    },
  ) {
    this.#origins = origins;
    this.#probeTerms = {
      leastMs: breaker.minProbeSecs * 1000,
      mostMs: breaker.maxProbeSecs * 1000,
    };
    this.#urls = parts.urls;
    this.#onDown = parts.onDown;
  }

  reports(now: number): OriginReport[] {
    if (now - this.#reportedAt < REPORT_EACH_MS) return [];
    this.#reportedAt = now;
    const origins = [...this.#origins.all()].filter(({ key }) => key !== '');
    const reports = origins.slice(-MOST_ORIGINS).map((origin) => this.#report(origin, now));
    return [...reports, ...this.#urls.reports(now)];
  }

  note(news: readonly OriginNews[], handsCount: number, now: number): void {
    this.#origins.share = shareOf(0, 0, handsCount);
    if (news.length === 0) return;
    this.#urls.note(news);
    const byKey = new Map(news.map((item) => [item.origin, item]));
    for (const origin of this.#origins.all()) {
      const item = byKey.get(origin.key);
      if (item) this.#take(origin, item, handsCount, now);
    }
  }

  #report(origin: Origin, now: number): OriginReport {
    const { pacing, breaker, goodCount, badCount } = origin;
    const known = this.#exchangeOf(origin);
    const { rate } = pacing;
    const isFirst = !Number.isFinite(known.rate) && Number.isFinite(rate);
    const change = Math.log(rate / known.rate);
    const { lastGoodSentAt, foundDownAt } = breaker;
    const isUp = breaker.state !== 'open' && lastGoodSentAt > known.toldUpAt;
    const isFoundDown = foundDownAt !== undefined && foundDownAt !== known.toldDownAt;
    const report: OriginReport = {
      origin: origin.key,
      rateChange: Number.isFinite(change) ? change : 0,
      firstRate: isFirst ? rate : null,
      load: pacing.observed(now),
      good: goodCount - known.good,
      bad: badCount - known.bad,
      upMs: isUp ? now - lastGoodSentAt : null,
      downMs: isFoundDown ? now - foundDownAt : null,
      probe: breaker.isWaitedFor(now) ? this.#probeTerms : null,
    };
    if (isUp) known.toldUpAt = lastGoodSentAt;
    if (isFoundDown) known.sentDownAt = foundDownAt;
    known.rate = rate;
    known.fleetGood += report.good;
    known.fleetBad += report.bad;
    known.good = goodCount;
    known.bad = badCount;
    return report;
  }

  #take(origin: Origin, news: OriginNews, handsCount: number, now: number): void {
    const known = this.#exchangeOf(origin);
    const { pacing } = origin;
    pacing.share = shareOf(pacing.observed(now), news.load, handsCount);
    if (news.rate !== null) {
      const since = Math.log(pacing.rate / known.rate);
      pacing.adopt(news.rate * (Number.isFinite(since) ? Math.exp(since) : 1));
      known.rate = news.rate;
    }
    origin.learnFromOthers(
      Math.max(0, news.good - known.fleetGood),
      Math.max(0, news.bad - known.fleetBad),
    );
    known.fleetGood = news.good;
    known.fleetBad = news.bad;
    known.toldDownAt = known.sentDownAt;
    const { isDown, probe } = news;
    if (origin.breaker.hear({ isDown, probe, handsCount }, now, origin.inFlight)) {
      this.#onDown(origin, now);
    }
  }

  #exchangeOf(origin: Origin): Exchange {
    const known = this.#exchanges.get(origin);
    if (known) return known;
    const rate = Number.POSITIVE_INFINITY;
    const never = Number.NEGATIVE_INFINITY;
    const exchange = {
      rate,
      good: 0,
      bad: 0,
      fleetGood: 0,
      fleetBad: 0,
      toldUpAt: never,
      sentDownAt: never,
      toldDownAt: never,
    };
    this.#exchanges.set(origin, exchange);
    return exchange;
  }
}

/** Addresses may be in several hands at once: each sends its part of what an address may. */
function shareOf(own: number, fleet: number, handsCount: number): number {
  const equal = 1 / Math.max(1, handsCount);
  if (!(fleet > 0)) return equal;
  return Math.min(1, Math.max(equal * LEAST_PART, own / fleet));
}
