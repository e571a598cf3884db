import { fork } from 'node:child_process';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';

const ROLE = 'TROUPE_BENCH_FLEET_WORKER';

/** Crawls from a URL together with all that share the Redis. */
export interface CrawlOrder {
  readonly kind: 'crawl';
  readonly redisUrl: string;
  readonly startUrl: string;
  readonly lockSecs: number;
  readonly concurrency: number;
}

/** Fetches and parses its share of the pages, and does nothing else. */
export interface BareOrder {
  readonly kind: 'bare';
  readonly urls: readonly string[];
  readonly concurrency: number;
}

type Order = CrawlOrder | BareOrder;

export interface FleetWorker {
  /** Resolves when it only waits for `start()`. */
  readonly ready: Promise<void>;
  /** 0, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  start(): void;
  kill(): void;
}

/** A process of its own: this script, started once more. */
export function fleetWorker(order: Order): FleetWorker {
  const child = fork(process.argv[1] ?? '', [], {
    execArgv: [],
    env: { ...process.env, [ROLE]: order.kind, TROUPE_LOG_LEVEL: 'error' },
  });
  return {
    ready: new Promise((resolve) => child.once('message', () => resolve())),
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code))),
    start: () => void child.send(order),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** In a worker's process: does what it is told, and never returns. Elsewhere does nothing. */
export async function workIfWorker(): Promise<void> {
  if (process.env[ROLE] === undefined) return;
  const told = new Promise<Order>((resolve) => process.once('message', resolve));
  process.send?.('ready');
  const order = await told;
  await (order.kind === 'crawl' ? crawl(order) : bareLoop(order));
  process.exit(0);
}

async function crawl({ redisUrl, startUrl, lockSecs, concurrency }: CrawlOrder): Promise<void> {
  await using storage = new RedisStorage({ url: redisUrl });
  await using requestQueue = await RequestQueue.open({ storage, lockSecs, pollSecs: 0.1 });
  const crawler = new CheerioCrawler({
    storage,
    requestQueue,
    maxConcurrency: concurrency,
    requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
      await pushData({ url: request.url, title: $('title').text() });
      await enqueueLinks();
    },
  });
  await crawler.run([startUrl]);
}

async function bareLoop({ urls, concurrency }: BareOrder): Promise<void> {
  const { Agent, request } = await import('undici');
  const { load } = await import('cheerio/slim');
  const dispatcher = new Agent({ connections: concurrency });
  const left = urls.values();
  const fetchOn = async (): Promise<void> => {
    for (const url of left) {
      const { body } = await request(url, { dispatcher });
      const $ = load(await body.text());
      for (const link of $('a[href]')) new URL($(link).attr('href') ?? '', url);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, fetchOn));
  await dispatcher.close();
}
