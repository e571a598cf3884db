import type { Outage, ResolvedWorld } from '../worlds/world.ts';
import { Dice, type Purpose } from './dice.ts';
import { layOutProxies, type SimulatedProxy } from './simulated-proxy.ts';
import { TokenBucket } from './token-bucket.ts';

/** What comes back, as a crawler sees it, and how long after sending. `page` is the only one that is of use. */
export type AnswerKind =
  | 'page'
  | 'denied'
  | 'blocked'
  | 'throttled'
  | 'failed'
  | 'proxy-failed'
  | 'silence';

export interface Answer {
  readonly kind: AnswerKind;
  readonly status: number | undefined;
  readonly retryAfterSecs: number | undefined;
  readonly afterMs: number;
}

/** Refusals come back faster than pages. */
const REFUSAL_TIME = 0.3;
const CONNECTION_REFUSED_TIME = 0.1;
const SLOW_FACTOR = 10;
const THROTTLE_WINDOW_MS = 60_000;
const ERROR_STATUSES = [500, 502, 503] as const;

/** The site's memory of one address, or of one network where bans hit those. */
interface Suspect {
  readonly bucket: TokenBucket | null;
  bannedUntilMs: number;
  throttledAtMs: number[];
}

/**
 * Proxies and the site behind them. Time is handed in; all chance comes from {@link Dice}, so that what one request
 * meets depends on the world, the seed and what was sent before, and on nothing else.
 */
export class SimulatedWorld {
  readonly world: ResolvedWorld;
  readonly proxies: readonly SimulatedProxy[];
  readonly #dice: Dice;
  readonly #limits: readonly (TokenBucket | null)[];
  readonly #suspects: readonly Suspect[];
  readonly #usesOfSession = new Map<string, number>();
  /** Requests so far, by proxy. */
  readonly #sentCounts: Uint32Array;

  constructor(world: ResolvedWorld, seed: number | string) {
    const { site } = world;
    this.world = world;
    this.#dice = new Dice(`${world.name} ${seed}`);
    this.proxies = layOutProxies(world.proxies, this.#dice);
    this.#sentCounts = new Uint32Array(this.proxies.length);
    this.#limits = this.proxies.map(
      () => site.rateLimit && new TokenBucket(site.rateLimit.perSec, site.rateLimit.burst),
    );
    const suspects = new Map<number, Suspect>();
    this.#suspects = this.proxies.map((proxy) => {
      const key = site.ban?.scope === 'network' ? proxy.network : proxy.index;
      const suspect = suspects.get(key) ?? this.#newSuspect();
      suspects.set(key, suspect);
      return suspect;
    });
  }

  /** Nobody ever gets this page. */
  isPoison(page: number): boolean {
    const { poisonShare } = this.world.site;
    return poisonShare > 0 && this.#dice.draw(-2, page, 'poison') < poisonShare;
  }

  outageAt(nowMs: number): Outage | undefined {
    const secs = nowMs / 1000;
    return this.world.site.outages.find(
      ({ fromSecs, secs: length }) => secs >= fromSecs && secs < fromSecs + length,
    );
  }

  /** One request, judged the moment it is sent. */
  send(
    index: number,
    request: { readonly sessionId: string; readonly page: number },
    nowMs: number,
  ): Answer {
    const proxy = this.proxies[index] as SimulatedProxy;
    const nth = this.#sentCounts[index] as number;
    this.#sentCounts[index] = nth + 1;
    const kind = this.#judge(proxy, nth, request, nowMs);
    const timeoutMs = this.world.crawl.timeoutSecs * 1000;
    const tookMs = kind === 'silence' ? timeoutMs : this.#latencyMs(proxy, nth, kind);
    // An answer that comes too late is none.
    if (tookMs >= timeoutMs) return answer('silence', timeoutMs);
    switch (kind) {
      case 'page':
      case 'denied':
        return answer(kind, tookMs, 200);
      case 'blocked':
        return answer(kind, tookMs, 403);
      case 'throttled':
        return answer(kind, tookMs, 429, this.world.site.rateLimit?.retryAfterSecs ?? undefined);
      case 'failed':
        return answer(
          kind,
          tookMs,
          ERROR_STATUSES[Math.floor(3 * this.#roll(index, nth, 'status'))],
        );
      default:
        return answer(kind, tookMs);
    }
  }

  #judge(
    proxy: SimulatedProxy,
    nth: number,
    { sessionId, page }: { readonly sessionId: string; readonly page: number },
    nowMs: number,
  ): AnswerKind {
    const { site } = this.world;
    const { index } = proxy;
    if (proxy.state === 'dead') return 'proxy-failed';
    if (proxy.state === 'silent') return 'silence';
    if (this.#roll(index, nth, 'proxyFailure') < proxy.failureShare) return 'proxy-failed';
    const outage = this.outageAt(nowMs);
    if (outage) return this.#duringOutage(outage, index, nth);
    if (proxy.state === 'barred' || this.#isBanned(index, nowMs)) return 'blocked';
    if (this.#limits[index]?.take(nowMs) === false) {
      this.#noteThrottled(index, nowMs);
      return 'throttled';
    }
    if (this.#isCaughtSpeeding(index, nowMs)) return 'blocked';
    if (this.#roll(index, nth, 'proxyBlock') < proxy.blockShare) return 'blocked';
    if (this.#roll(index, nth, 'block') < site.blockShare || this.isPoison(page)) return 'blocked';
    if (this.#roll(index, nth, 'error') < site.errorShare) return 'failed';
    if (this.#isSessionStale(sessionId)) return 'denied';
    return this.#roll(index, nth, 'softBlock') < site.softBlockShare ? 'denied' : 'page';
  }

  #duringOutage({ answer: how }: Outage, index: number, nth: number): AnswerKind {
    if (how === 'blocked') return 'blocked';
    if (how === 'silence') return 'silence';
    return how === 'error' || this.#roll(index, nth, 'outage') < 0.5 ? 'failed' : 'silence';
  }

  #isBanned(index: number, nowMs: number): boolean {
    return nowMs < (this.#suspects[index] as Suspect).bannedUntilMs;
  }

  #isCaughtSpeeding(index: number, nowMs: number): boolean {
    const suspect = this.#suspects[index] as Suspect;
    if (suspect.bucket?.take(nowMs) !== false) return false;
    this.#ban(suspect, nowMs);
    return true;
  }

  #noteThrottled(index: number, nowMs: number): void {
    const { afterThrottles } = this.world.site.ban ?? { afterThrottles: null };
    if (afterThrottles === null) return;
    const suspect = this.#suspects[index] as Suspect;
    suspect.throttledAtMs = suspect.throttledAtMs.filter((at) => at > nowMs - THROTTLE_WINDOW_MS);
    suspect.throttledAtMs.push(nowMs);
    if (suspect.throttledAtMs.length >= afterThrottles) this.#ban(suspect, nowMs);
  }

  #ban(suspect: Suspect, nowMs: number): void {
    suspect.bannedUntilMs = nowMs + (this.world.site.ban?.secs ?? 0) * 1000;
    suspect.throttledAtMs = [];
  }

  #isSessionStale(sessionId: string): boolean {
    const { softBlockAfterUses } = this.world.site;
    if (softBlockAfterUses === null) return false;
    const uses = (this.#usesOfSession.get(sessionId) ?? 0) + 1;
    this.#usesOfSession.set(sessionId, uses);
    return uses > softBlockAfterUses;
  }

  #latencyMs(proxy: SimulatedProxy, nth: number, kind: AnswerKind): number {
    const { latencySpread, slowShare } = this.world.site;
    const { index } = proxy;
    const spread =
      latencySpread === 0 ? 1 : Math.exp(latencySpread * this.#dice.drawNormal(index, nth));
    const tookMs = proxy.latencyMs * spread;
    if (kind === 'blocked' || kind === 'throttled') return REFUSAL_TIME * tookMs;
    if (kind === 'proxy-failed') return CONNECTION_REFUSED_TIME * tookMs;
    return this.#roll(index, nth, 'slow') < slowShare ? SLOW_FACTOR * tookMs : tookMs;
  }

  #roll(index: number, nth: number, purpose: Purpose): number {
    return this.#dice.draw(index, nth, purpose);
  }

  #newSuspect(): Suspect {
    const { ban } = this.world.site;
    const bucket = ban?.perSec != null ? new TokenBucket(ban.perSec, ban.burst) : null;
    return { bucket, bannedUntilMs: 0, throttledAtMs: [] };
  }
}

function answer(
  kind: AnswerKind,
  afterMs: number,
  status?: number,
  retryAfterSecs?: number,
): Answer {
  return { kind, afterMs, status, retryAfterSecs };
}
