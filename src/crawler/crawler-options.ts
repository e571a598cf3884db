import * as v from 'valibot';
import { type Clock, systemClock } from '../core/clock.ts';
import { log as defaultLog, type Log } from '../core/log.ts';
import {
  callback,
  flag,
  integer,
  number,
  objectWith,
  oneOf,
  optional,
  plainObject,
} from '../core/options.ts';
import { type Random, systemRandom } from '../core/random.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { ProxyConfiguration } from '../proxy/proxy-configuration.ts';
import type { OnMissingSession } from '../queue/request-options.ts';
import type { RequestQueue } from '../queue/request-queue.ts';
import type { SessionPoolOptions } from '../session/pool-options.ts';
import type { SessionPool } from '../session/session-pool.ts';
import type { Dataset } from '../storage/dataset.ts';
import type { Storage } from '../storage/storage.ts';
import type { BasicContext } from './context.ts';
import type { Handler } from './router.ts';

export type ErrorHandler<Context> = (
  context: Partial<Context> & BasicContext,
  error: Error,
) => Promise<unknown> | unknown;

export interface BasicCrawlerOptions<Context extends BasicContext = BasicContext> {
  /** Works on each request; a router made by `createRouter()` fits. @default the crawler's own `router` */
  readonly requestHandler?: Handler<Context>;
  /** Called before each retry and rotation. May change the request, or set its `noRetry`. */
  readonly errorHandler?: ErrorHandler<Context>;
  /** Called when a request is given up. What it throws ends the crawl: there is nobody left to tell. */
  readonly failedRequestHandler?: ErrorHandler<Context>;

  /** Where requests wait. Borrowed, never emptied. @default one of the storage, emptied at first use unless `resume` */
  readonly requestQueue?: RequestQueue;
  /** Where `pushData` goes. Borrowed, never emptied. @default one of the storage, emptied with the queue */
  readonly dataset?: Dataset;
  /** Borrowed. @default one SQLite file, `troupe.sqlite` in `./storage`, or in the folder `TROUPE_STORAGE_DIR` names */
  readonly storage?: Storage;
  /**
   * Go on with the queue, rows and sessions an earlier process left in the storage, instead of beginning without them.
   * Only what nobody named is ever emptied: queues, datasets and pools that were passed in or given a name are kept,
   * and so is all that stands on a storage others share, such as a `RedisStorage`.
   * @default false
   */
  readonly resume?: boolean;

  readonly proxyConfiguration?: ProxyConfiguration;
  /** @default true */
  readonly useSessionPool?: boolean;
  /** Borrowed. @default one made with `sessionPoolOptions` */
  readonly sessionPool?: SessionPool;
  /** `selection` is `adaptive` unless it says otherwise. */
  readonly sessionPoolOptions?: SessionPoolOptions;
  /** Keep the cookies that come back, and send them with the session's next requests. @default true */
  readonly persistCookiesPerSession?: boolean;
  /**
   * Which session a request that failed is tried on next: one it has not failed on (`new`), the `same` one while
   * it may be used, or `auto`: a new one after `blocked`, `proxy` and `timeout`, and where a proxy is in use after
   * `target`; any after the others. @default 'auto'
   */
  readonly retrySession?: 'new' | 'same' | 'auto';
  /**
   * For requests with a `sessionId` or `sessionKey` and no `onMissing` of their own: what to do when their session is
   * not in the pool. `wait` until one of its id is added (the request holds its place in `maxConcurrency`), take
   * another (`replace`), or `fail` at once, with `TROUPE_SESSION_MISSING` and no retry spent.
   * @default 'fail' for a `sessionId`, as another identity would not do; 'replace' for a `sessionKey`
   */
  readonly onMissingSession?: OnMissingSession;

  /** Retries after failures that are not the session's. @default 3 */
  readonly maxRequestRetries?: number;
  /** Moves to another session after being blocked or after a proxy failed; these spend no retry. @default 10 */
  readonly maxSessionRotations?: number;
  /** Exactly so many requests are brought to an end; what is left stays in the queue. @default all */
  readonly maxRequestsPerCrawl?: number;
  /** Links further than this from the start are not followed; 0 is the start itself. @default any depth */
  readonly maxCrawlDepth?: number;

  /** @default 1 */
  readonly minConcurrency?: number;
  /** @default 200 */
  readonly maxConcurrency?: number;
  /** Spread evenly over the minute. @default Infinity */
  readonly maxRequestsPerMinute?: number;
  /** Between two requests to one registrable domain, of all workers on one storage together. @default 0 */
  readonly sameDomainDelaySecs?: number;
  /** @default 60 */
  readonly requestHandlerTimeoutSecs?: number;
  /** Without any request coming to an end because of throttling or waiting for sessions, the crawl ends with an error after this. @default 600 */
  readonly stallTimeoutSecs?: number;

  /** Leave out what robots.txt forbids and keep its crawl delay; the rules of all agents, or of a named one. @default false */
  readonly respectRobotsTxtFile?: boolean | { readonly userAgent: string };
  /** Stay and wait for requests when the queue is empty, until `stop()`. @default false */
  readonly keepAlive?: boolean;
  /** Ends the crawl as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Borrowed. @default an `UndiciClient` */
  readonly httpClient?: HttpClient;
  /** A line of progress this often; 0 for none. @default 10 */
  readonly statusIntervalSecs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

type Defaulted =
  | 'resume'
  | 'useSessionPool'
  | 'persistCookiesPerSession'
  | 'retrySession'
  | 'maxRequestRetries'
  | 'maxSessionRotations'
  | 'maxRequestsPerCrawl'
  | 'minConcurrency'
  | 'maxConcurrency'
  | 'maxRequestsPerMinute'
  | 'sameDomainDelaySecs'
  | 'requestHandlerTimeoutSecs'
  | 'stallTimeoutSecs'
  | 'respectRobotsTxtFile'
  | 'keepAlive'
  | 'statusIntervalSecs'
  | 'clock'
  | 'random'
  | 'log';

export type ResolvedCrawlerOptions<Context extends BasicContext = BasicContext> = Omit<
  BasicCrawlerOptions<Context>,
  Defaulted
> &
  Required<Pick<BasicCrawlerOptions<Context>, Defaulted>>;

export const CRAWLER_DEFAULTS: Required<Pick<BasicCrawlerOptions, Defaulted>> = Object.freeze({
  resume: false,
  useSessionPool: true,
  persistCookiesPerSession: true,
  retrySession: 'auto',
  maxRequestRetries: 3,
  maxSessionRotations: 10,
  maxRequestsPerCrawl: Number.POSITIVE_INFINITY,
  minConcurrency: 1,
  maxConcurrency: 200,
  maxRequestsPerMinute: Number.POSITIVE_INFINITY,
  sameDomainDelaySecs: 0,
  requestHandlerTimeoutSecs: 60,
  stallTimeoutSecs: 600,
  respectRobotsTxtFile: false,
  keepAlive: false,
  statusIntervalSecs: 10,
  clock: systemClock,
  random: systemRandom,
  log: defaultLog,
});

/** The schema's entries; crawlers of other kinds add theirs. */
export const CRAWLER_ENTRIES: Record<keyof BasicCrawlerOptions, v.ObjectEntries[string]> = {
  requestHandler: optional(callback<Handler<never>>()),
  errorHandler: optional(callback()),
  failedRequestHandler: optional(callback()),
  requestQueue: optional(objectWith<RequestQueue>('a RequestQueue', ['fetchNextRequest'])),
  dataset: optional(objectWith<Dataset>('a dataset', ['pushData'])),
  storage: optional(objectWith<Storage>('a storage', ['openRequestStore', 'openDataset'])),
  resume: optional(flag()),
  proxyConfiguration: optional(
    objectWith<ProxyConfiguration>('a ProxyConfiguration', ['newProxyInfo', 'bind']),
  ),
  useSessionPool: optional(flag()),
  sessionPool: optional(objectWith<SessionPool>('a SessionPool', ['lease'])),
  // Checked by the pool itself.
  sessionPoolOptions: optional(plainObject()),
  persistCookiesPerSession: optional(flag()),
  retrySession: optional(oneOf(['new', 'same', 'auto'])),
  onMissingSession: optional(oneOf(['wait', 'replace', 'fail'])),
  maxRequestRetries: optional(integer({ min: 0 })),
  maxSessionRotations: optional(integer({ min: 0 })),
  maxRequestsPerCrawl: optional(integer({ min: 1 })),
  maxCrawlDepth: optional(integer({ min: 0 })),
  minConcurrency: optional(integer({ min: 1, max: 100_000 })),
  maxConcurrency: optional(integer({ min: 1, max: 100_000 })),
  maxRequestsPerMinute: optional(number({ min: 0.001 })),
  sameDomainDelaySecs: optional(number({ min: 0 })),
  requestHandlerTimeoutSecs: optional(number({ min: 0.001 })),
  stallTimeoutSecs: optional(number({ min: 0.001 })),
  respectRobotsTxtFile: v.optional(
    v.union(
      [v.boolean(), v.strictObject({ userAgent: v.string() })],
      'true, false or an object with `userAgent`',
    ),
  ),
  keepAlive: optional(flag()),
  signal: optional(objectWith<AbortSignal>('an AbortSignal', ['addEventListener'])),
  httpClient: optional(objectWith<HttpClient>('an HTTP client', ['send'])),
  statusIntervalSecs: optional(number({ min: 0 })),
  clock: optional(objectWith<Clock>('a clock', ['now', 'monotonicMs', 'setTimer', 'sleep'])),
  random: optional(objectWith<Random>('a source of randomness', ['next'])),
  log: optional(objectWith<Log>('a Log', ['debug', 'info', 'warning', 'error'])),
};

/** Without the keys whose value is `undefined`, which would hide a default. */
export function definedOnly<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
