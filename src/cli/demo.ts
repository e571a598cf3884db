import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CheerioCrawler } from '../crawler/cheerio-crawler.ts';
import { WorldProcess } from '../lab/local/world-process.ts';
import { ProxyConfiguration } from '../proxy/proxy-configuration.ts';
import { RequestQueue } from '../queue/request-queue.ts';
import type { SessionExplanation } from '../session/explanation.ts';
import { SessionPool } from '../session/session-pool.ts';
import { SqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { colorsFor } from './colors.ts';
import { CrawlProgress } from './crawl-progress.ts';
import { demoReport } from './demo-report.ts';
import { type DemoResult, judgeDemo } from './demo-result.ts';
import { displayLog } from './display-log.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Interruption } from './interruption.ts';
import { ProgressDisplay } from './progress-display.ts';
import { WORLD_COMMAND } from './world-command.ts';

const PAGES = 500;
const PROXIES = 40;
/** Short, as the local site answers at once: a proxy that hangs costs this much each time. */
const NAVIGATION_TIMEOUT_SECS = 2;
/** As slow as a site far away. */
const MAX_LATENCY_MS = 300;
/** The world is rough enough that no page may be given up early: a flaky proxy fails half of its requests. */
const PATIENCE = { maxRequestRetries: 10, maxSessionRotations: 30 };

export interface DemoOptions {
  readonly json?: boolean;
  readonly seed: number;
}

/** The `demo` command: crawls the local world with a real crawler and shows what became of it. */
export async function demo({ seed, json = false }: DemoOptions): Promise<ExitCode> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'troupe-demo-'));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  // However the process ends, a second Ctrl-C included.
  process.once('exit', removeDirectory);
  const display = new ProgressDisplay({ stream: process.stderr });
  const result = await crawlWorld(seed, directory, display);
  if (typeof result === 'number') return result;
  process.stdout.write(
    json
      ? `${JSON.stringify(result, null, 2)}\n`
      : `${demoReport(result, colorsFor(process.stdout))}\n`,
  );
  return result.isComplete ? EXIT.done : EXIT.failed;
}

/** The result, or the exit code when the user interrupted. */
async function crawlWorld(
  seed: number,
  directory: string,
  display: ProgressDisplay,
): Promise<DemoResult | ExitCode> {
  const log = displayLog(display, 'error');
  await using world = await WorldProcess.start(
    { script: process.argv[1] as string, args: [WORLD_COMMAND] },
    { pagesCount: PAGES, proxiesCount: PROXIES, maxLatencyMs: MAX_LATENCY_MS, seed },
  );
  await using storage = new SqliteStorage({ path: path.join(directory, 'troupe.db'), log });
  await using proxyConfiguration = new ProxyConfiguration({ proxyUrls: world.proxyUrls, log });
  await using pool = await SessionPool.open({
    storage,
    proxyConfiguration,
    log,
    maxPoolSize: PROXIES,
  });
  await using queue = await RequestQueue.open({ storage, log });
  const dataset = await storage.openDataset('default');
  const attemptsByProxy = new Map<string, number>();
  const crawler = new CheerioCrawler({
    storage,
    dataset,
    requestQueue: queue,
    sessionPool: pool,
    proxyConfiguration,
    log,
    statusIntervalSecs: 0,
    ...PATIENCE,
    navigationTimeoutSecs: NAVIGATION_TIMEOUT_SECS,
    checkResponse: { title: /access denied/i },
    preNavigationHooks: [
      ({ proxyInfo }) => {
        const url = withoutSlash(proxyInfo?.url ?? '');
        attemptsByProxy.set(url, (attemptsByProxy.get(url) ?? 0) + 1);
      },
    ],
    requestHandler: async ({ response, $, enqueueLinks, pushData }) => {
      await pushData({ url: response.url, title: $('title').text(), price: $('.price').text() });
      await enqueueLinks();
    },
  });
  const retiredIds: string[] = [];
  pool.events.on('sessionRetired', ({ session }) => retiredIds.push(session.id));
  const progress = await CrawlProgress.of({ queue, pool, maxRequests: PAGES });
  using interruption = new Interruption({
    onFirst: () => crawler.stop(),
    onSecond: () => display.stop(),
  });
  display.print(`Crawling a site of ${PAGES} pages through ${PROXIES} proxies, seed ${seed}`);
  display.start(() => progress.read(crawler.stats));
  try {
    await crawler.run([world.startUrl]);
  } finally {
    display.stop();
  }
  if (interruption.exitCode !== null) return interruption.exitCode;
  const crawledUrls: string[] = [];
  for await (const { url } of dataset.items()) crawledUrls.push(String(url));
  const start = new URL(world.startUrl);
  return judgeDemo({
    seed,
    statistics: crawler.stats,
    world: await world.report(),
    crawledUrls,
    expectedUrls: Array.from({ length: PAGES }, (_, page) => new URL(`${page + 1}`, start).href),
    attemptsByProxy,
    explained: mostTelling(pool, retiredIds),
  });
}

/** The story worth telling: of a session that served pages until the site refused it, if there is one. */
function mostTelling(pool: SessionPool, retiredIds: readonly string[]): SessionExplanation | null {
  const stories = retiredIds.flatMap((id) => pool.explain(id) ?? []);
  const worth = ({ retiredReason, timeline }: SessionExplanation): number =>
    Number(retiredReason === 'blocked') +
    Number(timeline.some(({ event }) => event === 'ok')) +
    Number(timeline.at(-1)?.status === 403);
  return stories.toSorted((a, b) => worth(b) - worth(a))[0] ?? null;
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}
