import { TroupeError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AddedRequestInfo } from '../queue/request-adder.ts';
import type { RequestQueue } from '../queue/request-queue.ts';
import type { RequestSources } from '../queue/request-source.ts';
import type { SessionPool } from '../session/session-pool.ts';
import type { Dataset, DatasetItem, DatasetPage } from '../storage/dataset.ts';
import type { BasicContext, CrawlerControls } from './context.ts';
import { Crawl } from './crawl.ts';
import type { CrawlParts } from './crawl-parts.ts';
import type { ResolvedCrawlerOptions } from './crawler-options.ts';
import { hookTools } from './hook-tools.ts';
import { OriginPacer } from './origin-pacer.ts';
import type { PageKind } from './page-kind.ts';
import { RequestHistory } from './request-history.ts';
import { Resources } from './resources.ts';
import { robotsFor } from './robots-fetch.ts';
import { createRouter, type Handler, type Router } from './router.ts';
import { SessionSender } from './session-sender.ts';
import { type CrawlStatistics, type SessionCounts, Statistics } from './statistics.ts';

/**
 * What all crawlers have in common: they run, stop, take requests and give results. One run at a time; a run after
 * a finished one begins anew, a run after a stopped one goes on. What was passed in is borrowed and stays open.
 */
export abstract class Crawler<Context extends BasicContext>
  implements CrawlerControls, AsyncDisposable
{
  /** Handles requests when no `requestHandler` was given. */
  readonly router: Router<Context> = createRouter<Context>();
  readonly log: Log;
  readonly #options: ResolvedCrawlerOptions<Context>;
  readonly #kind: PageKind<Context>;
  readonly #handler: Handler<Context>;
  readonly #resources: Resources<Context>;
  #crawl: Crawl<Context> | undefined;
  #running: Promise<CrawlStatistics> | undefined;
  #statistics: Statistics | undefined;
  #lastReport: CrawlStatistics | undefined;
  #isStopWanted = false;
  #takeBackTools: (() => void) | undefined;

  /** For subclasses: checked options, and how their pages are opened. */
  protected constructor(options: ResolvedCrawlerOptions<Context>, kind: PageKind<Context>) {
    this.log = options.log;
    this.#options = options;
    this.#kind = kind;
    this.#handler = options.requestHandler ?? this.router;
    this.#resources = new Resources(options);
  }

  /** Counts of the present run, or of the last one. */
  get stats(): CrawlStatistics {
    if (this.#running && this.#statistics) return this.#statistics.report(this.#sessionCounts());
    return this.#lastReport ?? new Statistics(this.#options.clock).report(undefined);
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Requests in flight, and how many there may be now. */
  get concurrency(): { readonly current: number; readonly desired: number } {
    return this.#crawl?.concurrency ?? { current: 0, desired: 0 };
  }

  /** The pool in use while the crawler runs, or the one that was given. */
  get sessionPool(): SessionPool | undefined {
    return this.#resources.pool;
  }

  /**
   * Crawls until the queue is empty, or a limit, `stop()` or the signal ends it. Resolves with what it came to.
   *
   * @throws TroupeError `TROUPE_ALREADY_RUNNING`; `TROUPE_STALLED`; what the storage throws; what a handler throws
   * that is meant to end the crawl. The queue keeps what is left, in every case.
   */
  async run(startRequests: RequestSources = []): Promise<CrawlStatistics> {
    if (this.#running) {
      throw new TroupeError('TROUPE_ALREADY_RUNNING', 'The crawler is running already');
    }
    this.#isStopWanted = false;
    this.#running = this.#run(startRequests);
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
      this.#crawl = undefined;
    }
  }

  /** Lets what is in flight finish, then ends the run; what is left stays in the queue. */
  stop(): void {
    this.#isStopWanted = true;
    this.#crawl?.stop();
  }

  /** Ends the run at once: handlers see their `signal` aborted, and their requests go back to the queue. */
  async teardown(): Promise<void> {
    this.#isStopWanted = true;
    this.#crawl?.tearDown();
    await this.#running?.catch(() => {});
    await this.#resources.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.teardown();
  }

  /** Adds requests before or while it runs. Durable when it resolves. @throws OptionError */
  async addRequests(
    requests: RequestSources,
    options: { forefront?: boolean } = {},
  ): Promise<AddedRequestInfo[]> {
    const queue = this.#running
      ? await this.#resources.queue()
      : await this.#resources.queueForWork();
    return queue.addRequests(requests, options);
  }

  /** The queue in use. What is opened outside a run stays open until the next run ends, or `teardown()`. */
  getRequestQueue(): Promise<RequestQueue> {
    return this.#resources.queue();
  }

  /** The crawl's dataset, or another by name. Otherwise as {@link Crawler.getRequestQueue}. */
  async getDataset(name?: string): Promise<Dataset> {
    if (name === undefined) return this.#resources.dataset();
    return (await this.#resources.storage()).openDataset(name);
  }

  async pushData(items: DatasetItem | readonly DatasetItem[], datasetName?: string): Promise<void> {
    await (await this.getDataset(datasetName)).pushData(items);
  }

  async getData(options?: { offset?: number; limit?: number }): Promise<DatasetPage> {
    return (await this.getDataset()).getData(options);
  }

  async #run(startRequests: RequestSources): Promise<CrawlStatistics> {
    const { signal } = this.#options;
    const onAbort = (): void => this.stop();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#kind.prepare();
      const parts = await this.#openParts();
      await this.#kind.begin?.(parts.pool);
      this.#takeBackTools = parts.pool?.lendTools(hookTools(parts.client, this.#kind));
      this.#crawl = new Crawl(parts);
      if (this.#isStopWanted || signal?.aborted) this.#crawl.stop();
      await this.#crawl.run(startRequests);
    } catch (error) {
      await this.#finish().catch((late) => this.log.exception(late, 'Closing failed too'));
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    return this.#finish();
  }

  async #finish(): Promise<CrawlStatistics> {
    const statistics = this.#statistics ?? new Statistics(this.#options.clock);
    statistics.stop();
    this.#takeBackTools?.();
    this.#takeBackTools = undefined;
    await this.#kind.end?.();
    this.#lastReport = statistics.report(this.#sessionCounts());
    await this.#resources.close();
    return this.#lastReport;
  }

  async #openParts(): Promise<CrawlParts<Context>> {
    const options = this.#options;
    const resources = await this.#resources.openForRun();
    const statistics = new Statistics(options.clock, this.#sessionCounts());
    this.#statistics = statistics;
    const sender = new SessionSender(resources.client, options);
    return {
      ...resources,
      options,
      statistics,
      sender,
      kind: this.#kind,
      handler: this.#handler,
      controls: this,
      pacer: new OriginPacer({
        ...options,
        sameDomainDelaySecs: ownDelaySecs(options, resources.queue),
      }),
      history: new RequestHistory(options.retrySession),
      robots: robotsFor(options, sender, resources.pool),
      directLane: isAllDirect(options, resources.pool)
        ? (site) => site
        : (site) => `direct ${site}`,
    };
  }

  #sessionCounts(): SessionCounts | undefined {
    const { pool } = this.#resources;
    return pool && { created: pool.createdSessionsCount, retiredByReason: pool.retiredByReason };
  }
}

/** What this process must see to by itself: the queue keeps its requests apart for all workers, if it can. */
function ownDelaySecs(
  { sameDomainDelaySecs }: { readonly sameDomainDelaySecs: number },
  queue: RequestQueue,
): number {
  return queue.sameDomainDelaySecs >= sameDomainDelaySecs ? 0 : sameDomainDelaySecs;
}

/** Whether no request can have a proxy. */
function isAllDirect<Context extends BasicContext>(
  { proxyConfiguration, sessionPool, sessionPoolOptions }: ResolvedCrawlerOptions<Context>,
  pool: SessionPool | undefined,
): boolean {
  if (proxyConfiguration) return false;
  if (!pool) return true;
  if (sessionPool || sessionPoolOptions?.proxyConfiguration) return false;
  if (sessionPoolOptions?.createSessionFunction || sessionPoolOptions?.sessionOptions?.proxyInfo) {
    return false;
  }
  // Sessions of an earlier run keep the proxies they had.
  for (const session of pool.sessions) if (session.proxyInfo) return false;
  return true;
}
