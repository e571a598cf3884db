import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AdaptiveContext } from '../../src/crawler/browser/adaptive-context.ts';
import type { AdaptiveCrawlerOptions } from '../../src/crawler/browser/adaptive-options.ts';
import { AdaptivePlaywrightCrawler } from '../../src/crawler/browser/adaptive-playwright-crawler.ts';
import { AdaptivePuppeteerCrawler } from '../../src/crawler/browser/adaptive-puppeteer-crawler.ts';
import type { Crawler } from '../../src/crawler/crawler.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { QUIET } from '../integration/crawler-harness.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';

type Create = (options: AdaptiveCrawlerOptions) => Crawler<AdaptiveContext>;

const CRAWLERS: readonly [string, Create][] = [
  [
    'AdaptivePlaywrightCrawler',
    (options) =>
      new AdaptivePlaywrightCrawler(options as object) as unknown as Crawler<AdaptiveContext>,
  ],
  [
    'AdaptivePuppeteerCrawler',
    (options) =>
      new AdaptivePuppeteerCrawler(options as object) as unknown as Crawler<AdaptiveContext>,
  ],
];

/** Shows its text only to those who run scripts. */
const SCRIPTED = `<!doctype html><title>Scripted</title><body><div id="app"></div><script>
  document.getElementById('app').innerHTML =
    '<p class="price">42 credits, shipping included</p><a href="/more">more</a>';
</script>`;
const PLAIN = `<!doctype html><title>Plain</title><body>
  <p class="price">7 credits, shipping not included</p><a href="/more">more</a>`;

let site: LocalSite;
/** The `User-Agent` and cookie of each request for a page. */
const seen: { path: string; isBrowser: boolean; cookie: string }[] = [];

beforeAll(async () => {
  site = await openSite((request, response) => {
    const path = request.url ?? '';
    if (path === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    seen.push({
      path,
      // Only a browser says what it fetches a page for over plain HTTP.
      isBrowser: request.headers['sec-fetch-mode'] !== undefined,
      cookie: request.headers.cookie ?? '',
    });
    response.setHeader('content-type', 'text/html');
    response.setHeader('set-cookie', `${path.slice(1) || 'start'}=1; Path=/`);
    response.end(path.startsWith('/plain') ? PLAIN : SCRIPTED);
  });
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(() => site.close());

describe.each(CRAWLERS)('%s', (_name, create) => {
  function crawler(options: AdaptiveCrawlerOptions): Crawler<AdaptiveContext> {
    return create({
      storage: new MemoryStorage(),
      log: QUIET,
      maxConcurrency: 1,
      sessionPoolOptions: { maxPoolSize: 1 },
      ...options,
    });
  }

  it('leaves pages that are there without scripts to HTTP', async () => {
    const pages: unknown[] = [];
    const statistics = await crawler({
      requestHandler: ({ $, page, response }) => {
        pages.push([$('.price').text(), page, response.statusCode]);
      },
    }).run([`${site.url}/plain`]);
    expect(pages).toEqual([['7 credits, shipping not included', undefined, 200]]);
    expect(seen.map(({ isBrowser }) => isBrowser)).toEqual([false]);
    expect(statistics.requestsFinished).toBe(1);
  });

  it('opens empty pages in the browser, as the same session, and remembers the origin', async () => {
    const prices: string[] = [];
    const statistics = await crawler({
      requestHandler: async ({ $, page, enqueueLinks, body }) => {
        expect(page).toBeDefined();
        expect(body).toContain('shipping included');
        prices.push($('.price').text());
        await enqueueLinks();
      },
    }).run([`${site.url}/`]);
    expect(prices).toEqual(Array(2).fill('42 credits, shipping included'));
    expect(seen).toEqual([
      { path: '/', isBrowser: false, cookie: '' },
      { path: '/', isBrowser: true, cookie: 'start=1' },
      { path: '/more', isBrowser: true, cookie: 'start=1' },
    ]);
    expect(statistics.outcomes.ok).toBe(2);
    expect(statistics.sessionsCreated).toBe(1);
  });

  it('asks the user which pages need a browser', async () => {
    const asked: string[] = [];
    await crawler({
      needsBrowser: async ({ $, request }) => {
        asked.push(request.url);
        return $('title').text() === 'Plain';
      },
      requestHandler: () => {},
    }).run([`${site.url}/plain`, `${site.url}/plain/second`]);
    expect(asked).toEqual([`${site.url}/plain`]);
    expect(seen.map(({ path, isBrowser }) => [path, isBrowser])).toEqual([
      ['/plain', false],
      ['/plain', true],
      ['/plain/second', true],
    ]);
  });

  it('judges the pages of both kinds by the same rules', async () => {
    const statistics = await crawler({
      checkResponse: { body: /credits, shipping included/ },
      maxSessionRotations: 1,
      requestHandler: () => {},
    }).run([`${site.url}/`]);
    expect(statistics.requestsFailed).toBe(1);
    expect(statistics.outcomes.blocked).toBe(2);
  });

  it('refuses what only one kind of page could have', () => {
    expect(() => create({ preNavigationHooks: [] } as never)).toThrow('preNavigationHooks');
    expect(() => create({ checkResponse: (() => false) as never })).toThrow('takes rules only');
    expect(() => create({ needsBrowser: true as never })).toThrow(
      'Expected `needsBrowser` to be a function, got `true` (boolean)',
    );
  });
});
