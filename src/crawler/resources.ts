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

/**
 * Opens what a crawler was not given, and closes exactly that. May be opened again after it was closed.
 * What was left in the default queue and dataset by an earlier process is dropped at the first opening, unless
 * the crawl is to go on with it; what this crawler itself left unfinished is always gone on with.
 */
export class Resources<Context extends BasicContext> {
  readonly #options: ResolvedCrawlerOptions<Context>;
  #opening: Promise<CrawlResources> | undefined;
  #opened: CrawlResources | undefined;
  #names: DefaultNames | undefined;
  #isFirstOpening = true;

  constructor(options: ResolvedCrawlerOptions<Context>) {
    this.#options = options;
  }

  /** Concurrent calls share one opening. */
  open(): Promise<CrawlResources> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** The pool in use, while there is one. */
  get pool(): SessionPool | undefined {
    return this.#opened?.pool ?? this.#options.sessionPool;
  }

  /** Writes what is pending and lets go. Idempotent. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    if (!opening) return;
    const { queue, pool, client, storage } = await opening;
    const options = this.#options;
    this.#opened = undefined;
    if (!options.requestQueue) await queue.close();
    if (!options.sessionPool) await pool?.close();
    if (!options.httpClient) await client.close();
    if (!options.storage) await storage.close();
    this.#names?.release();
    this.#names = undefined;
  }

  async #open(): Promise<CrawlResources> {
    const options = this.#options;
    const storagePath = defaultStoragePath();
    const { clock, log } = options;
    const storage = options.storage ?? new SqliteStorage({ path: storagePath, clock, log });
    const queue = options.requestQueue ?? (await this.#openQueue(storage, storagePath));
    const dataset = options.dataset ?? (await this.#openDataset(storage));
    const pool = options.useSessionPool
      ? (options.sessionPool ?? (await this.#openPool(storage)))
      : undefined;
    const client = options.httpClient ?? new UndiciClient({ clock });
    this.#isFirstOpening = false;
    this.#opened = { storage, queue, dataset, pool, client };
    return this.#opened;
  }

  async #openQueue(storage: Storage, storagePath: string): Promise<RequestQueue> {
    this.#names = takeDefaultNames(this.#options.storage ?? storagePath);
    const { clock, log } = this.#options;
    const settings = { storage, name: this.#names.queueName, clock, log };
    const queue = await RequestQueue.open(settings);
    const isOver = await this.#isOver(queue);
    if (!isOver) return queue;
    await queue.drop();
    return RequestQueue.open(settings);
  }

  /** At the first opening an earlier process left the queue; later it is our own, of an earlier run. */
  async #isOver(queue: RequestQueue): Promise<boolean> {
    if (this.#isFirstOpening) return !this.#options.resume;
    return queue.isFinished();
  }

  async #openDataset(storage: Storage): Promise<Dataset> {
    const dataset = await storage.openDataset('default');
    const isLeftOver = this.#isFirstOpening && (this.#names?.isFirst ?? false);
    if (!isLeftOver || this.#options.resume) return dataset;
    await dataset.drop();
    return storage.openDataset('default');
  }

  #openPool(storage: Storage): Promise<SessionPool> {
    const { clock, random, log, proxyConfiguration, sessionPoolOptions } = this.#options;
    return SessionPool.open({
      storage,
      clock,
      random,
      log,
      ...(proxyConfiguration ? { proxyConfiguration } : {}),
      ...sessionPoolOptions,
    } as SessionPoolOptions);
  }
}

function defaultStoragePath(): string {
  return path.resolve(process.env['TROUPE_STORAGE_DIR'] ?? 'storage', 'troupe.sqlite');
}
