// Crawls by several processes on one Redis: what a second one brings, and what it costs when two of four are killed.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../../test/support/redis-server.ts';
import { compare, type Readings, size } from '../report.ts';
import { type FleetWorker, fleetWorker, workIfWorker } from './fleet-worker.ts';
import { pageOf } from './site.ts';

await workIfWorker();

const PAGES = size(5_000, 300);
const CONCURRENCY = 25;
const fast: Crawl = { pages: PAGES, concurrency: CONCURRENCY, delayMs: 0 };
const LOCK_SECS = 5;
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

await compare(`${PAGES} pages of 3 kB, ${CONCURRENCY} at once in each process`, {
  columns: { 'pages/s': 'more' },
  against: 'Troupe, one process',
  subjects: {
    'bare loop, one process': () => bareLoops(1),
    'bare loop, two processes': () => bareLoops(2),
    'Troupe, one process': () => undisturbed(1),
    'Troupe, two processes': () => undisturbed(2),
  },
});

const slow = { pages: size(2_000, 300), concurrency: 10, delayMs: 50 };
await compare(
  `${slow.pages} pages that take ${slow.delayMs} ms each, ${slow.concurrency} at once in each process`,
  {
    columns: { 'pages/s': 'more' },
    against: 'Troupe, one process',
    goal: `at most ${(slow.concurrency * 1_000) / slow.delayMs} pages/s a process can be reached`,
    subjects: {
      'bare loop, one process': () => bareLoops(1, slow),
      'bare loop, two processes': () => bareLoops(2, slow),
      'Troupe, one process': () => undisturbed(1, slow),
      'Troupe, two processes': () => undisturbed(2, slow),
    },
  },
);

const undisturbedFleet = 'nothing fails';
await compare(`the same by four processes, locks of ${LOCK_SECS} s, appendfsync always`, {
  columns: { 'pages in': 'more', 'fetched twice': 'less', 'items twice': 'less', seconds: 'less' },
  against: undisturbedFleet,
  goal: 'every page in',
  subjects: {
    [undisturbedFleet]: () => disturbed(false),
    'two killed, Redis killed once and restarted': () => disturbed(true),
  },
});

interface Crawl {
  readonly pages: number;
  /** Requests at once in each process. */
  readonly concurrency: number;
  /** How long the site takes over a page. */
  readonly delayMs: number;
}

async function bareLoops(count: number, crawl: Crawl = fast): Promise<Readings> {
  await using site = await openCountingSite(crawl);
  const workers = Array.from({ length: count }, (_, worker) => {
    const numbers = Array.from({ length: crawl.pages }, (_, number) => number);
    const share = numbers.filter((number) => number % count === worker);
    const urls = share.map((number) => `${site.url}/page/${number}`);
    return fleetWorker({ kind: 'bare', urls, concurrency: crawl.concurrency });
  });
  const secs = await secondsOf(workers);
  return { 'pages/s': crawl.pages / secs };
}

async function undisturbed(count: number, crawl: Crawl = fast): Promise<Readings> {
  await using site = await openCountingSite(crawl);
  await using redis = await RedisServer.start();
  const secs = await secondsOf(crawlers(count, site, redis, crawl.concurrency));
  if (site.visitsCount !== crawl.pages) {
    throw new Error(`${site.visitsCount} visits of ${crawl.pages} pages`);
  }
  return { 'pages/s': crawl.pages / secs };
}

async function disturbed(isDisturbed: boolean): Promise<Readings> {
  await using site = await openCountingSite(fast);
  await using redis = await RedisServer.start(DURABLE);
  const workers = crawlers(4, site, redis, CONCURRENCY);
  let restarted: Promise<void> | undefined;
  if (isDisturbed) {
    site.at(PAGES * 0.25, () => workers[0]?.kill());
    site.at(PAGES * 0.5, () => {
      restarted = redis.kill().then(() => redis.restart());
    });
    site.at(PAGES * 0.75, () => workers[1]?.kill());
  }
  const secs = await secondsOf(workers);
  await restarted;
  await using storage = new RedisStorage({ url: redis.url });
  const dataset = await storage.openDataset('default');
  const urls = new Set<unknown>();
  for await (const { url } of dataset.items()) urls.add(url);
  return {
    'pages in': urls.size,
    'fetched twice': site.visitsCount - PAGES,
    'items twice': (await dataset.itemCount()) - urls.size,
    seconds: secs,
  };
}

function crawlers(
  count: number,
  site: CountingSite,
  redis: RedisServer,
  concurrency: number,
): FleetWorker[] {
  return Array.from({ length: count }, () =>
    fleetWorker({
      kind: 'crawl',
      redisUrl: redis.url,
      startUrl: `${site.url}/page/0`,
      lockSecs: LOCK_SECS,
      concurrency,
    }),
  );
}

/** From the moment all are ready until the last has ended; a worker that fails fails the benchmark. */
async function secondsOf(workers: readonly FleetWorker[]): Promise<number> {
  await Promise.all(workers.map(({ ready }) => ready));
  const began = performance.now();
  for (const worker of workers) worker.start();
  for (const end of await Promise.all(workers.map(({ ended }) => ended))) {
    if (end !== 0 && end !== 'SIGKILL') throw new Error(`A worker ended with ${end}`);
  }
  return (performance.now() - began) / 1_000;
}

interface CountingSite extends AsyncDisposable {
  readonly url: string;
  readonly visitsCount: number;
  /** Calls back at a visit, by its number. */
  at(visit: number, action: () => void): void;
}

/** Served by the process that starts the workers, which has nothing else to do. */
async function openCountingSite({ pages, delayMs }: Crawl): Promise<CountingSite> {
  const bodies = Array.from({ length: pages }, (_, number) => pageOf(number, pages));
  const actions = new Map<number, () => void>();
  let visitsCount = 0;
  const server: Server = createServer((request, response) => {
    const body = bodies[Number(request.url?.slice('/page/'.length))];
    response.writeHead(body ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    if (delayMs > 0) setTimeout(() => response.end(body), delayMs);
    else response.end(body);
    actions.get(++visitsCount)?.();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get visitsCount() {
      return visitsCount;
    },
    at: (visit, action) => void actions.set(Math.round(visit), action),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
