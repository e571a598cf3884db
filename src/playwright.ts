export type { AdaptiveContext, NeedsBrowser } from './crawler/browser/adaptive-context.ts';
export type { AdaptiveCrawlerOptions } from './crawler/browser/adaptive-options.ts';
export {
  type AdaptivePlaywrightContext,
  AdaptivePlaywrightCrawler,
  type AdaptivePlaywrightCrawlerOptions,
} from './crawler/browser/adaptive-playwright-crawler.ts';
export type { BrowserHook, BrowserPageContext } from './crawler/browser/browser-context.ts';
export type { BrowserCrawlerOptions, LaunchContext } from './crawler/browser/browser-options.ts';
export {
  createPlaywrightRouter,
  type PlaywrightContext,
  PlaywrightCrawler,
  type PlaywrightCrawlerOptions,
  type PlaywrightGotoOptions,
  type PlaywrightHook,
  type PlaywrightLaunchContext,
} from './crawler/browser/playwright-crawler.ts';
