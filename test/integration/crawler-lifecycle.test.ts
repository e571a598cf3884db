import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TroupeError } from '../../src/core/errors.ts';
import { CheerioCrawler, type CheerioCrawlerOptions } from '../../src/crawler/cheerio-crawler.ts';
import { CriticalError, NonRetryableError } from '../../src/crawler/crawl-errors.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { QUIET } from './crawler-harness.ts';

const PAGES = 30;
let site: LocalSite;
let visits: string[];

/** Thirty pages in a ring, each linking to the next two. */
beforeAll(async () => {
  site = await openSite((request, response) => {
    visits.push(request.url as string);
    const number = Number(request.url?.slice(1));
    const links = [1, 2].map((step) => `<a href="/${(number + step) % PAGES}">next</a>`);
    response.setHeader('content-type', 'text/html');
    response.end(`<title>${number}</title>${links.join('')}`);
  });
});

beforeEach(() => {
  visits = [];
});

afterAll(() => site.close());

function crawlerOn(storage: Storage, options: CheerioCrawlerOptions = {}): CheerioCrawler {
  return new CheerioCrawler({
    storage,
    log: QUIET,
    requestHandler: async ({ enqueueLinks, pushData, request }) => {
      await pushData({ url: request.url });
      await enqueueLinks();
    },
    ...options,
  });
}

async function urlsIn(crawler: CheerioCrawler): Promise<string[]> {
  const { items } = await crawler.getData({ limit: 1000 });
  return items.map((item) => item['url'] as string);
}

test('a crawl ends when the queue is empty, each page visited once', async () => {
  const crawler = crawlerOn(new MemoryStorage());
  const stats = await crawler.run([`${site.url}/0`]);
  expect(stats).toMatchObject({ requestsFinished: PAGES, requestsTotal: PAGES });
  expect(stats.bytesReceived).toBeGreaterThan(PAGES * 50);
  expect(stats.sessionsCreated).toBeGreaterThan(0);
  expect(new Set(await urlsIn(crawler)).size).toBe(PAGES);
  expect(visits.length).toBe(PAGES);
  expect(crawler.stats).toEqual(stats);
});

test.each([1, 7, 29])('maxRequestsPerCrawl %i is exact', async (maxRequestsPerCrawl) => {
  const crawler = crawlerOn(new MemoryStorage(), { maxRequestsPerCrawl });
  const stats = await crawler.run([`${site.url}/0`]);
  expect(stats.requestsTotal).toBe(maxRequestsPerCrawl);
  expect(visits.length).toBe(maxRequestsPerCrawl);
});

test('maxCrawlDepth leaves out what is further away', async () => {
  const crawler = crawlerOn(new MemoryStorage(), { maxCrawlDepth: 3 });
  await crawler.run([`${site.url}/0`]);
  expect(visits.toSorted()).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6'].toSorted());
});

test('maxConcurrency is never exceeded', async () => {
  let inFlight = 0;
  let most = 0;
  const full = new AbortController();
  const crawler = crawlerOn(new MemoryStorage(), {
    maxConcurrency: 3,
    requestHandler: async ({ enqueueLinks }) => {
      most = Math.max(most, ++inFlight);
      if (inFlight === 3) full.abort();
      // Nobody leaves before all places have been taken once.
      else if (!full.signal.aborted) await once(full.signal, 'abort');
      await enqueueLinks();
      inFlight--;
    },
  });
  await crawler.run([0, 10, 20].map((number) => `${site.url}/${number}`));
  expect(most).toBe(3);
});

test('stop() finishes what is in flight and keeps the rest; run() goes on', async () => {
  const crawler: CheerioCrawler = crawlerOn(new MemoryStorage(), {
    maxConcurrency: 2,
    requestHandler: async ({ enqueueLinks, pushData, request, crawler: controls }) => {
      await enqueueLinks();
      if (visits.length === 5) controls.stop();
      await setImmediate();
      await pushData({ url: request.url });
    },
  });
  const first = await crawler.run([`${site.url}/0`]);
  expect(first.requestsFinished).toBeGreaterThanOrEqual(5);
  expect(first.requestsFinished).toBeLessThan(PAGES);
  expect((await urlsIn(crawler)).length).toBe(first.requestsFinished);
  const second = await crawler.run();
  expect(first.requestsFinished + second.requestsFinished).toBe(PAGES);
  expect(visits.length).toBe(PAGES);
});

test('a run after a finished one begins anew', async () => {
  const crawler = crawlerOn(new MemoryStorage(), { maxCrawlDepth: 0 });
  for (let run = 0; run < 3; run++) {
    expect((await crawler.run([`${site.url}/0`])).requestsFinished).toBe(1);
    // Afterwards it still shows what was done.
    expect(await (await crawler.getRequestQueue()).handledCount()).toBe(1);
  }
  await crawler.addRequests([`${site.url}/0`]);
  expect((await crawler.run()).requestsFinished).toBe(1);
  expect((await urlsIn(crawler)).length).toBe(1);
  expect(visits.length).toBe(4);
});

test('an aborted signal stops the crawl, before it begins or while it runs', async () => {
  const early = await crawlerOn(new MemoryStorage(), { signal: AbortSignal.abort() }).run([
    `${site.url}/0`,
  ]);
  expect(early.requestsTotal).toBe(0);
  const controller = new AbortController();
  const crawler = crawlerOn(new MemoryStorage(), {
    signal: controller.signal,
    maxConcurrency: 1,
    requestHandler: async ({ enqueueLinks }) => {
      await enqueueLinks();
      if (visits.length === 3) controller.abort();
    },
  });
  expect((await crawler.run([`${site.url}/0`])).requestsFinished).toBe(3);
});

test('stop() lets go of requests that wait for a session', async () => {
  const crawler: CheerioCrawler = crawlerOn(new MemoryStorage(), {
    minConcurrency: 5,
    sessionPoolOptions: { maxPoolSize: 1 },
    requestHandler: ({ crawler: controls }) => controls.stop(),
  });
  const stats = await crawler.run([0, 1, 2, 3, 4].map((number) => `${site.url}/${number}`));
  expect(stats.requestsFinished).toBe(1);
  expect(stats.requestsRetries).toBe(0);
  const queue = await crawler.getRequestQueue();
  expect(await queue.getInfo()).toMatchObject({ handledRequestCount: 1, pendingRequestCount: 4 });
  await crawler.teardown();
});

test('keepAlive waits for more until it is stopped', async () => {
  const crawler: CheerioCrawler = crawlerOn(new MemoryStorage(), {
    keepAlive: true,
    maxCrawlDepth: 0,
    requestHandler: async ({ request }) => {
      if (request.url.endsWith('/1')) crawler.stop();
      else void setImmediate().then(() => crawler.addRequests([`${site.url}/1`]));
    },
  });
  const stats = await crawler.run([`${site.url}/0`]);
  expect(stats.requestsFinished).toBe(2);
});

test('requests may be added before it runs', async () => {
  const crawler = crawlerOn(new MemoryStorage(), { maxCrawlDepth: 0 });
  await crawler.addRequests([`${site.url}/4`, { url: `${site.url}/5`, label: 'five' }]);
  await crawler.run();
  expect(visits.toSorted()).toEqual(['/4', '/5']);
});

test('only one run at a time', async () => {
  const crawler = crawlerOn(new MemoryStorage());
  const running = crawler.run([`${site.url}/0`]);
  await expect(crawler.run()).rejects.toMatchObject({ code: 'TROUPE_ALREADY_RUNNING' });
  await running;
});

test('several crawlers on one storage have queues of their own and share the dataset', async () => {
  const storage = new MemoryStorage();
  const crawlers = [0, 1, 2].map(() => crawlerOn(storage, { maxCrawlDepth: 0 }));
  const all = await Promise.all(
    crawlers.map((crawler, index) => crawler.run([`${site.url}/${index}`])),
  );
  expect(all.map((stats) => stats.requestsFinished)).toEqual([1, 1, 1]);
  const last = crawlerOn(storage, { maxCrawlDepth: 0 });
  await last.run([`${site.url}/0`]);
  expect((await urlsIn(last)).toSorted()).toEqual([0, 1, 2].map((n) => `${site.url}/${n}`));
});

test('a queue that was passed in is borrowed: neither emptied nor closed', async () => {
  const storage = new MemoryStorage();
  await using requestQueue = await RequestQueue.open({ storage, name: 'mine', log: QUIET });
  await requestQueue.addRequest(`${site.url}/3`);
  const crawler = crawlerOn(storage, { requestQueue, maxCrawlDepth: 0 });
  await crawler.run([`${site.url}/4`]);
  expect(visits.toSorted()).toEqual(['/3', '/4']);
  await crawler.run([`${site.url}/4`]);
  expect(visits.length).toBe(2);
  expect(await requestQueue.handledCount()).toBe(2);
});

test('by default everything goes into one file, which a new process empties unless it resumes', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'troupe-crawler-'));
  const file = path.join(folder, 'crawl.sqlite');
  const runOnce = async (options: CheerioCrawlerOptions): Promise<[number, number]> => {
    // A new storage object is what a new process would have.
    await using storage = new SqliteStorage({ path: file });
    const crawler = crawlerOn(storage, options);
    const stats = await crawler.run([`${site.url}/0`]);
    return [stats.requestsFinished, (await urlsIn(crawler)).length];
  };
  try {
    expect(await runOnce({ maxRequestsPerCrawl: 10 })).toEqual([10, 10]);
    expect(await runOnce({ maxRequestsPerCrawl: 5, resume: true })).toEqual([5, 15]);
    expect(await runOnce({ resume: true })).toEqual([15, 30]);
    expect(await runOnce({})).toEqual([30, 30]);
    expect((await stat(file)).size).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a crawl that resumes has its sessions again, another one begins with new ones', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'troupe-crawler-'));
  const sessionOf = async (options: CheerioCrawlerOptions): Promise<string | undefined> => {
    await using storage = new SqliteStorage({ path: path.join(folder, 'crawl.sqlite') });
    let id: string | undefined;
    const crawler = crawlerOn(storage, {
      sessionPoolOptions: { maxPoolSize: 1 },
      maxRequestsPerCrawl: 1,
      requestHandler: ({ session }) => {
        id = session?.id;
      },
      ...options,
    });
    await crawler.run([0, 1, 2].map((number) => `${site.url}/${number}`));
    return id;
  };
  try {
    const first = await sessionOf({});
    expect(first).toMatch(/^session_/);
    expect(await sessionOf({ resume: true })).toBe(first);
    expect(await sessionOf({})).not.toBe(first);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a handler that ran twice leaves its rows once', async () => {
  const crawler = crawlerOn(new MemoryStorage(), {
    maxCrawlDepth: 0,
    requestHandler: async ({ pushData, request }) => {
      await pushData([{ row: 1 }, { row: 2 }]);
      await pushData({ row: 3, attempt: request.retryCount });
      if (request.retryCount < 2) throw new Error('once more');
    },
  });
  await crawler.run([`${site.url}/0`]);
  expect((await crawler.getData()).items).toEqual([{ row: 1 }, { row: 2 }, { row: 3, attempt: 2 }]);
});

test('rows a handler did not wait for are saved before its request is done, and their errors count', async () => {
  const errors: Error[] = [];
  const crawler = crawlerOn(new MemoryStorage(), {
    maxRequestRetries: 0,
    maxCrawlDepth: 0,
    requestHandler: ({ pushData, request }) => {
      void pushData(request.url.endsWith('/1') ? ({ big: 1n } as never) : { fine: true });
    },
    failedRequestHandler: (_context, error) => errors.push(error),
  });
  const stats = await crawler.run([`${site.url}/0`, `${site.url}/1`]);
  expect(stats).toMatchObject({ requestsFinished: 1, requestsFailed: 1 });
  expect(errors).toMatchObject([{ code: 'TROUPE_NOT_JSON' }]);
  expect((await crawler.getData()).items).toEqual([{ fine: true }]);
});

test('what a timed-out handler still writes is refused', async () => {
  let refused: unknown;
  const late = new AbortController();
  const crawler = crawlerOn(new MemoryStorage(), {
    requestHandlerTimeoutSecs: 0.05,
    maxRequestRetries: 0,
    requestHandler: async ({ pushData, signal }) => {
      await once(signal, 'abort');
      refused = await pushData({ late: true }).catch((error: unknown) => error);
      late.abort();
    },
    failedRequestHandler: ({ pushData }) => pushData({ failed: true }),
  });
  await crawler.run([`${site.url}/0`]);
  if (!late.signal.aborted) await once(late.signal, 'abort');
  expect(refused).toMatchObject({ code: 'TROUPE_PAGE_OVER' });
  expect((await crawler.getData()).items).toEqual([{ failed: true }]);
});

test('errorHandler comes before each retry and may end it; failedRequestHandler comes last', async () => {
  const calls: string[] = [];
  const crawler = crawlerOn(new MemoryStorage(), {
    requestHandler: () => {
      throw new Error('broken');
    },
    errorHandler: ({ request, $ }, error) => {
      calls.push(`${request.retryCount} ${error.message} ${$?.('title').text()}`);
      request.noRetry = request.retryCount === 1;
    },
    failedRequestHandler: ({ request }, error) => {
      calls.push(`failed ${error.message}`);
      expect(request.errorMessages.length).toBe(2);
    },
  });
  const stats = await crawler.run([`${site.url}/7`]);
  expect(calls).toEqual(['0 broken 7', '1 broken 7', 'failed broken']);
  expect(stats.requestsFailed).toBe(1);
});

test('an error handler that throws changes nothing, a failed-request handler that throws ends the crawl', async () => {
  const thrower = (): never => {
    throw new Error('in the handler of errors');
  };
  const options: CheerioCrawlerOptions = { maxRequestRetries: 1, requestHandler: thrower };
  const first = crawlerOn(new MemoryStorage(), { ...options, errorHandler: thrower });
  expect(await first.run([`${site.url}/0`])).toMatchObject({
    requestsFailed: 1,
    requestsRetries: 1,
  });
  const second = crawlerOn(new MemoryStorage(), { ...options, failedRequestHandler: thrower });
  await expect(second.run([`${site.url}/0`])).rejects.toMatchObject({
    code: 'TROUPE_ERROR_HANDLER_FAILED',
    cause: { message: 'in the handler of errors' },
  });
});

test('NonRetryableError fails at once, CriticalError ends the crawl and keeps the request', async () => {
  const failing = (error: TroupeError): CheerioCrawler =>
    crawlerOn(new MemoryStorage(), {
      requestHandler: () => {
        throw error;
      },
    });
  const stats = await failing(new NonRetryableError()).run([`${site.url}/0`]);
  expect(stats).toMatchObject({ requestsFailed: 1, requestsRetries: 0 });
  const critical = failing(new CriticalError('the database is gone'));
  await expect(critical.run([`${site.url}/0`])).rejects.toThrow('the database is gone');
  const queue = await critical.getRequestQueue();
  expect((await queue.getInfo()).pendingRequestCount).toBe(1);
  await critical.teardown();
});

test('a storage that fails ends the crawl instead of using up the retries of each request', async () => {
  const storage = new MemoryStorage();
  const dataset = await storage.openDataset('full');
  dataset.pushData = () =>
    Promise.reject(new StorageError('TROUPE_STORAGE_FULL', 'crawl.sqlite', 'the disk is full'));
  const crawler = crawlerOn(storage, { dataset });
  await expect(crawler.run([`${site.url}/0`])).rejects.toMatchObject({
    code: 'TROUPE_STORAGE_FULL',
  });
  const queue = await crawler.getRequestQueue();
  expect(await queue.getInfo()).toMatchObject({ handledRequestCount: 0 });
  await crawler.teardown();
});

test('start requests may come from a slow source, which is read while the crawl runs', async () => {
  let isSecondAsked = false;
  async function* source(): AsyncGenerator<string> {
    yield `${site.url}/0`;
    while (visits.length === 0) await setImmediate();
    isSecondAsked = true;
    yield `${site.url}/1`;
    yield `${site.url}/2`;
  }
  const stats = await crawlerOn(new MemoryStorage(), { maxCrawlDepth: 0 }).run(source());
  expect(isSecondAsked).toBe(true);
  expect(stats.requestsFinished).toBe(3);
});

test('a source that never ends is left when the crawl is stopped', async () => {
  const crawler: CheerioCrawler = crawlerOn(new MemoryStorage(), {
    maxCrawlDepth: 0,
    requestHandler: () => crawler.stop(),
  });
  async function* source(): AsyncGenerator<string> {
    yield `${site.url}/0`;
    await new Promise(() => {});
  }
  expect((await crawler.run(source())).requestsFinished).toBe(1);
});

test('a mistake among the start requests is met before anything is fetched', async () => {
  const crawler = crawlerOn(new MemoryStorage());
  await expect(crawler.run([`${site.url}/0`, 'not a url'])).rejects.toMatchObject({
    code: 'TROUPE_INVALID_OPTION',
  });
  expect(visits).toEqual([]);
});

test('without any option about it, all is kept in one file of the folder TROUPE_STORAGE_DIR names', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'troupe-default-'));
  const before = process.env['TROUPE_STORAGE_DIR'];
  process.env['TROUPE_STORAGE_DIR'] = folder;
  try {
    const crawler = new CheerioCrawler({
      log: QUIET,
      requestHandler: ({ request, pushData }) => pushData({ url: request.url }),
    });
    await crawler.run([`${site.url}/0`]);
    expect((await stat(path.join(folder, 'troupe.sqlite'))).mode & 0o777).toBe(0o600);
    expect((await crawler.getData()).total).toBe(1);
    await crawler.teardown();
  } finally {
    if (before === undefined) delete process.env['TROUPE_STORAGE_DIR'];
    else process.env['TROUPE_STORAGE_DIR'] = before;
    await rm(folder, { recursive: true, force: true });
  }
});

test('a router sends requests to the handlers of their labels', async () => {
  const seen: string[] = [];
  const crawler = new CheerioCrawler({ storage: new MemoryStorage(), log: QUIET });
  crawler.router.addDefaultHandler(async ({ enqueueLinks }) => {
    seen.push('start');
    await enqueueLinks({ label: 'detail', userData: { from: 'start' }, limit: 1 });
  });
  crawler.router.addHandler('detail', ({ request }) => {
    seen.push(`detail ${request.userData['from']}`);
  });
  await crawler.run([`${site.url}/0`]);
  expect(seen).toEqual(['start', 'detail start']);
});

test('a request without a route ends the crawl', async () => {
  const crawler = new CheerioCrawler({ storage: new MemoryStorage(), log: QUIET });
  await expect(crawler.run([`${site.url}/0`])).rejects.toMatchObject({
    code: 'TROUPE_MISSING_ROUTE',
  });
});

test('unknown options and bad values are refused', () => {
  expect(() => new CheerioCrawler({ maxConcurency: 5 } as never)).toThrow(
    'did you mean `maxConcurrency`?',
  );
  expect(() => new CheerioCrawler({ maxRequestRetries: -1 })).toThrow('maxRequestRetries');
  expect(() => new CheerioCrawler({ retrySession: 'other' as never })).toThrow('retrySession');
});
