import type { Log as EngineLog } from '../../core/log.ts';
import type { BasicContext } from '../../crawler/context.ts';
import type { Crawler as EngineCrawler } from '../../crawler/crawler.ts';
import type { BasicCrawlerOptions as EngineOptions } from '../../crawler/crawler-options.ts';
import type { CrawlStatistics } from '../../crawler/statistics.ts';
import type { ProxyConfiguration as EngineProxies } from '../../proxy/proxy-configuration.ts';
import type { Request } from '../../queue/request.ts';
import { RequestQueue as EngineQueue } from '../../queue/request-queue.ts';
import { MemoryStorage } from '../../storage/memory/memory-storage.ts';
import { actorRun, type Ending } from '../actor-run.ts';
import { log } from '../log.ts';
import type { ProxyConfiguration } from '../proxy/proxy-configuration.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { RequestList } from '../request-list.ts';
import { engineQueueOf, type RequestQueue } from '../request-queue.ts';
import type { Session } from '../session.ts';
import { enginePoolOf, openSessionPool, type SessionPool } from '../session-pool.ts';
import { AutoscaledPool } from './autoscaled-pool.ts';
import { definedOnly, type ResolvedCrawlerOptions } from './crawler-options.ts';

/** What every handler and hook gets. The function arguments need no `this`. */
export interface CrawlingContext<Crawler = unknown> {
  readonly request: Request;
  /** Not there with `useSessionPool: false`. */
  readonly session: Session;
  /** Not there without proxies. */
  readonly proxyInfo: ProxyInfo;
  readonly crawler: Crawler;
  readonly autoscaledPool: AutoscaledPool;
}

/** The options of the engine that all kinds share. */
export type SharedOptions = Pick<
  EngineOptions,
  | 'requestQueue'
  | 'storage'
  | 'useSessionPool'
  | 'sessionPool'
  | 'proxyConfiguration'
  | 'maxRequestRetries'
  | 'maxRequestsPerCrawl'
  | 'minConcurrency'
  | 'maxConcurrency'
  | 'statusIntervalSecs'
  | 'log'
>;

/** The documented default of `maxConcurrency`. */
export const MOST_AT_ONCE = 1000;
const HANDED_OVER_AT_ONCE = 500;

/** Maps the documented crawler onto one of the engine's, made anew for each run. */
export abstract class Crawler<Context extends CrawlingContext, EngineContext extends BasicContext>
  implements Ending
{
  readonly log: EngineLog;
  readonly requestList: RequestList | undefined;
  readonly requestQueue: RequestQueue | EngineQueue | undefined;
  readonly proxyConfiguration: ProxyConfiguration | undefined;
  /** The pool in use, or that of the last run. */
  sessionPool: SessionPool | undefined;
  /** Of the present run, or the last one. */
  autoscaledPool: AutoscaledPool | undefined;
  readonly #options: ResolvedCrawlerOptions<never>;
  readonly #name: string;
  #engine: EngineCrawler<EngineContext> | undefined;

  protected constructor(options: ResolvedCrawlerOptions<never>, name: string) {
    this.log = log.toEngine(name);
    this.requestList = options.requestList;
    this.requestQueue = options.requestQueue;
    this.proxyConfiguration = options.proxyConfiguration;
    this.#options = options;
    this.#name = name;
  }

  /** Counts of the present run, or the last one; zeros are `undefined` before the first. New name: the same. */
  get stats(): CrawlStatistics | undefined {
    return this.#engine?.stats;
  }

  /** Crawls until nothing is left. New name: the same, and it resolves with the statistics. */
  async run(): Promise<void> {
    const queue = await this.#openQueue();
    const pool = await this.#openPool();
    const engine = this.engineFor(this.#shared(queue, pool));
    this.#engine = engine;
    const { minConcurrency, maxConcurrency = MOST_AT_ONCE } = this.#options;
    this.autoscaledPool = new AutoscaledPool(engine, { min: minConcurrency, max: maxConcurrency });
    actorRun.enter(this);
    const onHandled = ({ request }: { request: Request }): void => this.#noteHandled(request);
    queue.on('requestHandled', onHandled);
    try {
      await engine.run(this.#isListAlone ? requestsOf(this.requestList) : []);
    } finally {
      queue.off('requestHandled', onHandled);
      actorRun.leave(this);
      await pool?.teardown();
      if (this.#isListAlone) await queue.close();
    }
  }

  /** Ends a run at once: what is in flight goes back to the queue. */
  async end(): Promise<void> {
    await this.#engine?.teardown();
  }

  /** The engine's crawler for one run. */
  protected abstract engineFor(shared: SharedOptions): EngineCrawler<EngineContext>;

  /** Gives a context of the engine its documented fields; hooks and handlers share the one object. */
  protected adopt(context: BasicContext): Context {
    const { crawler } = context;
    if ((crawler as unknown) === this) return context as unknown as Context;
    return Object.assign(context, {
      crawler: this,
      autoscaledPool: this.autoscaledPool,
      proxyInfo: context.proxyInfo ?? undefined,
    }) as unknown as Context;
  }

  /** The documented handler as the engine takes it. */
  protected failedRequestHandler(handle: ((inputs: never) => unknown) | undefined): {
    failedRequestHandler?: (context: BasicContext, error: Error) => unknown;
  } {
    if (!handle) return {};
    return {
      failedRequestHandler: (context, error) =>
        handle(Object.assign(this.adopt(context), { error }) as never),
    };
  }

  get #isListAlone(): boolean {
    return this.requestQueue === undefined;
  }

  async #openQueue(): Promise<EngineQueue> {
    const { requestList: list, requestQueue } = this;
    if (!requestQueue) return EngineQueue.open({ storage: new MemoryStorage(), log: this.log });
    const queue = engineQueueOf(requestQueue);
    if (list) await handOver(list, queue);
    return queue;
  }

  async #openPool(): Promise<SessionPool | undefined> {
    const { useSessionPool, sessionPoolOptions, proxyConfiguration } = this.#options;
    if (!useSessionPool) return undefined;
    const proxies = proxyConfiguration ? { proxyConfiguration } : {};
    this.sessionPool = await openSessionPool({ ...proxies, ...sessionPoolOptions });
    return this.sessionPool;
  }

  #shared(requestQueue: EngineQueue, pool: SessionPool | undefined): SharedOptions {
    const { maxRequestRetries, maxRequestsPerCrawl, minConcurrency } = this.#options;
    const { maxConcurrency, statusIntervalSecs, proxyConfiguration } = this.#options;
    return {
      requestQueue,
      storage: actorRun.storage(),
      useSessionPool: pool !== undefined,
      maxRequestRetries,
      minConcurrency,
      log: this.log,
      ...definedOnly({
        maxRequestsPerCrawl,
        maxConcurrency,
        statusIntervalSecs,
        sessionPool: pool && enginePoolOf(pool),
        // Where there is a pool, it has given each session its proxy.
        proxyConfiguration: pool ? undefined : (proxyConfiguration as unknown as EngineProxies),
      }),
    };
  }

  #noteHandled(request: Request): void {
    if (!this.#isListAlone) return;
    this.requestList?.markRequestHandled(request).catch((error) => {
      this.log.exception(error, `${this.#name} could not tell its list`);
    });
  }
}

async function* requestsOf(list: RequestList | undefined): AsyncGenerator<Request> {
  for (;;) {
    const request = await list?.fetchNextRequest();
    if (!request) return;
    yield request;
  }
}

/** Once they are in the queue, the list is done with them. */
async function handOver(list: RequestList, queue: EngineQueue): Promise<void> {
  let batch: Request[] = [];
  const flush = async (): Promise<void> => {
    await queue.addRequests(batch);
    for (const request of batch) await list.markRequestHandled(request);
    batch = [];
  };
  for await (const request of requestsOf(list)) {
    batch.push(request);
    if (batch.length >= HANDED_OVER_AT_ONCE) await flush();
  }
  await flush();
}
