import type { Random } from '../../core/random.ts';
import type {
  HandChanges,
  HandNews,
  OriginNews,
  OriginReport,
  ProbeTerms,
  ProxyReport,
} from '../../storage/session-hands.ts';
import type { Outcome } from '../outcome.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Court } from './court.ts';
import { decayed } from './decay.ts';
import { FleetProxies, type ProxyChange } from './fleet-proxies.ts';
import { FleetRests } from './fleet-rests.ts';
import { FleetUrls } from './fleet-urls.ts';
import type { Origin } from './origin.ts';
import type { OriginBook } from './origin-book.ts';
import type { PairFinder } from './pair-finder.ts';
import type { PairTable } from './pair-table.ts';
import type { Poison } from './poison.ts';
import type { ProxyBook } from './proxy-book.ts';
import type { Refusals } from './refusals.ts';
import { readRestName } from './rest-names.ts';
import type { Rests } from './rests.ts';
import type { Use } from './use.ts';

/** Often enough for a pace, and not with every sync of many. */
const REPORT_EACH_MS = 900;
/** Origins in one report, those used last first. */
const MOST_ORIGINS = 100;
/** However little a worker has sent so far, it may begin with such a part of an equal share. */
const LEAST_PART = 0.5;

/** A load that differs by less is told as it was. */
const LOAD_TOLERANCE = 0.1;
/** Told again after so long in any case, as the store may have lost it. */
const LOAD_STANDS_MS = 60_000;
/** As fast results fade at the store. */
const RESULTS_HALF_LIFE_MS = 600_000;

export type EvidenceReports = Pick<HandChanges, 'origins' | 'watched' | 'proxies'>;

export type EvidenceNews = Pick<HandNews, 'origins' | 'proxies' | 'handsCount' | 'isLost'>;

/** What follows from news. */
export interface FleetChanges {
  readonly proxies: readonly ProxyChange[];
  /** Somebody may be used who could not before. */
  readonly isAnyFree: boolean;
}

/** What was told and heard of one origin. */
interface Exchange {
  /** The rate as of the last report. */
  rate: number;
  good: number;
  bad: number;
  /** What the fleet had heard by then, as of when. */
  fleetGood: number;
  fleetBad: number;
  fleetAt: number;
  /** As it was told, and when. */
  load: number;
  loadAt: number;
  /** By the latest news. */
  othersLoad: number;
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
  readonly proxies: FleetProxies;
  readonly rests: FleetRests;
  readonly #court: Court;
  readonly #exchanges = new WeakMap<Origin, Exchange>();
  /** Of which the last news would have been. */
  #listed = new Set<Origin>();
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(
    parts: {
      readonly pairs: PairTable;
      readonly proxies: ProxyBook;
      readonly finder: PairFinder;
      readonly origins: OriginBook;
      readonly rests: Rests;
      readonly court: Court;
      readonly poison: Poison;
      readonly random: Random;
      readonly now: () => number;
    },
    breaker: ResolvedAdaptiveOptions['breaker'],
  ) {
    const { origins, court, poison, random, now } = parts;
    this.#origins = origins;
    this.#court = court;
    this.#probeTerms = {
      leastMs: breaker.minProbeSecs * 1000,
      mostMs: breaker.maxProbeSecs * 1000,
    };
    this.#urls = new FleetUrls(poison, (url) => court.blameUrl(url));
    this.proxies = new FleetProxies(parts.proxies, random, now);
    this.rests = new FleetRests({ ...parts, book: parts.proxies, proxies: this.proxies });
  }

  /** What a use came to has been judged. */
  noteUse(use: Use, outcome: Outcome, now: number): void {
    this.proxies.note(use, outcome, now);
    this.rests.note(use, outcome, now);
  }

  /** Nobody may be used for the origin. Returns when that may change, as what others say no longer counts. */
  noteInVain(origin: Origin, { isPaced }: Refusals, now: number): number {
    const proxyAt = this.proxies.noteInVain(now);
    return isPaced ? proxyAt : Math.min(proxyAt, this.rests.noteInVain(origin, now));
  }

  reports(now: number): EvidenceReports {
    const proxies = [...this.proxies.reports(now), ...this.rests.reports(now)];
    if (now - this.#reportedAt < REPORT_EACH_MS) return { origins: [], watched: null, proxies };
    this.#reportedAt = now;
    const { origins, watched } = this.#urls.reports(now);
    const reports = [...origins];
    const names = [...watched];
    const listed = this.#chosen(now);
    for (const origin of listed) {
      const report = this.#report(origin, now);
      if (report) reports.push(report);
      else names.push(origin.key);
    }
    this.#listed = listed;
    return { origins: reports, watched: names, proxies };
  }

  note(news: EvidenceNews, now: number): FleetChanges {
    const { origins, handsCount } = news;
    this.#origins.share = shareOf(0, 0, handsCount);
    // The store no longer has what this worker told of its load.
    if (news.isLost) this.#forgetListed();
    this.#urls.note(origins);
    const byKey = new Map(origins.map((item) => [item.origin, item]));
    for (const origin of this.#listed) {
      const known = this.#exchangeOf(origin);
      const item = byKey.get(origin.key);
      if (item) this.#take(origin, known, item, handsCount, now);
      const own = origin.pacing.observed(now);
      origin.pacing.share = shareOf(own, own + known.othersLoad, handsCount);
    }
    return this.#hearOfProxies(news, now);
  }

  #hearOfProxies({ proxies: news, handsCount }: EvidenceNews, now: number): FleetChanges {
    const isOfRest = ({ name }: ProxyReport): boolean => readRestName(name) !== undefined;
    const ofProxies = news.filter((report) => !isOfRest(report));
    const proxies = this.proxies.hear(ofProxies, handsCount, now);
    const isAnySooner = this.rests.hear(news.filter(isOfRest), handsCount, now);
    return { proxies, isAnyFree: isAnySooner || proxies.length > 0 };
  }

  /** Those used last, and those of which the store has a load that is over. */
  #chosen(now: number): Set<Origin> {
    const origins = [...this.#origins.all()].filter(({ key }) => key !== '');
    const late = origins.slice(-MOST_ORIGINS);
    const over = origins
      .slice(0, -MOST_ORIGINS)
      .filter((origin) => (this.#exchanges.get(origin)?.load ?? 0) > 0)
      .filter(({ pacing }) => pacing.observed(now) === 0);
    return new Set([...over, ...late]);
  }

  #forgetListed(): void {
    for (const origin of this.#listed) this.#exchangeOf(origin).loadAt = Number.NEGATIVE_INFINITY;
    this.#listed = new Set();
  }

  /** `undefined` where there is nothing to tell. */
  #report(origin: Origin, now: number): OriginReport | undefined {
    const { pacing, breaker, goodCount, badCount } = origin;
    const known = this.#exchangeOf(origin);
    const { rate } = pacing;
    const isFirst = !Number.isFinite(known.rate) && Number.isFinite(rate);
    const change = Math.log(rate / known.rate);
    const { lastGoodSentAt, foundDownAt } = breaker;
    const isUp = breaker.state !== 'open' && lastGoodSentAt > known.toldUpAt;
    const isFoundDown = foundDownAt !== undefined && foundDownAt !== known.toldDownAt;
    const load = this.#loadToTell(origin, known, now);
    const report: OriginReport = {
      origin: origin.key,
      rateChange: Number.isFinite(change) ? change : 0,
      firstRate: isFirst ? rate : null,
      load,
      good: goodCount - known.good,
      bad: badCount - known.bad,
      upMs: isUp ? now - lastGoodSentAt : null,
      downMs: isFoundDown ? now - foundDownAt : null,
      probe: breaker.isWaitedFor(now) ? this.#probeTerms : null,
      isFirst: !this.#listed.has(origin),
    };
    if (isSilent(report)) return undefined;
    if (load !== null) {
      known.load = load;
      known.loadAt = now;
    }
    if (isUp) known.toldUpAt = lastGoodSentAt;
    if (isFoundDown) known.sentDownAt = foundDownAt;
    known.rate = rate;
    fade(known, now);
    known.fleetGood += report.good;
    known.fleetBad += report.bad;
    known.good = goodCount;
    known.bad = badCount;
    return report;
  }

  /** `null` where the store knows it well enough. */
  #loadToTell({ pacing }: Origin, known: Exchange, now: number): number | null {
    const load = pacing.observed(now);
    const difference = Math.abs(load - known.load);
    const isKnown = load === 0 ? known.load === 0 : difference <= LOAD_TOLERANCE * known.load;
    const isLate = now - known.loadAt >= LOAD_STANDS_MS && load + known.load > 0;
    return isKnown && !isLate ? null : load;
  }

  #take(origin: Origin, known: Exchange, news: OriginNews, handsCount: number, now: number): void {
    const { pacing } = origin;
    known.othersLoad = Math.max(0, news.load - known.load);
    if (news.rate === null) {
      // The store has forgotten it, or never knew: whoever has one tells it.
      known.rate = Number.POSITIVE_INFINITY;
    } else {
      const since = Math.log(pacing.rate / known.rate);
      pacing.adopt(news.rate * (Number.isFinite(since) ? Math.exp(since) : 1));
      known.rate = news.rate;
    }
    fade(known, now);
    origin.learnFromOthers(
      Math.max(0, news.good - known.fleetGood),
      Math.max(0, news.bad - known.fleetBad),
    );
    known.fleetGood = news.good;
    known.fleetBad = news.bad;
    known.toldDownAt = known.sentDownAt;
    const { isDown, probe } = news;
    if (origin.breaker.hear({ isDown, probe, handsCount }, now, origin.inFlight)) {
      this.#court.noteDown(origin, now);
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
      fleetAt: 0,
      load: 0,
      loadAt: never,
      othersLoad: 0,
      toldUpAt: never,
      sentDownAt: never,
      toldDownAt: never,
    };
    this.#exchanges.set(origin, exchange);
    return exchange;
  }
}

function isSilent(report: OriginReport): boolean {
  const { rateChange, firstRate, load, good, bad, upMs, downMs, probe, isFirst } = report;
  const isAny = rateChange !== 0 || good !== 0 || bad !== 0 || isFirst;
  return !isAny && [firstRate, load, upMs, downMs, probe].every((told) => told === null);
}

/** As at the store. */
function fade(known: Exchange, now: number): void {
  const left = decayed(now - known.fleetAt, RESULTS_HALF_LIFE_MS);
  known.fleetGood *= left;
  known.fleetBad *= left;
  known.fleetAt = now;
}

/** Addresses may be in several hands at once: each sends its part of what an address may. */
function shareOf(own: number, fleet: number, handsCount: number): number {
  const equal = 1 / Math.max(1, handsCount);
  if (!(fleet > 0)) return equal;
  return Math.min(1, Math.max(equal * LEAST_PART, own / fleet));
}
