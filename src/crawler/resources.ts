import path from 'node:path';
import { UndiciClient } from '../http/undici-client.ts';
import { RequestQueue } from '../queue/request-queue.ts';
import type { SessionPoolOptions } from '../session/pool-options.ts';
import { SessionPool } from '../session/session-pool.ts';
import type { Dataset } from '../storage/dataset.ts';
import { SqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../storage/storage.ts';
import type { BasicContext } from './context.ts';
import type { CrawlResources } from './crawl-parts.ts';
import type { ResolvedCrawlerOptions } from './crawler-options.ts';
import { type DefaultNames, takeDefaultNames } from './default-names.ts';

const DEFAULT_NAME = 'default';
/** Where a pool keeps its sessions unless it is told. */
const DEFAULT_POOL_KEY = 'SDK_SESSION_POOL_STATE';

/** Nowhere behind `random`, and ahead where proxies or the site are trouble; see docs/adaptive.md. */
const DEFAULT_SELECTION = 'adaptive';

/** What is open now. Each is opened at first need, and concurrent callers share one opening. */
interface Opened {
  storage?: Promise<Storage>;
  queue?: Promise<RequestQueue>;
  dataset?: Promise<Dataset>;
}

/**
 * Opens what a crawler was not given, and closes exactly that. May be used again after it was closed.
 * What an earlier process left under the names nobody chose is dropped first, unless the crawl is to resume or the
 * storage is shared.
 */
export class Resources<Context extends BasicContext> {
  readonly #options: ResolvedCrawlerOptions<Context>;
  #opened: Opened = {};
  #pool: SessionPool | undefined;
  #client: UndiciClient | undefined;
  #names: DefaultNames | undefined;
  #isLeftoverGone = false;
  #hasRun = false;

  constructor(options: ResolvedCrawlerOptions<Context>) {
    this.#options = options;
  }

  /** The pool in use, while there is one. */
  get pool(): SessionPool | undefined {
    return this.#pool ?? this.#options.sessionPool;
  }

  storage(): Promise<Storage> {
    this.#opened.storage ??= this.#openStorage();
    return this.#opened.storage;
  }

  dataset(): Promise<Dataset> {
    this.#opened.dataset ??= this.#openDataset();
    return this.#opened.dataset;
  }

  queue(): Promise<RequestQueue> {
    this.#opened.queue ??= this.#openQueue();
    return this.#opened.queue;
  }

  /** The queue for new work: what an earlier run of this crawler has finished is forgotten, so that it can be crawled again. */
  async queueForWork(): Promise<RequestQueue> {
    const queue = await this.queue();
    if (!this.#hasRun || this.#options.requestQueue || !(await queue.isFinished())) return queue;
    if ((await this.storage()).isShared) return queue;
    await queue.drop();
    delete this.#opened.queue;
    return this.queue();
  }

  async openForRun(): Promise<CrawlResources> {
    const options = this.#options;
    const queue = await this.queueForWork();
    // A queue of somebody else's making may know nothing of delays; then the crawl keeps them by itself.
    queue.keepApart?.(options.sameDomainDelaySecs);
    this.#hasRun = true;
    const storage = await this.storage();
    const dataset = await this.dataset();
    if (options.useSessionPool && !options.sessionPool) this.#pool = await this.#openPool(storage);
    const client = options.httpClient ?? this.#openClient();
    return {
      storage,
      queue,
      dataset,
      client,
      pool: options.useSessionPool ? this.pool : undefined,
    };
  }

  /** Writes what is pending and lets go. Idempotent. */
  async close(): Promise<void> {
    const { storage, queue } = this.#opened;
    const [pool, client, names] = [this.#pool, this.#client, this.#names];
    this.#opened = {};
    this.#pool = undefined;
    this.#client = undefined;
    this.#names = undefined;
    // What could not be opened needs no closing; whoever asked for it got the error.
    const ignore = (): undefined => undefined;
    if (!this.#options.requestQueue) await (await queue?.catch(ignore))?.close();
    await pool?.close();
    await client?.close();
    if (!this.#options.storage) await (await storage?.catch(ignore))?.close();
    names?.release();
  }

  async #openStorage(): Promise<Storage> {
    const { clock, log, requestQueue, resume } = this.#options;
    const place = defaultStoragePath();
    const storage: Storage =
      this.#options.storage ?? new SqliteStorage({ path: place, clock, log });
    if (requestQueue) return storage;
    // Whoever brings a queue of their own takes care of the rest, too.
    this.#names = takeDefaultNames(this.#options.storage ?? place);
    const isLeftover = !this.#isLeftoverGone && !resume && !storage.isShared;
    this.#isLeftoverGone = true;
    if (isLeftover) await this.#dropLeftovers(storage, this.#names);
    return storage;
  }

  async #dropLeftovers(storage: Storage, { queueName, isFirst }: DefaultNames): Promise<void> {
    await (await storage.openRequestStore(queueName)).drop();
    if (!isFirst) return;
    await (await storage.openDataset(DEFAULT_NAME)).drop();
    const { persistStateKey, persistStateKeyValueStoreId } = this.#options.sessionPoolOptions ?? {};
    if (persistStateKey !== undefined || persistStateKeyValueStoreId !== undefined) return;
    await (await storage.openSessionStore(DEFAULT_POOL_KEY)).drop();
  }

  async #openDataset(): Promise<Dataset> {
    return this.#options.dataset ?? (await this.storage()).openDataset(DEFAULT_NAME);
  }

  async #openQueue(): Promise<RequestQueue> {
    const { clock, log, requestQueue, sameDomainDelaySecs } = this.#options;
    if (requestQueue) return requestQueue;
    const storage = await this.storage();
    const name = this.#names?.queueName ?? DEFAULT_NAME;
    return RequestQueue.open({ storage, name, clock, log, sameDomainDelaySecs });
  }

  #openPool(storage: Storage): Promise<SessionPool> {
    const { clock, random, log, proxyConfiguration, sessionPoolOptions } = this.#options;
    return SessionPool.open({
      selection: DEFAULT_SELECTION,
      storage,
      clock,
      random,
      log,
      ...(proxyConfiguration ? { proxyConfiguration } : {}),
      ...sessionPoolOptions,
    } as SessionPoolOptions);
  }

  #openClient(): UndiciClient {
    this.#client = new UndiciClient({ clock: this.#options.clock });
    return this.#client;
  }
}

function defaultStoragePath(): string {
  return path.resolve(process.env['TROUPE_STORAGE_DIR'] ?? 'storage', 'troupe.sqlite');
}
