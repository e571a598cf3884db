import type { Page, Response } from 'playwright-core';
import { Crawler } from '../crawler.ts';
import type { AdaptiveContext } from './adaptive-context.ts';
import { type AdaptiveCrawlerOptions, resolveAdaptiveOptions } from './adaptive-options.ts';
import { AdaptivePage } from './adaptive-page.ts';
import type { PlaywrightLaunchContext } from './playwright-crawler.ts';
import { PlaywrightDriver } from './playwright-driver.ts';

export type AdaptivePlaywrightContext = AdaptiveContext<Page>;

export type AdaptivePlaywrightCrawlerOptions = AdaptiveCrawlerOptions<
  Page,
  PlaywrightLaunchContext
>;

/**
 * Fetches pages over HTTP, and opens in a browser driven by Playwright those of sites that are no use without one.
 * Needs `cheerio` and `playwright-core`. As many requests at once as a browser crawler, unless `maxConcurrency` says more.
 *
 * @example
 * const crawler = new AdaptivePlaywrightCrawler({
 *   needsBrowser: ({ $ }) => $('.price').length === 0,
 *   requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
 *     await pushData({ url: request.url, price: $('.price').text() });
 *     await enqueueLinks();
 *   },
 * });
 * await crawler.run(['https://example.com/']);
 */
export class AdaptivePlaywrightCrawler extends Crawler<AdaptivePlaywrightContext> {
  /** @throws OptionError */
  constructor(options: AdaptivePlaywrightCrawlerOptions = {}) {
    const resolved = resolveAdaptiveOptions<Page>(options, 'AdaptivePlaywrightCrawler');
    const driver = new PlaywrightDriver(resolved.browser);
    super(resolved.crawler, new AdaptivePage<Page, Response>(driver, resolved));
  }
}
