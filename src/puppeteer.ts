export type { AdaptiveContext, NeedsBrowser } from './crawler/browser/adaptive-context.ts';
export type { AdaptiveCrawlerOptions } from './crawler/browser/adaptive-options.ts';
export {
  type AdaptivePuppeteerContext,
  AdaptivePuppeteerCrawler,
  type AdaptivePuppeteerCrawlerOptions,
} from './crawler/browser/adaptive-puppeteer-crawler.ts';
export type { BrowserHook, BrowserPageContext } from './crawler/browser/browser-context.ts';
export type { BrowserCrawlerOptions, LaunchContext } from './crawler/browser/browser-options.ts';
export {
  createPuppeteerRouter,
  type PuppeteerContext,
  PuppeteerCrawler,
  type PuppeteerCrawlerOptions,
  type PuppeteerGotoOptions,
  type PuppeteerHook,
  type PuppeteerLaunchContext,
} from './crawler/browser/puppeteer-crawler.ts';
