import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { bundleFixture } from '../support/bundle-fixture.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { QUIET } from './crawler-harness.ts';

export interface FleetWorkerOptions {
  readonly redisUrl: string;
  readonly startUrl: string;
  readonly lockSecs: number;
  readonly concurrency: number;
}

/** A process that crawls together with all that share its Redis. */
export interface FleetWorker {
  readonly child: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  /** What it has printed of warnings and errors. */
  readonly printed: () => string;
  /** Resolves when it has printed this. */
  waitFor(text: string): Promise<void>;
}

export interface FleetWorkers extends AsyncDisposable {
  start(options: FleetWorkerOptions): FleetWorker;
}

/** Bundles the worker's script; kills, when it is disposed, what is still running. */
export async function fleetWorkers(): Promise<FleetWorkers> {
  const fixture = await bundleFixture(
    fileURLToPath(new URL('fleet-worker.fixture.ts', import.meta.url)),
  );
  const started: FleetWorker[] = [];
  return {
    start: (options) => {
      const worker = startWorker(fixture, options);
      started.push(worker);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
    },
  };
}

function startWorker(
  fixture: string,
  { redisUrl, startUrl, lockSecs, concurrency }: FleetWorkerOptions,
): FleetWorker {
  const child = spawn(
    process.execPath,
    [fixture, redisUrl, startUrl, `${lockSecs}`, `${concurrency}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TROUPE_LOG_LEVEL: 'warning' },
    },
  );
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => signal ?? code);
  const waitFor = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) {
      const end = await Promise.race([once(child.stderr, 'data'), ended]);
      if (!Array.isArray(end) && !text.includes(wanted)) {
        throw new Error(`A worker ended with ${end} without printing "${wanted}":\n${text}`);
      }
    }
  };
  return { child, ended, printed: () => text, waitFor };
}

/** Pages `/0` to `/N-1`, each a text with the paths of three others, by which all can be found from the first. */
export interface FleetSite extends LocalSite {
  /** By page. */
  readonly visits: readonly number[];
  readonly visitsCount: number;
}

export interface FleetSiteOptions {
  readonly pages: number;
  /** Called at each visit, with its number and its page; holds the answer back until the promise resolves. */
  readonly onVisit: (visit: number, page: number) => Promise<unknown> | undefined;
}

export async function openFleetSite({ pages, onVisit }: FleetSiteOptions): Promise<FleetSite> {
  const visits = new Array<number>(pages).fill(0);
  let visitsCount = 0;
  const site = await openSite(async (request, response) => {
    const page = Number(request.url?.slice(1));
    visits[page] = (visits[page] ?? 0) + 1;
    await onVisit(++visitsCount, page);
    const links = [1, 2, 3].map((step) => `/${(page * 3 + step) % pages}`);
    response.setHeader('content-type', 'text/plain');
    response.end(links.join('\n'));
  });
  return Object.defineProperties(site as FleetSite, {
    visits: { value: visits },
    visitsCount: { get: () => visitsCount },
  });
}

/** The URLs of all items a crawl has left, as often as they are there, in order. */
export async function crawledUrls(redisUrl: string): Promise<string[]> {
  await using storage = new RedisStorage({ url: redisUrl, log: QUIET });
  const urls: string[] = [];
  for await (const { url } of (await storage.openDataset('default')).items())
    urls.push(String(url));
  return urls.toSorted();
}

/** What {@link crawledUrls} shows when every page is in, once. */
export function allUrls(site: FleetSite): string[] {
  return site.visits.map((_, page) => `${site.url}/${page}`).toSorted();
}
