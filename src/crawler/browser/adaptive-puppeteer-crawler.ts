import type { HTTPResponse, Page } from 'puppeteer-core';
import { Crawler } from '../crawler.ts';
import type { AdaptiveContext } from './adaptive-context.ts';
import { type AdaptiveCrawlerOptions, resolveAdaptiveOptions } from './adaptive-options.ts';
import { AdaptivePage } from './adaptive-page.ts';
import type { PuppeteerLaunchContext } from './puppeteer-crawler.ts';
import { PuppeteerDriver } from './puppeteer-driver.ts';

export type AdaptivePuppeteerContext = AdaptiveContext<Page>;

export type AdaptivePuppeteerCrawlerOptions = AdaptiveCrawlerOptions<Page, PuppeteerLaunchContext>;

/**
 * Fetches pages over HTTP, and opens in a browser driven by Puppeteer those of sites that are no use without one.
 * Needs `cheerio` and `puppeteer-core`. As many requests at once as a browser crawler, unless `maxConcurrency` says more.
 *
 * @example
 * const crawler = new AdaptivePuppeteerCrawler({
 *   needsBrowser: ({ $ }) => $('.price').length === 0,
 *   requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
 *     await pushData({ url: request.url, price: $('.price').text() });
 *     await enqueueLinks();
 *   },
 * });
 * await crawler.run(['https://example.com/']);
 */
export class AdaptivePuppeteerCrawler extends Crawler<AdaptivePuppeteerContext> {
  /** @throws OptionError */
  constructor(options: AdaptivePuppeteerCrawlerOptions = {}) {
    const resolved = resolveAdaptiveOptions<Page>(options, 'AdaptivePuppeteerCrawler');
    const driver = new PuppeteerDriver(resolved.browser);
    super(resolved.crawler, new AdaptivePage<Page, HTTPResponse>(driver, resolved));
  }
}
