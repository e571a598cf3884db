import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromiumArgs } from '../../src/crawler/browser/chromium-args.ts';
import { findChromium } from '../../src/crawler/browser/find-chromium.ts';
import { isRoot } from '../../src/crawler/browser/launcher.ts';
import { PlaywrightCrawler } from '../../src/crawler/browser/playwright-crawler.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { compare, type Readings, size } from '../report.ts';
import { rival } from '../rival.ts';
import { type BrowserWorld, serveIfWorld, startWorld } from './browser-world.ts';
import { treeBytes, treeCpuMs } from './process-tree.ts';

await serveIfWorld();

const PAGES = size(200, 20);
/** Pages until every session has its context. */
const COLD_PAGES = PAGES / 5;
const SESSIONS = 10;
const CONCURRENCY = 4;
const SAMPLE_MS = 500;
const WORLD = 'TROUPE_BENCH_WORLD';

const started = process.env[WORLD] ? undefined : await startWorld(SESSIONS);
if (started) process.env[WORLD] = JSON.stringify(started);
const world = JSON.parse(process.env[WORLD] ?? '') as BrowserWorld;
const urls = Array.from({ length: PAGES }, (_, number) => `${world.pageUrl}${number}`);

await compare(`${PAGES} pages in a browser, ${SESSIONS} sessions on ${SESSIONS} proxies`, {
  columns: {
    'pages/s': 'more',
    'warm pages/s': 'more',
    'CPU ms/page': 'less',
    'peak MB': 'less',
  },
  against: 'bare playwright',
  goal: 'warm ≥ 0.87 of the bare loop; 2 × the pages/s of crawlee, or half its memory',
  subjects: {
    'bare playwright': () => measured(barePlaywright),
    troupe: () => measured(troupe),
    crawlee: () => measured(crawlee),
  },
});
started?.stop();

type Note = (title: string) => void;

/**
 * One browser, a context for each proxy, and a new page for each URL: nothing saved, nothing retried. It starts with
 * Troupe's switches, without which each page takes more than twice as long and the loop would be no limit at all.
 */
async function barePlaywright(note: Note): Promise<void> {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: chromiumArgs([], { isRoot: isRoot() }),
  });
  const contexts = await Promise.all(
    world.proxyUrls.map((proxyUrl) => {
      const { host, username, password } = new URL(proxyUrl);
      // Without this, Chromium would go to loopback addresses directly.
      const proxy = { server: `http://${host}`, username, password, bypass: '<-loopback>' };
      return browser.newContext({ proxy });
    }),
  );
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < PAGES; index = next++) {
      const page = await (contexts[index % SESSIONS] as (typeof contexts)[0]).newPage();
      await page.goto(urls[index] as string);
      note(await page.title());
      await page.close();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  await browser.close();
}

async function troupe(note: Note): Promise<void> {
  const crawler = new PlaywrightCrawler({
    maxConcurrency: CONCURRENCY,
    proxyConfiguration: new ProxyConfiguration({ proxyUrls: [...world.proxyUrls] }),
    sessionPoolOptions: { maxPoolSize: SESSIONS },
    requestHandler: async ({ page, request, pushData }) => {
      const title = await page.title();
      await pushData({ url: request.url, title });
      note(title);
    },
  });
  await crawler.run(urls);
}

interface RivalContext {
  request: { url: string };
  page: { title(): Promise<string> };
  pushData(item: object): Promise<void>;
}

interface RivalPackage {
  PlaywrightCrawler: new (options: object) => { run(urls: string[]): Promise<unknown> };
  ProxyConfiguration: new (options: { proxyUrls: readonly string[] }) => object;
}

async function crawlee(note: Note): Promise<void> {
  process.env['CRAWLEE_LOG_LEVEL'] = 'ERROR';
  // It may end while it still launches a browser it will not need.
  process.on('unhandledRejection', () => {});
  const { PlaywrightCrawler: Rival, ProxyConfiguration: RivalProxies } =
    rival<RivalPackage>('crawlee');
  const crawler = new Rival({
    minConcurrency: CONCURRENCY,
    maxConcurrency: CONCURRENCY,
    proxyConfiguration: new RivalProxies({ proxyUrls: world.proxyUrls }),
    sessionPoolOptions: { maxPoolSize: SESSIONS },
    launchContext: {
      // Otherwise all sessions go through the proxy of the first.
      browserPerProxy: true,
      // Chromium would go to loopback addresses directly.
      launchOptions: { executablePath: findChromium(), args: ['--proxy-bypass-list=<-loopback>'] },
    },
    requestHandler: async ({ request, page, pushData }: RivalContext) => {
      const title = await page.title();
      await pushData({ url: request.url, title });
      note(title);
    },
  });
  await crawler.run(urls);
}

/** Pages a second, start and end of the browsers included; once the contexts are there; and the peak of all processes. */
async function measured(crawl: (note: Note) => Promise<void>): Promise<Readings> {
  const folder = mkdtempSync(path.join(tmpdir(), 'troupe-bench-'));
  process.env['TROUPE_STORAGE_DIR'] = path.join(folder, 'troupe');
  process.env['CRAWLEE_STORAGE_DIR'] = path.join(folder, 'crawlee');
  const times: number[] = [];
  let peakBytes = 0;
  let cpuMs = 0;
  const sampler = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeBytes(process.pid));
  }, SAMPLE_MS);
  const began = performance.now();
  try {
    await crawl((title) => {
      if (!title.startsWith('/page/')) throw new Error(`The page is called ${title}`);
      times.push(performance.now());
      if (times.length === PAGES) cpuMs = treeCpuMs(process.pid);
    });
    if (times.length !== PAGES) throw new Error(`${times.length} pages instead of ${PAGES}`);
    const ended = performance.now();
    const warmSecs = ((times.at(-1) as number) - (times[COLD_PAGES] as number)) / 1_000;
    return {
      'pages/s': PAGES / ((ended - began) / 1_000),
      'warm pages/s': (PAGES - COLD_PAGES - 1) / warmSecs,
      'CPU ms/page': cpuMs / PAGES,
      'peak MB': peakBytes / 1e6,
    };
  } finally {
    clearInterval(sampler);
    rmSync(folder, { recursive: true, force: true });
  }
}
