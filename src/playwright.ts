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
