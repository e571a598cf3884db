import { createHash } from 'node:crypto';
import type { Random } from '../../core/random.ts';
import type { ProxyFailure, ProxyReport } from '../../storage/session-hands.ts';
import type { Outcome } from '../outcome.ts';
import { leftToOthersMs } from './first-try.ts';
import { OwnNetwork } from './own-network.ts';
import type { ProxyBook } from './proxy-book.ts';
import type { Use } from './use.ts';

/** What is over sooner is over before most have heard of it. */
const SHORTEST_TOLD_MS = 2000;
/** Whoever fails so soon after others had an answer has a reason of its own, and goes by what it sees for a while. */
const DISPUTED_WITHIN_MS = 60_000;
const DISPUTED_FOR_MS = 600_000;
/** Where nothing has come back for so long and nobody may be used, what others say no longer keeps any from being tried. */
const STARVED_AFTER_MS = 3000;
/** What is heard of proxies that are not known here. */
const MOST_HEARD = 10_000;

/** What was seen, told and heard of one proxy. */
interface Standing {
  readonly name: string;
  /** Not to be used before, by the word of others. */
  restsUntil: number;
  answeredAt: number;
  failedAt: number;
  /** As the fleet knows it. */
  downAt: number;
  upAt: number;
  /** When that was heard. */
  upHeardAt: number;
  disputedUntil: number;
}

/** A proxy that is to rest by the word of others, or to rest no more. */
export interface ProxyChange {
  readonly url: string;
  /** 0 where something came back through it. */
  readonly restMs: number;
  readonly inRow: number;
}

interface Heard {
  readonly downAt: number;
  readonly failure: ProxyFailure;
  readonly until: number;
}

/**
 * What workers tell each other of proxies: one that fails for one of them rests for all, and works again for all when
 * it does for one.
 */
export class FleetProxies {
  readonly #book: ProxyBook;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #network: OwnNetwork = new OwnNetwork();
  readonly #standings: (Standing | undefined)[] = [];
  readonly #proxyOfName = new Map<string, number>();
  /** Who rests by what others say, by name; what was heard longest ago first. */
  readonly #heard = new Map<string, Heard>();
  /** Of which others think that they fail. */
  readonly #recovered = new Set<number>();
  /** By the word of others, since they were asked for. */
  readonly #changed = new Set<number>();
  #onKnown: ((name: string) => void) | undefined;
  #isActive = false;
  /** The latest end of what others say. */
  #lastUntil = 0;
  /** Since when nobody may be used, and nothing has come back. */
  #starvedFrom = Number.POSITIVE_INFINITY;
  #handsCount = 1;

  constructor(book: ProxyBook, random: Random, now: () => number) {
    this.#book = book;
    this.#random = random;
    this.#now = now;
  }

  /** What workers call it; `undefined` for one that is not known (any more). */
  nameOf(proxy: number): string | undefined {
    return this.#standings[proxy]?.name;
  }

  find(name: string): number | undefined {
    return this.#proxyOfName.get(name);
  }

  /** Tells of all that come from here on. */
  watch(onKnown: (name: string) => void): void {
    this.#onKnown = onKnown;
  }

  /** What a use came to has been judged. */
  note({ proxy }: Use, outcome: Outcome, now: number): void {
    if (!this.#isActive) return;
    if (isAnswer(outcome)) this.#noteAnswer(proxy, now);
    else if (this.#book.restsFrom.get(proxy) === now && this.#book.failuresInRow.get(proxy) > 0) {
      this.#noteFailure(proxy, now);
    }
  }

  /** 0 when others have nothing against it, else when to ask again. */
  refusesUntil(proxy: number, now: number): number {
    if (now >= this.#lastUntil) return 0;
    const until = this.#standings[proxy]?.restsUntil ?? 0;
    return until > now ? until : 0;
  }

  /** No session may be used. Returns when that may change, as what others say no longer counts. */
  noteInVain(now: number): number {
    if (now >= this.#lastUntil) return Number.POSITIVE_INFINITY;
    this.#starvedFrom = Math.min(this.#starvedFrom, now);
    const endsAt = this.#starvedFrom + STARVED_AFTER_MS;
    if (endsAt > now) return endsAt;
    this.#lastUntil = 0;
    for (const [proxy, standing] of this.#standings.entries()) {
      if (!standing || standing.restsUntil <= now) continue;
      standing.restsUntil = 0;
      this.#changed.add(proxy);
    }
    return now;
  }

  reports(now: number): ProxyReport[] {
    this.#activate();
    const reports: ProxyReport[] = [];
    for (const proxy of this.#network.takeConfirmed()) {
      const standing = this.#standings[proxy];
      const restMs = this.#book.restsUntil.get(proxy) - now;
      if (!standing || restMs < SHORTEST_TOLD_MS || now < standing.disputedUntil) continue;
      standing.downAt = standing.failedAt;
      const agoMs = now - standing.failedAt;
      const inRow = this.#book.failuresInRow.get(proxy);
      const failure = { agoMs, restMs, inRow, firstAgoMs: null };
      reports.push({ name: standing.name, upMs: null, failure });
    }
    for (const proxy of this.#recovered) {
      const standing = this.#standings[proxy];
      if (!standing || standing.answeredAt <= standing.downAt) continue;
      standing.upAt = standing.answeredAt;
      reports.push({ name: standing.name, upMs: now - standing.answeredAt, failure: null });
    }
    this.#recovered.clear();
    return reports;
  }

  /** What others tell. Returns what changes by it. */
  hear(news: readonly ProxyReport[], handsCount: number, now: number): ProxyChange[] {
    this.#handsCount = handsCount;
    for (const { name, upMs, failure } of news) {
      const upAt = upMs === null ? Number.NEGATIVE_INFINITY : now - upMs;
      const downAt = failure === null ? Number.NEGATIVE_INFINITY : now - failure.agoMs;
      const proxy = this.#proxyOfName.get(name);
      this.#heard.delete(name);
      if (failure && downAt > upAt) {
        const heard = { downAt, failure, until: now + failure.restMs };
        this.#remember(name, heard, now);
        if (proxy !== undefined) this.#hearDown(proxy, heard, now);
      } else if (proxy !== undefined) {
        this.#hearUp(proxy, upAt, now);
      }
    }
    const changes = [...this.#changed].map((proxy) => ({
      url: this.#book.urlOf(proxy),
      restMs: Math.max(0, (this.#standings[proxy]?.restsUntil ?? 0) - now),
      inRow: this.#book.failuresInRow.get(proxy),
    }));
    this.#changed.clear();
    return changes;
  }

  #noteAnswer(proxy: number, now: number): void {
    this.#network.noteAnswer(proxy, now);
    this.#starvedFrom = Number.POSITIVE_INFINITY;
    const standing = this.#standings[proxy];
    if (!standing) return;
    standing.answeredAt = now;
    standing.disputedUntil = 0;
    standing.restsUntil = 0;
    if (standing.downAt > standing.upAt) this.#recovered.add(proxy);
  }

  #noteFailure(proxy: number, now: number): void {
    const standing = this.#standings[proxy];
    if (!standing) return;
    standing.failedAt = now;
    if (now - standing.upHeardAt <= DISPUTED_WITHIN_MS) {
      standing.disputedUntil = now + DISPUTED_FOR_MS;
      return;
    }
    if (now < standing.disputedUntil) return;
    this.#network.noteFailure(proxy, this.#book.isProven.get(proxy) === 1, now);
  }

  /** From here on there are others. */
  #activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#book.watch({
      onAdded: (proxy) => this.#enter(proxy),
      onForgotten: (proxy) => this.#leave(proxy),
    });
  }

  #enter(proxy: number): void {
    const never = Number.NEGATIVE_INFINITY;
    const name = nameOf(this.#book.urlOf(proxy));
    this.#standings[proxy] = {
      name,
      restsUntil: 0,
      answeredAt: never,
      failedAt: never,
      downAt: never,
      upAt: never,
      upHeardAt: never,
      disputedUntil: 0,
    };
    this.#proxyOfName.set(name, proxy);
    const heard = this.#heard.get(name);
    if (heard) this.#hearDown(proxy, heard, this.#now());
    this.#onKnown?.(name);
  }

  #leave(proxy: number): void {
    const standing = this.#standings[proxy];
    if (standing) this.#proxyOfName.delete(standing.name);
    this.#standings[proxy] = undefined;
    this.#recovered.delete(proxy);
    this.#changed.delete(proxy);
    this.#network.forget(proxy);
  }

  #remember(name: string, heard: Heard, now: number): void {
    if (heard.until <= now) return;
    this.#heard.set(name, heard);
    if (this.#heard.size > MOST_HEARD) {
      this.#heard.delete(this.#heard.keys().next().value as string);
    }
  }

  #hearDown(proxy: number, { downAt, failure, until }: Heard, now: number): void {
    const standing = this.#standings[proxy];
    if (!standing || downAt <= standing.downAt || this.#book.isDirect(proxy)) return;
    standing.downAt = downAt;
    if (standing.answeredAt >= downAt) {
      this.#recovered.add(proxy);
      return;
    }
    if (until <= now) return;
    const book = this.#book;
    // Whoever has failed with it, too, goes by its own rest.
    const isOwn = standing.failedAt >= downAt - failure.restMs;
    const leftMs = isOwn ? 0 : leftToOthersMs(failure.restMs, this.#handsCount, this.#random);
    standing.restsUntil = Math.max(standing.restsUntil, until + leftMs);
    this.#lastUntil = Math.max(this.#lastUntil, standing.restsUntil);
    book.restsFrom.set(proxy, Math.max(book.restsFrom.get(proxy), downAt));
    const inRow = Math.max(book.failuresInRow.get(proxy), failure.inRow);
    book.failuresInRow.set(proxy, inRow);
    this.#changed.add(proxy);
  }

  #hearUp(proxy: number, upAt: number, now: number): void {
    const standing = this.#standings[proxy];
    if (!standing || upAt <= standing.upAt) return;
    standing.upAt = upAt;
    standing.upHeardAt = now;
    this.#network.forget(proxy);
    const restsUntil = Math.max(standing.restsUntil, this.#book.restsUntil.get(proxy));
    standing.restsUntil = 0;
    const isOwn = now < standing.disputedUntil || standing.failedAt > upAt;
    if (isOwn || restsUntil <= now) return;
    this.#book.restsUntil.set(proxy, Math.min(now, this.#book.restsUntil.get(proxy)));
    this.#changed.add(proxy);
  }
}

/** Something came back through the proxy, and so through the worker's own network. */
function isAnswer({ kind, status }: Outcome): boolean {
  if (kind === 'target' || kind === 'user') return status !== undefined;
  return kind === 'ok' || kind === 'blocked' || kind === 'throttled';
}

/** Neither address nor password can be read from it; whoever guesses both can check the guess. */
function nameOf(url: string): string {
  return createHash('sha256').update(url).digest('base64url').slice(0, 22);
}
