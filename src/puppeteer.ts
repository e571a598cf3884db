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
