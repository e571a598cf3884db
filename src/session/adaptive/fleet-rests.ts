import type { Random } from '../../core/random.ts';
import type { ProxyReport } from '../../storage/session-hands.ts';
import type { Outcome } from '../outcome.ts';
import { isChance } from './cooldown.ts';
import { leftToOthersMs } from './first-try.ts';
import type { FleetProxies } from './fleet-proxies.ts';
import { type HeardRest, HeardRests, heardRest } from './heard-rests.ts';
import { Hunger } from './hunger.ts';
import type { Origin } from './origin.ts';
import type { OriginBook } from './origin-book.ts';
import { OwnNetwork } from './own-network.ts';
import type { PairFinder } from './pair-finder.ts';
import type { PairTable } from './pair-table.ts';
import type { ProxyBook } from './proxy-book.ts';
import { type RestName, readRestName } from './rest-names.ts';
import { RestStandings, type Standing } from './rest-standings.ts';
import type { Rests, ToldRest } from './rests.ts';
import type { Use } from './use.ts';

/** What is over sooner is over before most have heard of it. */
const SHORTEST_TOLD_MS = 2000;
/** No rest is told of for longer. */
const LONGEST_TOLD_MS = 3_600_000;
/** In one sync. */
const MOST_TOLD = 200;
/** Times that were told differ by so much by their way alone. */
const SAME_MS = 500;
/** Somebody else must have been let in so soon before a refusal, and so soon after it. */
const ALIVE_WITHIN_MS = 60_000;
/** Whoever is refused so soon after others were let in, and was not let in itself, goes by what it sees for a while. */
const DISPUTED_WITHIN_MS = 10_000;
const DISPUTED_FOR_MS = 600_000;
const FORGET_EACH_MS = 60_000;

interface AtOrigin {
  readonly alive: OwnNetwork;
  readonly hunger: Hunger;
  /** The latest end of what others say. */
  lastUntil: number;
}

/**
 * What workers tell each other of addresses that rest at an origin, since they were banned there or got a 429: who is
 * refused for one of them rests for all, until one is let in again.
 */
export class FleetRests {
  readonly #pairs: PairTable;
  readonly #book: ProxyBook;
  readonly #finder: PairFinder;
  readonly #origins: OriginBook;
  readonly #proxies: FleetProxies;
  readonly #rests: Rests;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #standings = new RestStandings((standing) => {
    this.#refused.delete(standing);
    this.#recovered.delete(standing);
  });
  readonly #heard = new HeardRests();
  readonly #atOrigins = new WeakMap<Origin, AtOrigin>();
  /** By pair: what was let in last was sent then. */
  readonly #letIn: number[] = [];
  /** By pair: those that may have been refused for a reason of the worker's own. */
  readonly #doubted = new Map<number, Standing>();
  /** Those that were not, of which others do not know yet. */
  readonly #refused = new Set<Standing>();
  /** Of which others think that they rest. */
  readonly #recovered = new Set<Standing>();
  #isActive = false;
  #handsCount = 1;
  #forgotAt = 0;

  constructor(parts: {
    pairs: PairTable;
    book: ProxyBook;
    finder: PairFinder;
    origins: OriginBook;
    proxies: FleetProxies;
    rests: Rests;
    random: Random;
    now: () => number;
  }) {
    this.#pairs = parts.pairs;
    this.#book = parts.book;
    this.#finder = parts.finder;
    this.#origins = parts.origins;
    this.#proxies = parts.proxies;
    this.#rests = parts.rests;
    this.#random = parts.random;
    this.#now = parts.now;
  }

  /** What a use came to has been judged. */
  note(use: Use, { kind }: Outcome, now: number): void {
    // Workers without proxies have addresses of their own.
    const isShared = use.origin.key !== '' && !this.#book.isDirect(use.proxy);
    if (!this.#isActive || !isShared) return;
    if (kind === 'ok') this.#noteLetIn(use, now);
    else if (kind === 'blocked' || kind === 'throttled') this.#noteRefused(use, kind, now);
  }

  /** No session may be used at an origin, nor is any. Returns when that may change, as one is tried whatever others say. */
  noteInVain(origin: Origin, now: number): number {
    const at = this.#atOrigins.get(origin);
    if (!at || now >= at.lastUntil || origin.inFlight > 0) return Number.POSITIVE_INFINITY;
    const triesAt = at.hunger.triesAt(now);
    if (triesAt > now) return triesAt;
    const first = this.#standings.firstHeardAt(origin, now, (pair) => this.#isAtHand(pair));
    if (!first) return at.hunger.noteNone(now);
    at.hunger.noteTry(now);
    this.#release(first, now);
    return now;
  }

  reports(now: number): ProxyReport[] {
    this.#activate();
    const reports: ProxyReport[] = [];
    for (const standing of this.#refused) {
      if (reports.length >= MOST_TOLD) break;
      this.#refused.delete(standing);
      this.#tellRefused(standing, reports, now);
    }
    for (const standing of this.#recovered) {
      if (reports.length >= MOST_TOLD) break;
      this.#recovered.delete(standing);
      const letInAt = this.#letInAt(standing.pair);
      if (letInAt <= standing.downAt) continue;
      standing.upAt = letInAt;
      reports.push({ name: standing.name, upMs: now - letInAt, failure: null });
    }
    return reports;
  }

  /** What others tell. Says whether somebody may be used sooner by it. */
  hear(news: readonly ProxyReport[], handsCount: number, now: number): boolean {
    this.#handsCount = handsCount;
    if (now - this.#forgotAt >= FORGET_EACH_MS) {
      this.#forgotAt = now;
      this.#heard.dropOver(now);
    }
    let isAnySooner = false;
    for (const { name: text, upMs, failure } of news) {
      const name = readRestName(text);
      if (!name) continue;
      const upAt = upMs === null ? Number.NEGATIVE_INFINITY : now - upMs;
      const at = failure === null ? Number.NEGATIVE_INFINITY : now - failure.agoMs;
      if (failure && at > upAt) {
        this.#hearDown(heardRest(name, failure, now), now);
      } else if (this.#hearUp(name, upAt, now)) {
        isAnySooner = true;
      }
    }
    return isAnySooner;
  }

  /** The row is about to go to another pair. */
  forget(pair: number): void {
    if (!this.#isActive) return;
    this.#letIn[pair] = Number.NEGATIVE_INFINITY;
    this.#doubted.delete(pair);
    this.#standings.forgetPair(pair);
  }

  /** From here on there are others. */
  #activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    const hearAgain = (heard: readonly HeardRest[]): void => {
      for (const rest of heard) this.#apply(rest, this.#now());
    };
    this.#proxies.watch((name) => hearAgain(this.#heard.of(name, this.#now())));
    this.#origins.watch((origin) => hearAgain(this.#heard.at(origin.key)));
  }

  #noteLetIn({ origin, pair, openedAt }: Use, now: number): void {
    const at = this.#at(origin);
    at.hunger.end();
    this.#letIn[pair] = Math.max(openedAt, this.#letInAt(pair));
    const standings = this.#standings.ofPair(pair);
    if (standings.some(({ refusedAt }) => openedAt <= refusedAt)) return;
    this.#doubted.delete(pair);
    at.alive.noteAnswer(pair, now);
    for (const other of at.alive.takeConfirmed()) {
      const refused = this.#doubted.get(other);
      if (this.#doubted.delete(other) && refused) this.#refused.add(refused);
    }
    for (const standing of standings) {
      this.#refused.delete(standing);
      if (openedAt <= standing.downAt) continue;
      standing.refusedAt = 0;
      standing.disputedUntil = 0;
      if (standing.downAt > standing.upAt) this.#recovered.add(standing);
      this.#release(standing, now);
    }
  }

  #noteRefused(use: Use, kind: ToldRest['kind'], now: number): void {
    const { origin, proxy, pair, openedAt, moves } = use;
    const isNew = this.#pairs.restsFrom.get(pair) === now && (moves?.restsUntil ?? 0) > now;
    const name = this.#proxies.nameOf(proxy);
    if (!isNew || name === undefined) return;
    const standing = this.#standings.of(pair, { kind, proxy: name, origin: origin.key }, origin);
    // It belongs to what others have told of.
    if (standing.downHeardAt === now) return;
    standing.refusedAt = now;
    for (const one of this.#standings.ofPair(pair)) one.heardUntil = 0;
    const { upHeardAt } = standing;
    const isDisputed =
      now - upHeardAt <= DISPUTED_WITHIN_MS &&
      openedAt >= upHeardAt &&
      this.#letInAt(pair) < upHeardAt;
    if (isDisputed) standing.disputedUntil = now + DISPUTED_FOR_MS;
    if (now < standing.disputedUntil) return;
    const { alive } = this.#at(origin);
    alive.noteFailure(pair, this.#pairs.good.get(pair) > 0, now);
    // What goes on is no doubt about the address.
    const isSure = standing.downAt > standing.upAt || alive.seemsAlive(now);
    if (isSure) this.#refused.add(standing);
    else this.#doubted.set(pair, standing);
  }

  #tellRefused(standing: Standing, reports: ProxyReport[], now: number): void {
    const { pair, name, kind, refusedAt } = standing;
    const restMs = Math.min(LONGEST_TOLD_MS, this.#pairs.restsUntil.get(pair) - now);
    if (restMs < SHORTEST_TOLD_MS || refusedAt === 0) return;
    standing.downAt = refusedAt;
    const isBan = kind === 'blocked';
    const { blocksInRow, throttlesInRow, lostFrom } = this.#pairs;
    const inRow = (isBan ? blocksInRow : throttlesInRow).get(pair);
    const firstAgoMs = isBan ? now - lostFrom.get(pair) : null;
    const failure = { agoMs: now - refusedAt, restMs, inRow, firstAgoMs };
    reports.push({ name, upMs: null, failure });
  }

  #hearDown(heard: HeardRest, now: number): void {
    if (heard.rest.until > now) this.#heard.keep(heard);
    else this.#heard.drop(heard.name);
    this.#apply(heard, now);
  }

  #apply({ name, rest }: HeardRest, now: number): void {
    const origin = this.#origins.find(name.origin);
    const proxy = this.#proxies.find(name.proxy);
    if (!origin || proxy === undefined || rest.until <= now) return;
    if (this.#book.isDirect(proxy)) return;
    const pair = this.#finder.rowOf(proxy, origin, now);
    const standing = this.#standings.of(pair, name, origin);
    if (rest.at <= standing.downAt + SAME_MS) return;
    standing.downAt = rest.at;
    standing.downHeardAt = now;
    if (this.#letInAt(pair) > rest.at) {
      this.#recovered.add(standing);
      return;
    }
    const isNothing =
      rest.kind === 'blocked' && rest.inRow === 1 && isChance(origin.trial.stickiness);
    if (isNothing || now < standing.disputedUntil) return;
    this.#rests.noteRefusedElsewhere(origin, rest);
    const restMs = rest.until - rest.at;
    const until = rest.until + leftToOthersMs(restMs, this.#handsCount, this.#random);
    if (standing.heardUntil <= now) standing.ownUntil = this.#pairs.restsUntil.get(pair);
    standing.heardUntil = Math.max(standing.heardUntil, until);
    const at = this.#at(origin);
    at.lastUntil = Math.max(at.lastUntil, until);
    this.#rests.restAsTold(pair, origin, { ...rest, until }, now);
  }

  #hearUp(name: RestName, upAt: number, now: number): boolean {
    this.#heard.drop(name);
    const origin = this.#origins.find(name.origin);
    const proxy = this.#proxies.find(name.proxy);
    const pair = origin && proxy !== undefined ? this.#finder.find(proxy, origin) : -1;
    const standing = this.#standings.find(name.kind, pair);
    if (!standing || upAt <= standing.upAt) return false;
    standing.upAt = upAt;
    standing.upHeardAt = now;
    const isRefusedSince = this.#standings
      .ofPair(pair)
      .some(
        ({ refusedAt, downAt, heardUntil }) =>
          Math.max(refusedAt, heardUntil > now ? downAt : 0) > upAt,
      );
    if (isRefusedSince || now < standing.disputedUntil) {
      this.#release(standing, now);
      return true;
    }
    const isOwnLoss = standing.refusedAt > 0;
    standing.refusedAt = 0;
    standing.heardUntil = 0;
    this.#doubted.delete(pair);
    this.#refused.delete(standing);
    if (name.kind === 'throttled') this.#rests.endRest(pair, now, now);
    else this.#rests.noteLetInElsewhere(pair, standing.origin, { sentAt: upAt, isOwnLoss }, now);
    return true;
  }

  /** What others say of it counts no more. */
  #release(standing: Standing, now: number): void {
    if (standing.heardUntil <= now) return;
    standing.heardUntil = 0;
    const heardUntils = this.#standings.ofPair(standing.pair).map(({ heardUntil }) => heardUntil);
    this.#rests.endRest(standing.pair, Math.max(now, standing.ownUntil, ...heardUntils), now);
  }

  #isAtHand(pair: number): boolean {
    return this.#book.readySlotOf(this.#pairs.proxy.get(pair)) !== -1;
  }

  #letInAt(pair: number): number {
    return this.#letIn[pair] ?? Number.NEGATIVE_INFINITY;
  }

  #at(origin: Origin): AtOrigin {
    const known = this.#atOrigins.get(origin);
    if (known) return known;
    const alive = new OwnNetwork(ALIVE_WITHIN_MS);
    const at = { alive, hunger: new Hunger(), lastUntil: 0 };
    this.#atOrigins.set(origin, at);
    return at;
  }
}
