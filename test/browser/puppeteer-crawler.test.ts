import { PuppeteerCrawler } from '../../src/crawler/browser/puppeteer-crawler.ts';
import type { Crawler } from '../../src/crawler/crawler.ts';
import {
  type AnyContext,
  type AnyLauncher,
  type AnyOptions,
  browserCrawlerContract,
} from './browser-crawler.contract.ts';

browserCrawlerContract(
  'PuppeteerCrawler',
  (options: AnyOptions) =>
    new PuppeteerCrawler(options as object) as unknown as Crawler<AnyContext>,
  async () => (await import('puppeteer-core')).default as unknown as AnyLauncher,
);
