import { RequestQueue } from '../queue/request-queue.ts';
import { SessionPool } from '../session/session-pool.ts';
import { checkCrawlOptions, openProxies } from './crawl-checks.ts';
import type { CrawlOptions } from './crawl-options.ts';
import { CrawlRun } from './crawl-run.ts';
import { CrawlState } from './crawl-state.ts';
import { displayLog } from './display-log.ts';
import type { ExitCode } from './exit-code.ts';
import { OutcomeLogFile } from './outcome-log-file.ts';
import { ProgressDisplay } from './progress-display.ts';

/** A crawl that was killed is resumed soon after; what was in flight then waits for so long. */
const LOCK_SECS = 5;

/**
 * The `crawl` command. Items are kept in the crawl's storage, once a page however often it is tried, and
 * written to `-o` at the end, so that the file of a crawl that was interrupted and resumed holds each page once.
 *
 * @throws UsageError
 */
export async function crawl(urls: readonly string[], options: CrawlOptions): Promise<ExitCode> {
  await checkCrawlOptions(options);
  const display = new ProgressDisplay({ stream: process.stderr });
  const log = displayLog(display, 'warning');
  await using proxies = await openProxies(options.proxies, log);
  await using state = await CrawlState.open({
    directory: options.storage,
    isResumed: options.resume ?? false,
  });
  const { storage } = state;
  const dataset = await storage.openDataset('default');
  await using queue = await RequestQueue.open({ storage, log, lockSecs: LOCK_SECS });
  const proxyConfiguration = proxies;
  await using pool = await SessionPool.open({
    storage,
    log,
    ...(proxyConfiguration && { proxyConfiguration }),
  });
  await using _log =
    options.outcomeLog === undefined ? undefined : OutcomeLogFile.open(options.outcomeLog, pool);
  const run = await CrawlRun.prepare({ options, display, state, dataset, queue, pool });
  return await run.crawl(urls);
}
