import { PlaywrightCrawler } from '../../src/crawler/browser/playwright-crawler.ts';
import type { Crawler } from '../../src/crawler/crawler.ts';
import {
  type AnyContext,
  type AnyLauncher,
  type AnyOptions,
  browserCrawlerContract,
} from './browser-crawler.contract.ts';

browserCrawlerContract(
  'PlaywrightCrawler',
  (options: AnyOptions) =>
    new PlaywrightCrawler(options as object) as unknown as Crawler<AnyContext>,
  async () => (await import('playwright-core')).chromium as unknown as AnyLauncher,
);
