import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CheerioCrawler, type CheerioCrawlerOptions } from '../../src/crawler/cheerio-crawler.ts';
import type { CheerioContext } from '../../src/crawler/cheerio-page.ts';
import type { CrawlStatistics } from '../../src/crawler/statistics.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import type { Request } from '../../src/queue/request.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import type { SessionPoolOptions } from '../../src/session/pool-options.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { openProxy, openRawProxy } from '../support/local-proxy.ts';
import { refusedPort } from '../support/local-server.ts';
import { type LocalSite, openSite, type SiteHandler } from '../support/local-site.ts';
import { QUIET } from './crawler-harness.ts';

/** What the site does with its first, second, … request; the last one stays. */
let answers: SiteHandler[] = [];
let site: LocalSite;

beforeEach(async () => {
  site = await openSite((request, response) => {
    response.setHeader('content-type', 'text/html');
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
});

afterEach(async () => {
  await site.close();
});

const page: SiteHandler = (_request, response) => response.end('<title>fine</title>');

function status(statusCode: number): SiteHandler {
  return (_request, response) => {
    response.statusCode = statusCode;
    response.end('no');
  };
}

/** Crawls one page with a pool that can be looked at afterwards. */
async function crawlOne(
  options: CheerioCrawlerOptions & { pool?: SessionPoolOptions; url?: string } = {},
): Promise<{ stats: CrawlStatistics; pool: SessionPool; crawler: CheerioCrawler }> {
  const { pool: poolOptions, url, ...rest } = options;
  const pool = await SessionPool.open({ log: QUIET, ...poolOptions });
  const crawler = new CheerioCrawler({
    storage: new MemoryStorage(),
    sessionPool: pool,
    log: QUIET,
    requestHandler: () => {},
    ...rest,
  });
  const stats = await crawler.run([url ?? `${site.url}/`]);
  await pool.close();
  return { stats, pool, crawler };
}

function sessionsOf(pool: SessionPool): { usage: number; score: number }[] {
  return [...pool.sessions].map((session) => ({
    usage: session.usageCount,
    score: session.errorScore,
  }));
}

test('ok: the session is used once and stays clean', async () => {
  answers = [page];
  const { stats, pool } = await crawlOne();
  expect(stats).toMatchObject({ requestsFinished: 1, requestsFailed: 0, requestsRetries: 0 });
  expect(stats.outcomes).toMatchObject({ ok: 1 });
  expect(sessionsOf(pool)).toEqual([{ usage: 1, score: 0 }]);
});

test.each([401, 403])(
  'blocked by %i: the session retires, another one takes over, no retry is spent',
  async (code) => {
    answers = [status(code), page];
    let retryCount = -1;
    const { stats, pool } = await crawlOne({
      requestHandler: ({ request }) => {
        retryCount = request.retryCount;
      },
    });
    expect(stats).toMatchObject({ requestsFinished: 1, requestsRetries: 0, sessionRotations: 1 });
    expect(stats.sessionsRetiredByReason.blocked).toBe(1);
    expect(pool.retiredSessionsCount).toBe(1);
    expect(retryCount).toBe(0);
  },
);

test('blocked on every session: the request fails once its rotations are used up', async () => {
  answers = [status(403)];
  let failure: Error | undefined;
  const { stats } = await crawlOne({
    maxSessionRotations: 4,
    failedRequestHandler: (_context, error) => {
      failure = error;
    },
  });
  expect(stats).toMatchObject({ requestsFailed: 1, sessionRotations: 4, requestsRetries: 0 });
  expect(stats.sessionsRetiredByReason.blocked).toBe(5);
  expect(failure).toMatchObject({ code: 'TROUPE_ROTATIONS_EXHAUSTED' });
});

test('a request that failed for good is found again in the queue, with its errors, and can be retried', async () => {
  answers = [status(403)];
  const storage = new MemoryStorage();
  await using requestQueue = await RequestQueue.open({ storage });
  await crawlOne({ maxSessionRotations: 0, storage, requestQueue });
  const failed: Request[] = [];
  for await (const request of requestQueue.failedRequests()) failed.push(request);
  expect(failed).toHaveLength(1);
  expect(failed[0]?.errorMessages.at(-1)).toContain('403');
  expect(await requestQueue.isFinished()).toBe(true);
  expect(await requestQueue.retryFailed()).toBe(1);
  answers = [page];
  const { stats } = await crawlOne({ storage, requestQueue });
  expect(stats).toMatchObject({ requestsFinished: 1, requestsFailed: 0 });
});

test('a block page with status 200 is found by a rule', async () => {
  answers = [(_request, response) => response.end('<title>Access denied</title>'), page];
  const { stats } = await crawlOne({ checkResponse: { title: /denied/i } });
  expect(stats.outcomes).toMatchObject({ blocked: 1, ok: 1 });
});

test('a block page is found by an element or a function', async () => {
  const captcha: SiteHandler = (_request, response) => response.end('<div id=captcha></div>');
  answers = [captcha, page];
  expect((await crawlOne({ checkResponse: { selector: '#captcha' } })).stats.outcomes.blocked).toBe(
    1,
  );
  answers = [captcha, page];
  const checkResponse = ({ $ }: CheerioContext): boolean => $('#captcha').length > 0;
  expect((await crawlOne({ checkResponse })).stats.outcomes.blocked).toBe(1);
});

test('proxy: a broken one is changed without blame on the session or the request', async () => {
  answers = [page];
  await using broken = await openRawProxy((socket) => socket.destroy());
  await using good = await openProxy();
  const proxyConfiguration = new ProxyConfiguration({
    proxyUrls: [broken.info.url, good.info.url],
  });
  const { stats, pool } = await crawlOne({ pool: { proxyConfiguration, maxPoolSize: 1 } });
  expect(stats).toMatchObject({ requestsFinished: 1, requestsRetries: 0 });
  expect(stats.outcomes.ok).toBe(1);
  expect(stats.outcomes.proxy).toBeLessThanOrEqual(3);
  for (const { score } of sessionsOf(pool)) expect(score).toBe(0);
});

test('proxies that accept and never answer cost time, but no page', async () => {
  answers = [page];
  await using hanging = await openRawProxy();
  await using good = await openProxy();
  const proxyUrls = [hanging.info.url, good.info.url];
  const pool = await SessionPool.open({
    log: QUIET,
    maxPoolSize: 4,
    proxyConfiguration: new ProxyConfiguration({ proxyUrls }),
  });
  const stats = await new CheerioCrawler({
    storage: new MemoryStorage(),
    sessionPool: pool,
    log: QUIET,
    navigationTimeoutSecs: 0.2,
    maxRequestRetries: 5,
    requestHandler: () => {},
  }).run(Array.from({ length: 10 }, (_, number) => `${site.url}/${number}`));
  await pool.close();
  expect(stats).toMatchObject({ requestsFinished: 10, requestsFailed: 0 });
  expect(stats.outcomes.timeout).toBeGreaterThan(0);
});

test('a redirect loop spends retries and fails', async () => {
  answers = [
    (_request, response) => {
      response.writeHead(302, { location: '/' });
      response.end();
    },
  ];
  let failure: Error | undefined;
  const { stats } = await crawlOne({
    maxRequestRetries: 1,
    failedRequestHandler: (_context, error) => {
      failure = error;
    },
  });
  expect(stats).toMatchObject({ requestsFailed: 1, requestsRetries: 1 });
  expect(failure).toMatchObject({ code: 'TROUPE_HTTP_REDIRECTS' });
});

test('timeout: the session pays one point, and one retry is spent', async () => {
  answers = [() => {}, page];
  const { stats, pool } = await crawlOne({ navigationTimeoutSecs: 0.1, pool: { maxPoolSize: 1 } });
  expect(stats).toMatchObject({ requestsFinished: 1, requestsRetries: 1 });
  expect(stats.outcomes).toMatchObject({ timeout: 1, ok: 1 });
  // The good use took half a point off again.
  expect(sessionsOf(pool)).toEqual([{ usage: 2, score: 0.5 }]);
});

test('target: 5xx spends retries and nothing else', async () => {
  answers = [status(500)];
  const { stats, pool } = await crawlOne();
  expect(stats).toMatchObject({ requestsFailed: 1, requestsRetries: 3, sessionsRetired: 0 });
  expect(stats.retryHistogram).toEqual([0, 0, 0, 1]);
  for (const { score } of sessionsOf(pool)) expect(score).toBe(0);
});

test('target: a refused port without a proxy retires no session', async () => {
  const { stats, pool } = await crawlOne({ url: `http://127.0.0.1:${await refusedPort()}/` });
  expect(stats).toMatchObject({ requestsFailed: 1, requestsRetries: 3, sessionsRetired: 0 });
  expect(stats.outcomes.target).toBe(4);
  for (const { score } of sessionsOf(pool)) expect(score).toBe(0);
});

test('target: a body that ends early spends a retry', async () => {
  answers = [
    (request, response) => {
      response.setHeader('content-length', '1000');
      response.write('<title>half');
      request.socket.end();
    },
    page,
  ];
  const { stats } = await crawlOne();
  expect(stats.outcomes).toMatchObject({ target: 1, ok: 1 });
});

test('user: an error in the handler costs the session nothing', async () => {
  answers = [page];
  const { stats, pool } = await crawlOne({
    pool: { maxPoolSize: 1 },
    requestHandler: ({ $ }) => {
      ($ as unknown as { nothing: { here: string } }).nothing.here.trim();
    },
  });
  expect(stats).toMatchObject({ requestsFailed: 1, requestsRetries: 3 });
  expect(stats.outcomes.user).toBe(4);
  expect(sessionsOf(pool)).toEqual([{ usage: 4, score: 0 }]);
});

test('user: a handler that never returns runs out of time and sees its signal', async () => {
  answers = [page];
  let reason: unknown;
  const { stats, pool } = await crawlOne({
    requestHandlerTimeoutSecs: 0.05,
    maxRequestRetries: 0,
    requestHandler: async ({ signal }) => {
      await once(signal, 'abort');
      reason = signal.reason;
      await new Promise(() => {});
    },
  });
  expect(stats).toMatchObject({ requestsFailed: 1 });
  expect(stats.outcomes.user).toBe(1);
  expect(reason).toMatchObject({ code: 'TROUPE_TIMEOUT' });
  expect(sessionsOf(pool)).toEqual([{ usage: 1, score: 0 }]);
});

test('neutral: what is torn down goes back as it was', async () => {
  answers = [page];
  const storage = new MemoryStorage();
  const pool = await SessionPool.open({ log: QUIET });
  let tearingDown: Promise<void> | undefined;
  const crawler: CheerioCrawler = new CheerioCrawler({
    storage,
    sessionPool: pool,
    log: QUIET,
    resume: true,
    requestHandler: async ({ signal }) => {
      tearingDown = crawler.teardown();
      await once(signal, 'abort');
      throw signal.reason;
    },
  });
  const stats = await crawler.run([`${site.url}/`]);
  expect(stats).toMatchObject({ requestsFinished: 0, requestsFailed: 0, requestsRetries: 0 });
  expect(stats.outcomes.neutral).toBe(1);
  expect(sessionsOf(pool)).toEqual([{ usage: 1, score: 0 }]);
  await tearingDown;
  const queue = await crawler.getRequestQueue();
  const request = await queue.fetchNextRequest();
  expect(request).toMatchObject({ retryCount: 0, sessionRotationCount: 0, errorMessages: [] });
  await crawler.teardown();
  await pool.close();
});

test('an explicit verdict of the handler wins over the automatic one', async () => {
  answers = [page];
  const { stats, pool } = await crawlOne({ requestHandler: ({ session }) => session?.retire() });
  expect(stats).toMatchObject({ requestsFinished: 1 });
  expect(stats.sessionsRetiredByReason.manual).toBe(1);
  expect(pool.usableSessionsCount).toBe(0);
});

test('SessionError moves the request to another session', async () => {
  const { SessionError } = await import('../../src/crawler/crawl-errors.ts');
  answers = [page];
  let calls = 0;
  const { stats } = await crawlOne({
    requestHandler: () => {
      calls++;
      if (calls === 1) throw new SessionError('not who we think');
    },
  });
  expect(stats).toMatchObject({ requestsFinished: 1, sessionRotations: 1, requestsRetries: 0 });
  expect(stats.sessionsRetiredByReason.blocked).toBe(1);
});

test.each(['new', 'same'] as const)(
  'a request that fails four times meets “%s” sessions',
  async (retrySession) => {
    answers = [status(500)];
    const met: (string | undefined)[] = [];
    await crawlOne({
      retrySession,
      pool: { maxPoolSize: 50 },
      errorHandler: ({ session }) => met.push(session?.id),
      failedRequestHandler: ({ session }) => met.push(session?.id),
    });
    expect(met.length).toBe(4);
    expect(new Set(met).size).toBe(retrySession === 'new' ? 4 : 1);
  },
);

test('“auto” takes another session after a timeout', async () => {
  answers = [() => {}];
  const met: (string | undefined)[] = [];
  await crawlOne({
    navigationTimeoutSecs: 0.05,
    maxRequestRetries: 2,
    pool: { maxPoolSize: 3, sessionOptions: { maxErrorScore: 10 } },
    errorHandler: ({ session }) => met.push(session?.id),
    failedRequestHandler: ({ session }) => met.push(session?.id),
  });
  expect(new Set(met).size).toBe(3);
});

test('pages that are broken for good spend their retries at once, though they are all that is left', async () => {
  await site.close();
  site = await openSite((request, response) => {
    response.statusCode = request.url?.startsWith('/broken') ? 500 : 200;
    response.setHeader('content-type', 'text/html');
    response.end('<title>a page</title>');
  });
  const crawler = new CheerioCrawler({
    storage: new MemoryStorage(),
    log: QUIET,
    stallTimeoutSecs: 1,
    requestHandler: () => {},
  });
  const statistics = await crawler.run(
    Array.from({ length: 120 }, (_, n) => `${site.url}/${n % 8 === 0 ? 'broken' : 'fine'}/${n}`),
  );
  expect(statistics).toMatchObject({
    requestsFinished: 105,
    requestsFailed: 15,
    requestsRetries: 45,
  });
});
