import { readdirSync } from 'node:fs';
import { PlaywrightCrawler } from '../../src/crawler/browser/playwright-crawler.ts';
import { PuppeteerCrawler } from '../../src/crawler/browser/puppeteer-crawler.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { compare, type Readings, size } from '../report.ts';
import { type BrowserWorld, serveIfWorld, startWorld } from './browser-world.ts';
import { treeBytes } from './process-tree.ts';

await serveIfWorld();

const PAGES = size(500, 50);
/** Until everything that is made once has been made. */
const EARLY = PAGES / 5;
const WORLD = 'TROUPE_BENCH_WORLD';

const started = process.env[WORLD] ? undefined : await startWorld(10);
if (started) process.env[WORLD] = JSON.stringify(started);
const world = JSON.parse(process.env[WORLD] ?? '') as BrowserWorld;

await compare(`${PAGES} pages in one browser, sessions of 10 pages each`, {
  columns: {
    'early MB': 'less',
    'late MB': 'less',
    'early handles': 'less',
    'late handles': 'less',
  },
  against: 'playwright',
  goal: 'as much late as early',
  runs: 1,
  subjects: {
    playwright: () => soak((options) => new PlaywrightCrawler(options)),
    puppeteer: () => soak((options) => new PuppeteerCrawler(options)),
  },
});
started?.stop();

interface Options {
  readonly storage: MemoryStorage;
  readonly maxConcurrency: number;
  readonly proxyConfiguration: ProxyConfiguration;
  readonly sessionPoolOptions: object;
  readonly requestHandler: () => void;
}

async function soak(
  make: (options: Options) => { run(urls: string[]): Promise<unknown> },
): Promise<Readings> {
  const readings: Record<string, number> = {};
  let pages = 0;
  const crawler = make({
    storage: new MemoryStorage(),
    maxConcurrency: 4,
    proxyConfiguration: new ProxyConfiguration({ proxyUrls: [...world.proxyUrls] }),
    sessionPoolOptions: { maxPoolSize: 10, sessionOptions: { maxUsageCount: 10 } },
    requestHandler: () => {
      pages++;
      const when = pages === EARLY ? 'early' : pages === PAGES ? 'late' : undefined;
      if (!when) return;
      globalThis.gc?.();
      readings[`${when} MB`] = treeBytes(process.pid) / 1e6;
      readings[`${when} handles`] = readdirSync('/proc/self/fd').length;
    },
  });
  await crawler.run(Array.from({ length: PAGES }, (_, number) => `${world.pageUrl}${number}`));
  return readings;
}
