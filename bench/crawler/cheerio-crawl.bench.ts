import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { compare, type Readings, size } from '../report.ts';
import { rival } from '../rival.ts';
import { serveIfSite, startSite } from './site.ts';

await serveIfSite();

const PAGES = size(5_000, 200);
const CONCURRENCY = 50;
const START_URL = 'TROUPE_BENCH_START_URL';

const site = process.env[START_URL] ? undefined : await startSite(PAGES);
if (site) process.env[START_URL] = site.url;
const startUrl = process.env[START_URL] ?? '';

await compare(`Cheerio crawl of ${PAGES} pages of 3 kB with 20 links each`, {
  columns: { 'pages/s': 'more', 'peak MB': 'less' },
  against: 'bare loop',
  goal: '≥ 0.6 of the bare loop, peak ≤ 350 MB',
  subjects: {
    'bare loop': () => measured(bareLoop),
    troupe: () => measured(troupe),
    crawlee: () => measured(crawlee),
  },
});
site?.process.disconnect();

/** undici and cheerio/slim with a set as frontier: nothing saved, nothing retried. */
async function bareLoop(): Promise<number> {
  const { Agent, request } = await import('undici');
  const { load } = await import('cheerio/slim');
  const agent = new Agent({ connections: CONCURRENCY });
  const seen = new Set([startUrl]);
  const frontier = [startUrl];
  const items: object[] = [];
  let running = 0;
  await new Promise<void>((resolve, reject) => {
    const visit = async (url: string): Promise<void> => {
      const response = await request(url, { dispatcher: agent });
      const $ = load(await response.body.text());
      items.push({ url, title: $('title').text() });
      for (const link of $('a[href]')) {
        const target = new URL($(link).attr('href') ?? '', url).href;
        if (seen.has(target)) continue;
        seen.add(target);
        frontier.push(target);
      }
    };
    const next = (): void => {
      if (running === 0 && frontier.length === 0) resolve();
      while (running < CONCURRENCY) {
        const url = frontier.shift();
        if (url === undefined) return;
        running++;
        visit(url).then(() => {
          running--;
          next();
        }, reject);
      }
    };
    next();
  });
  await agent.close();
  return items.length;
}

async function troupe(): Promise<number> {
  let pages = 0;
  const crawler = new CheerioCrawler({
    requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
      await pushData({ url: request.url, title: $('title').text() });
      await enqueueLinks();
      pages++;
    },
  });
  await crawler.run([startUrl]);
  return pages;
}

interface RivalContext {
  request: { url: string };
  $: (selector: string) => { text(): string };
  pushData(item: object): Promise<void>;
  enqueueLinks(): Promise<unknown>;
}

interface RivalPackage {
  CheerioCrawler: new (options: {
    requestHandler: (context: RivalContext) => Promise<void>;
  }) => { run(urls: string[]): Promise<unknown> };
}

async function crawlee(): Promise<number> {
  process.env['CRAWLEE_LOG_LEVEL'] = 'ERROR';
  let pages = 0;
  const crawler = new (rival<RivalPackage>('@crawlee/cheerio').CheerioCrawler)({
    requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
      await pushData({ url: request.url, title: $('title').text() });
      await enqueueLinks();
      pages++;
    },
  });
  await crawler.run([startUrl]);
  return pages;
}

/** Pages a second from the call to the last byte saved, and the process's highest resident size. */
async function measured(crawl: () => Promise<number>): Promise<Readings> {
  const folder = mkdtempSync(path.join(tmpdir(), 'troupe-bench-'));
  process.env['TROUPE_STORAGE_DIR'] = path.join(folder, 'troupe');
  process.env['CRAWLEE_STORAGE_DIR'] = path.join(folder, 'crawlee');
  const began = performance.now();
  try {
    const pages = await crawl();
    if (pages !== PAGES) throw new Error(`${pages} pages instead of ${PAGES}`);
    return {
      'pages/s': pages / ((performance.now() - began) / 1_000),
      'peak MB': (process.resourceUsage().maxRSS * 1_024) / 1e6,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
