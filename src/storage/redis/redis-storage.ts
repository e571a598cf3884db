import { systemClock } from '../../core/clock.ts';
import { systemRandom } from '../../core/random.ts';
import type { Dataset } from '../dataset.ts';
import type { KeyValueStore } from '../key-value-store.ts';
import { checkedName } from '../names.ts';
import type { RequestStore } from '../request-store.ts';
import type { SessionStore } from '../session-store.ts';
import type { Storage } from '../storage.ts';
import { FreshPushes } from './fresh-pushes.ts';
import { RedisDataset } from './redis-dataset.ts';
import { RedisKeyValueStore } from './redis-key-value-store.ts';
import { RedisLink } from './redis-link.ts';
import {
  type RedisStorageOptions,
  type ResolvedRedisOptions,
  resolveRedisOptions,
} from './redis-options.ts';
import { RedisRequestStore } from './redis-request-store.ts';
import { RedisSessionStore } from './redis-session-store.ts';
import { settleShards } from './settle-shards.ts';
import { StoreTime } from './store-time.ts';

export type { RedisStorageOptions } from './redis-options.ts';

/**
 * Keeps everything on a Redis (6.2 or later), a Valkey, or a Cluster of them, so that crawlers on many machines
 * share it; connected at first use. Each operation is atomic among all workers; on a queue of several shards, for each
 * shard by itself. What was acknowledged is as durable
 * as the server is set up to be: turn on its append-only file. While the server cannot be reached, or has no memory
 * left, operations wait, up to `maxOutageSecs`.
 *
 * @throws TroupeError `TROUPE_PEER_MISSING` at first use, without the package `@redis/client`
 */
export class RedisStorage implements Storage {
  readonly isShared = true;
  readonly #options: ResolvedRedisOptions;
  readonly #link: RedisLink;
  readonly #freshPushes: FreshPushes;

  /** @throws OptionError */
  constructor(options: RedisStorageOptions) {
    this.#options = resolveRedisOptions(options);
    this.#link = new RedisLink(this.#options);
    this.#freshPushes = new FreshPushes(this.#link, this.#options.ownClock);
  }

  async openKeyValueStore(name: string): Promise<KeyValueStore> {
    await this.#openFor(name);
    return new RedisKeyValueStore(name, this.#link, this.#options.prefix);
  }

  async openDataset(name: string): Promise<Dataset> {
    await this.#openFor(name);
    return new RedisDataset(name, this.#link, this.#options.prefix, this.#freshPushes);
  }

  async openRequestStore(name: string): Promise<RequestStore> {
    await this.#openFor(name);
    const { prefix, keepHandled, clock } = this.#options;
    const link = this.#link;
    const shards = await settleShards(link, prefix, name, this.#options.queueShards);
    const time = new StoreTime(systemClock, clock);
    const random = systemRandom;
    return new RedisRequestStore(name, { link, prefix, keepHandled, time, shards, random });
  }

  async openSessionStore(name: string): Promise<SessionStore> {
    await this.#openFor(name);
    const { prefix, clock } = this.#options;
    const time = new StoreTime(systemClock, clock);
    return new RedisSessionStore(name, { link: this.#link, prefix, time });
  }

  async close(): Promise<void> {
    await this.#freshPushes.restored();
    await this.#link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #openFor(name: string): Promise<void> {
    checkedName('name', name);
    await this.#link.open();
  }
}
