import { CheerioCrawler, type CheerioCrawlerOptions } from '../../src/crawler/cheerio-crawler.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { rival } from '../rival.ts';
import type { WorldAddress } from './socket-server.ts';

/** Counts as it goes, so that a crawl that is cut short has something to show. */
export interface Tally {
  attempts: number;
  delivered: number;
}

/** A crawl of all pages; resolves at its end, or soon after `signal` says that time is up. */
export type Crawl = (world: WorldAddress, tally: Tally, signal: AbortSignal) => Promise<void>;

const BLOCK_TITLE = /access denied/i;

const troupeWith =
  (options: CheerioCrawlerOptions): Crawl =>
  async (world, tally, signal) => {
    await using proxyConfiguration = new ProxyConfiguration({ proxyUrls: world.proxyUrls });
    const crawler = new CheerioCrawler({
      proxyConfiguration,
      checkResponse: { title: BLOCK_TITLE },
      signal,
      preNavigationHooks: [() => void tally.attempts++],
      requestHandler: ({ $ }) => {
        if ($('h1').text() !== '') tally.delivered++;
      },
      ...options,
    });
    await crawler.run(world.urls);
  };

/** Default options, but for what a block page looks like. */
export const troupe: Crawl = troupeWith({});

export const troupeRandom: Crawl = troupeWith({ sessionPoolOptions: { selection: 'random' } });

interface RivalContext {
  $: (selector: string) => { text(): string };
  session?: { retire(): void };
}

interface RivalPackage {
  CheerioCrawler: new (
    options: object,
  ) => {
    run(urls: readonly string[]): Promise<unknown>;
    teardown(): Promise<void>;
  };
  ProxyConfiguration: new (options: { proxyUrls: string[] }) => object;
  SessionError: new (message: string) => Error;
}

const crawleeWith =
  (options: object): Crawl =>
  async (world, tally, signal) => {
    process.env['CRAWLEE_LOG_LEVEL'] = 'OFF';
    const crawlee = rival<RivalPackage>('@crawlee/cheerio');
    const crawler = new crawlee.CheerioCrawler({
      proxyConfiguration: new crawlee.ProxyConfiguration({ proxyUrls: [...world.proxyUrls] }),
      preNavigationHooks: [() => void tally.attempts++],
      requestHandler: async ({ $, session }: RivalContext) => {
        if (BLOCK_TITLE.test($('title').text())) {
          session?.retire();
          throw new crawlee.SessionError('A block page');
        }
        tally.delivered++;
      },
      ...options,
    });
    signal.addEventListener('abort', () => void crawler.teardown());
    await crawler.run(world.urls);
  };

export const crawleeDefaults: Crawl = crawleeWith({});

/**
 * The best tuning found for this world: patience, a short timeout, 429 a retry and not a retirement, the true rate of
 * the useful proxies as a limit, and one session for each of them at most.
 */
export const crawleeTuned: Crawl = crawleeWith({
  maxRequestRetries: 50,
  maxSessionRotations: 50,
  navigationTimeoutSecs: 3,
  maxRequestsPerMinute: 25 * 60,
  minConcurrency: 20,
  sessionPoolOptions: {
    maxPoolSize: 50,
    blockedStatusCodes: [401, 403],
    sessionOptions: { maxErrorScore: 1, maxUsageCount: 1_000_000, maxAgeSecs: 1_000_000 },
  },
});
