export { type Clock, systemClock, type Timer, type TimerOptions } from './core/clock.ts';
export { ClosedError, OptionError, TimeoutError, TroupeError } from './core/errors.ts';
export { EventSource } from './core/events.ts';
export { FakeClock } from './core/fake-clock.ts';
export type { Fingerprint } from './core/fingerprint.ts';
export { Log, type LogLevel, type LogOptions, type LogSink, log } from './core/log.ts';
export { type Random, SeededRandom, systemRandom } from './core/random.ts';
export { BasicCrawler } from './crawler/basic-crawler.ts';
export type { BlockRule, BlockRules, CheckResponse } from './crawler/block-rules.ts';
export type { BasicContext, CrawlerControls } from './crawler/context.ts';
export {
  CriticalError,
  MissingRouteError,
  NonRetryableError,
  PageError,
  RetryRequestError,
  RotationsExhaustedError,
  SessionError,
  StalledError,
} from './crawler/crawl-errors.ts';
export { Crawler } from './crawler/crawler.ts';
export type { BasicCrawlerOptions, ErrorHandler } from './crawler/crawler-options.ts';
export type { EnqueueLinksOptions, EnqueueLinksResult } from './crawler/enqueue-links.ts';
export type {
  HttpContext,
  NavigationHook,
  NavigationOptions,
  PageResponse,
} from './crawler/http-context.ts';
export { createHttpRouter, HttpCrawler } from './crawler/http-crawler.ts';
export type { HttpCrawlerOptions } from './crawler/http-options.ts';
export type { LinkStrategy, UrlPattern } from './crawler/link-filter.ts';
export { createRouter, type Handler, type Router } from './crawler/router.ts';
export type { CrawlStatistics } from './crawler/statistics.ts';
export { type CreateFetchOptions, createFetch } from './http/create-fetch.ts';
export type {
  CookieStore,
  HttpClient,
  HttpHop,
  HttpRequest,
  HttpResponse,
} from './http/http-client.ts';
export { HttpError, type HttpErrorKind } from './http/http-error.ts';
export { ImpitClient, type ImpitClientOptions } from './http/impit-client.ts';
export { requestAsBrowser } from './http/request-as-browser.ts';
export type {
  BrowserResponse,
  RequestAsBrowserOptions,
} from './http/request-as-browser-options.ts';
export { UndiciClient, type UndiciClientOptions } from './http/undici-client.ts';
export { ProxyConfiguration } from './proxy/proxy-configuration.ts';
export type { ProxyInfo, ProxySource } from './proxy/proxy-info.ts';
export type { ProxyConfigurationOptions } from './proxy/proxy-options.ts';
export { Request } from './queue/request.ts';
export type { AddedRequestInfo } from './queue/request-adder.ts';
export type { OnMissingSession, RequestMethod, RequestOptions } from './queue/request-options.ts';
export {
  type AddRequestOptions,
  type ReclaimRequestOptions,
  RequestQueue,
  type RequestQueueEvents,
  type RequestQueueInfo,
} from './queue/request-queue.ts';
export type { RequestQueueOptions } from './queue/request-queue-options.ts';
export type { RequestSource, RequestSources } from './queue/request-source.ts';
export {
  type Account,
  type AccountPoolOptions,
  type AccountSessions,
  type AccountSessionsOptions,
  accountSessions,
} from './session/account-sessions.ts';
export type {
  AdaptiveOutcomeExplanation,
  AdaptiveSessionExplanation,
  AdaptiveUseExplanation,
  OriginExplanation,
} from './session/adaptive/adaptive-explanation.ts';
export type { AdaptiveOptions } from './session/adaptive/adaptive-options.ts';
export type { ExportedCookies, ImportCookiesOptions } from './session/cookie-exchange.ts';
export {
  CookieConflictError,
  CookieUrlNeededError,
  DuplicateSessionError,
  LeaseTimeoutError,
  NoSessionLeftError,
  PoolFullError,
  SessionCreationError,
  SessionMissingError,
} from './session/errors.ts';
export type { SessionExplanation } from './session/explanation.ts';
export type { CookieSource } from './session/imported-cookies.ts';
export type { Lease } from './session/lease.ts';
export {
  type Excuse,
  OUTCOME_KINDS,
  type Outcome,
  type OutcomeKind,
  type RetiredReason,
} from './session/outcome.ts';
export type { SessionPoolEvents } from './session/pool-events.ts';
export type { CreateSessionFunction, SessionPoolOptions } from './session/pool-options.ts';
export type { SelectionName, SelectionPolicy } from './session/selection.ts';
export { Session, type SessionPoolState, type SessionState } from './session/session.ts';
export type {
  HookPage,
  HookTools,
  InitSessionContext,
  SessionHookContext,
  SessionHooks,
} from './session/session-hooks.ts';
export type { SessionOptions } from './session/session-options.ts';
export { SessionPool } from './session/session-pool.ts';
export type { SendRequestOptions, SentResponse } from './session/session-request.ts';
export type { Dataset, DatasetItem, DatasetPage, PushOptions } from './storage/dataset.ts';
export {
  type ExportFormat,
  type ExportOptions,
  exportDataset,
} from './storage/dataset-export.ts';
export type { KeyValueRecord, KeyValueStore, StoredValue } from './storage/key-value-store.ts';
export { MemoryStorage } from './storage/memory/memory-storage.ts';
export { SqliteStorage, type SqliteStorageOptions } from './storage/sqlite/sqlite-storage.ts';
export type { Storage } from './storage/storage.ts';
export { StorageError, type StorageErrorCode } from './storage/storage-error.ts';
