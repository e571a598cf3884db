export { Request } from '../queue/request.ts';
export type { RequestOptions } from '../queue/request-options.ts';
export type { SessionState } from '../session/session.ts';
export { AutoscaledPool } from './crawlers/autoscaled-pool.ts';
export {
  BasicCrawler,
  type BasicCrawlerOptions,
  type HandleRequest,
  type HandleRequestInputs,
} from './crawlers/basic-crawler.ts';
export type { BrowserPoolOptions } from './crawlers/browser-options.ts';
export {
  CheerioCrawler,
  type CheerioCrawlerOptions,
  type CheerioHandlePage,
  type CheerioHandlePageInputs,
  type Hook,
  type PostResponse,
  type PrepareRequest,
} from './crawlers/cheerio-crawler.ts';
export type { CrawlingContext } from './crawlers/crawler.ts';
export type { AutoscaledPoolOptions } from './crawlers/crawler-options.ts';
export {
  PlaywrightCrawler,
  type PlaywrightCrawlerOptions,
  type PlaywrightHandlePage,
  type PlaywrightHandlePageInputs,
  type PlaywrightHook,
  type PlaywrightLaunchContext,
} from './crawlers/playwright-crawler.ts';
export {
  PuppeteerCrawler,
  type PuppeteerCrawlerOptions,
  type PuppeteerHandlePage,
  type PuppeteerHandlePageInputs,
  type PuppeteerHook,
  type PuppeteerLaunchContext,
} from './crawlers/puppeteer-crawler.ts';
export { getInput, getValue, pushData, setValue } from './default-stores.ts';
export type { EnqueueLinksOptions, RequestTransform } from './enqueue-links.ts';
export { type ApifyEnv, getEnv, isAtHome } from './environment.ts';
export { NotInFacadeError, PlatformOnlyError } from './errors.ts';
export { events } from './events.ts';
export type { Log, LoggerOptions } from './log.ts';
export { main, type UserFunc } from './main.ts';
export {
  addWebhook,
  call,
  callTask,
  getMemoryInfo,
  launchPlaywright,
  launchPuppeteer,
  metamorph,
  newClient,
} from './platform-only.ts';
export { createProxyConfiguration, ProxyConfiguration } from './proxy/proxy-configuration.ts';
export type { ProxyInfo } from './proxy/proxy-info.ts';
export type { ProxyConfigurationOptions } from './proxy/proxy-options.ts';
export { PseudoUrl } from './pseudo-url.ts';
export type { QueueOperationInfo } from './queue-operation.ts';
export type {
  AbortFunction,
  RequestAsBrowserOptions,
  RequestAsBrowserResult,
} from './request-as-browser.ts';
export { openRequestList, RequestList } from './request-list.ts';
export type { RequestListOptions, RequestListState } from './request-list-options.ts';
export { openRequestQueue, RequestQueue, type RequestQueueInfo } from './request-queue.ts';
export { Session, type SessionOptions } from './session.ts';
export {
  type CreateSession,
  openSessionPool,
  SessionPool,
  type SessionPoolOptions,
} from './session-pool.ts';
export { Dataset, type DatasetContent, openDataset } from './storage/dataset.ts';
export { KeyValueStore, openKeyValueStore } from './storage/key-value-store.ts';
export { type Utils, utils } from './utils.ts';
