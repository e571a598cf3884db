import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { HttpCrawler } from '../../src/crawler/http-crawler.ts';
import type { HttpCrawlerOptions } from '../../src/crawler/http-options.ts';
import type { CrawlStatistics } from '../../src/crawler/statistics.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { openProxy } from '../support/local-proxy.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { drive, QUIET, WatchedClient } from './crawler-harness.ts';

interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
}

let clock: FakeClock;
let client: WatchedClient;
let site: LocalSite;
let answerTo: (path: string, visit: number) => Answer;
/** Fake ms since the start of the test at which each request arrived. */
let arrivals: { path: string; at: number }[];

beforeEach(async () => {
  clock = new FakeClock();
  client = new WatchedClient(clock);
  arrivals = [];
  answerTo = () => ({ status: 200 });
  const visits = new Map<string, number>();
  site = await openSite((request, response) => {
    const path = request.url as string;
    const visit = (visits.get(path) ?? 0) + 1;
    visits.set(path, visit);
    arrivals.push({ path, at: clock.monotonicMs() });
    const { status, retryAfter } = answerTo(path, visit);
    response.statusCode = status;
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    response.setHeader('content-type', 'text/plain');
    response.end(path === '/robots.txt' ? 'User-agent: *\nCrawl-delay: 3\nDisallow: /no' : 'fine');
  });
});

afterEach(async () => {
  await client.close();
  await site.close();
});

function crawl(
  paths: readonly string[],
  options: HttpCrawlerOptions = {},
): Promise<CrawlStatistics> {
  const crawler = new HttpCrawler({
    storage: new MemoryStorage(),
    clock,
    random: new SeededRandom(1),
    httpClient: client,
    log: QUIET,
    requestHandler: () => {},
    ...options,
  });
  return drive(clock, client, crawler.run(paths.map((path) => site.url + path)));
}

function paths(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `/${index}`);
}

function gaps(): number[] {
  return arrivals.slice(1).map(({ at }, index) => at - (arrivals[index]?.at ?? 0));
}

test('a 429 with “Retry-After: 5”: nothing goes out for five seconds, no retry is spent, the session stays', async () => {
  answerTo = (_path, visit) => (visit === 1 ? { status: 429, retryAfter: '5' } : { status: 200 });
  const stats = await crawl(['/a'], { sessionPoolOptions: { maxPoolSize: 1 } });
  expect(stats).toMatchObject({ requestsFinished: 1, requestsRetries: 0, sessionRotations: 0 });
  expect(stats.outcomes).toMatchObject({ throttled: 1, ok: 1 });
  expect(stats.sessionsRetired).toBe(0);
  expect(gaps()[0]).toBeGreaterThanOrEqual(5000);
  expect(gaps()[0]).toBeLessThan(8000);
});

test('the header may be an HTTP date', async () => {
  answerTo = (_path, visit) =>
    visit === 1
      ? { status: 503, retryAfter: new Date(clock.now() + 20_000).toUTCString() }
      : { status: 200 };
  const stats = await crawl(['/a']);
  expect(stats.outcomes).toMatchObject({ throttled: 1, ok: 1 });
  expect(gaps()[0]).toBeGreaterThanOrEqual(19_000);
});

test('without a proxy all sessions share one address, so the whole site waits', async () => {
  let isThrottled = true;
  answerTo = () => {
    if (!isThrottled) return { status: 200 };
    isThrottled = false;
    return { status: 429, retryAfter: '10' };
  };
  const stats = await crawl(paths(40), { maxConcurrency: 1 });
  expect(stats.requestsFinished).toBe(40);
  expect(gaps()[0]).toBeGreaterThanOrEqual(10_000);
});

test('with proxies only the throttled session waits', async () => {
  await using first = await openProxy();
  await using second = await openProxy();
  answerTo = (path, visit) =>
    path === '/0' && visit === 1 ? { status: 429, retryAfter: '60' } : { status: 200 };
  const stats = await crawl(paths(10), {
    maxConcurrency: 1,
    proxyConfiguration: new ProxyConfiguration({ proxyUrls: [first.info.url, second.info.url] }),
    sessionPoolOptions: { maxPoolSize: 2 },
  });
  expect(stats.requestsFinished).toBe(10);
  expect(stats.outcomes.throttled).toBe(1);
  expect(arrivals.at(-1)?.at).toBeLessThan(30_000);
});

test('where some sessions are direct, only those wait when one of them is throttled', async () => {
  await using proxy = await openProxy();
  let isThrottled = false;
  answerTo = () => {
    // The request that is answered now is the last one sent, as they go out one at a time.
    if (isThrottled || client.sent.at(-1)?.proxy) return { status: 200 };
    isThrottled = true;
    return { status: 429, retryAfter: '60' };
  };
  const stats = await crawl(paths(30), {
    maxConcurrency: 1,
    proxyConfiguration: new ProxyConfiguration({ proxyUrls: [proxy.info.url, null] }),
    sessionPoolOptions: { maxPoolSize: 6 },
  });
  expect(stats.requestsFinished).toBe(30);
  const [firstDirect, ...laterDirect] = client.sent.filter((request) => request.proxy === null);
  for (const { at } of laterDirect) {
    expect(at - (firstDirect?.at ?? 0)).toBeGreaterThanOrEqual(60_000);
  }
  const proxied = client.sent.filter((request) => request.proxy !== null);
  expect(proxied.filter(({ at }) => at < 60_000).length).toBeGreaterThan(5);
});

test('eight 429s at once are one step back', async () => {
  answerTo = (_path, visit) => (visit === 1 ? { status: 429 } : { status: 200 });
  const stats = await crawl(paths(8), { minConcurrency: 8 });
  expect(stats.outcomes).toMatchObject({ throttled: 8, ok: 8 });
  const [firstSecond] = arrivals.slice(8);
  expect(firstSecond?.at).toBeGreaterThanOrEqual(1000);
  expect(arrivals.at(-1)?.at).toBeLessThan(10_000);
});

test('“Retry-After: 0” still steps back', async () => {
  answerTo = (_path, visit) => (visit <= 3 ? { status: 429, retryAfter: '0' } : { status: 200 });
  await crawl(['/a']);
  for (const gap of gaps()) expect(gap).toBeGreaterThanOrEqual(1000);
});

test.each(['direct', 'proxied'])(
  'always 429 (%s) never spins and ends with a clear error',
  async (how) => {
    answerTo = () => ({ status: 429, retryAfter: '0' });
    await using proxy = await openProxy();
    const crawling = crawl(paths(5), {
      stallTimeoutSecs: 120,
      ...(how === 'proxied'
        ? { proxyConfiguration: new ProxyConfiguration({ proxyUrls: [proxy.info.url] }) }
        : {}),
    });
    await expect(crawling).rejects.toMatchObject({
      code: 'TROUPE_STALLED',
      message: expect.stringContaining('throttled'),
    });
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(120_000);
    expect(clock.monotonicMs()).toBeLessThan(180_000);
    expect(arrivals.length).toBeLessThan(200);
  },
);

test('a single page that is always throttled fails, while others come through', async () => {
  answerTo = (path) => (path === '/bad' ? { status: 429 } : { status: 200 });
  let added = 0;
  const stats = await crawl(['/bad', '/0'], {
    stallTimeoutSecs: 60,
    sameDomainDelaySecs: 5,
    requestHandler: async ({ addRequests }) => {
      if (added < 40) await addRequests([`${site.url}/more${added++}`]);
    },
  });
  expect(stats).toMatchObject({ requestsFinished: 41, requestsFailed: 1, requestsRetries: 0 });
});

test('sameDomainDelaySecs keeps requests to one domain apart', async () => {
  await crawl(paths(5), { sameDomainDelaySecs: 2 });
  for (const gap of gaps()) expect(gap).toBeGreaterThanOrEqual(2000);
  expect(arrivals.at(-1)?.at).toBeLessThan(9000);
});

test('maxRequestsPerMinute spreads requests evenly', async () => {
  await crawl(paths(6), { maxRequestsPerMinute: 60 });
  for (const gap of gaps()) {
    expect(gap).toBeGreaterThanOrEqual(900);
    expect(gap).toBeLessThanOrEqual(1300);
  }
});

test('the crawl delay of robots.txt is kept, and what it forbids is left out', async () => {
  const stats = await crawl(['/a', '/b', '/c', '/no/d'], { respectRobotsTxtFile: true });
  expect(stats).toMatchObject({ requestsFinished: 3, requestsSkipped: 1 });
  const pages = arrivals.filter(({ path }) => path !== '/robots.txt');
  expect(pages.map(({ path }) => path).toSorted()).toEqual(['/a', '/b', '/c']);
  for (const [index, { at }] of pages.slice(1).entries()) {
    expect(at - (pages[index]?.at ?? 0)).toBeGreaterThanOrEqual(3000);
  }
});

test('while robots.txt cannot be had, nothing is fetched', async () => {
  answerTo = (path) => ({ status: path === '/robots.txt' ? 500 : 200 });
  const errors: Error[] = [];
  const stats = await crawl(['/a'], {
    respectRobotsTxtFile: true,
    failedRequestHandler: (_context, error) => errors.push(error),
  });
  expect(stats).toMatchObject({ requestsFinished: 0, requestsFailed: 1 });
  expect(errors[0]).toMatchObject({ code: 'TROUPE_ROBOTS_UNREACHABLE' });
  expect(arrivals.every(({ path }) => path === '/robots.txt')).toBe(true);
});
