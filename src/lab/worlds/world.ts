/** A fixed number, or one drawn for each proxy, uniformly between two. */
export type Amount = number | { readonly from: number; readonly to: number };

/**
 * What a proxy is: it passes requests on (`working`), refuses connections (`dead`), accepts them and never answers
 * (`silent`), or reaches a site that has banned its address for good (`barred`: always 403).
 */
export type ProxyState = 'working' | 'dead' | 'silent' | 'barred';

export const PROXY_STATES: readonly ProxyState[] = ['working', 'dead', 'silent', 'barred'];

/** Proxies of one kind. */
export interface ProxyGroup {
  readonly count: number;
  /** @default 'working' */
  readonly state?: ProxyState;
  /** Median time from sending to the answer. @default 600 */
  readonly latencyMs?: Amount;
  /** Share of requests that the proxy itself fails: tunnel reset, 407. @default 0 */
  readonly failureShare?: Amount;
  /** Share of requests that the site answers with 403 because of this address. @default 0 */
  readonly blockShare?: Amount;
  /** So many neighbours share a /24 network. @default 1 */
  readonly perNetwork?: number;
}

/** A token bucket for each address. Going over it is answered with 429. */
export interface RateLimit {
  /** Requests a second that one address may send for ever. */
  readonly perSec: number;
  /** Requests that may come at once after a pause. @default 5 */
  readonly burst?: number;
  /** What `Retry-After` says; `null` for no such header. @default 5 */
  readonly retryAfterSecs?: number | null;
}

/** A ban: 403 to everything that comes from an address, for a time. */
export interface Ban {
  /** Seconds it lasts. */
  readonly secs: number;
  /** A hidden token bucket: going over it begins a ban, with no 429 before. @default none */
  readonly perSec?: number | null;
  /** Of the hidden bucket. @default 10 */
  readonly burst?: number;
  /** So many 429s within a minute begin a ban. @default none */
  readonly afterThrottles?: number | null;
  /** Who is banned: the address, or its whole /24. @default 'address' */
  readonly scope?: 'address' | 'network';
}

/** A time in which nothing works, whoever asks. */
export interface Outage {
  readonly fromSecs: number;
  readonly secs: number;
  /** 500, no answer, 403, or one of the first two at random. @default 'mixed' */
  readonly answer?: 'error' | 'silence' | 'blocked' | 'mixed';
}

/** The website all proxies lead to. */
export interface Site {
  /** How far single answers scatter around a proxy's median: sigma of a log-normal. @default 0.3 */
  readonly latencySpread?: number;
  /** Share of answers that take ten times as long. @default 0 */
  readonly slowShare?: number;
  /** Share of requests answered with 500, 502 or 503 without `Retry-After`. @default 0 */
  readonly errorShare?: number;
  /** Share of requests answered with 403, whoever sends them at whatever rate. @default 0 */
  readonly blockShare?: number;
  /** Share of requests answered with a block page of status 200. @default 0 */
  readonly softBlockShare?: number;
  /** A session sees only block pages of status 200 after so many uses. @default never */
  readonly softBlockAfterUses?: number | null;
  /** Share of URLs that nobody ever gets: 403. @default 0 */
  readonly poisonShare?: number;
  /** @default none */
  readonly rateLimit?: RateLimit | null;
  /** @default none */
  readonly ban?: Ban | null;
  /** @default none */
  readonly outages?: readonly Outage[];
}

/** The crawl that is simulated. */
export interface CrawlShape {
  /** Requests in flight at most. @default 50 */
  readonly slots?: number;
  /** After so long without an answer a request is given up. @default 30 */
  readonly timeoutSecs?: number;
  /** Sessions at most, as `maxPoolSize`. @default 1000 */
  readonly maxPoolSize?: number;
}

/** A target and the proxies one has for it: everything a crawl meets, as numbers. */
export interface World {
  readonly name: string;
  /** One sentence. @default '' */
  readonly summary?: string;
  /** The crawl ends after so long. @default 600 */
  readonly durationSecs?: number;
  /** Pages to crawl; `null` for more than can be done. @default null */
  readonly pagesCount?: number | null;
  readonly proxies: readonly ProxyGroup[];
  readonly site?: Site;
  readonly crawl?: CrawlShape;
}

/** A world with nothing left to default. */
export interface ResolvedWorld extends Required<World> {
  readonly proxies: readonly Required<ProxyGroup>[];
  readonly site: Required<Site> & {
    readonly rateLimit: Required<RateLimit> | null;
    readonly ban: Required<Ban> | null;
    readonly outages: readonly Required<Outage>[];
  };
  readonly crawl: Required<CrawlShape>;
}
