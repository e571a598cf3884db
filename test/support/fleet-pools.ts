import { FakeClock } from '../../src/core/fake-clock.ts';
import { SeededRandom } from '../../src/core/random.ts';
import type { SessionPoolOptions } from '../../src/session/pool-options.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { quietLog } from './session-pools.ts';

/** Some of what is sent follows from an answer. */
const ROUNDS = 3;
/** So much time passes at once. */
const STEP_MS = 50;

let fleetsCount = 0;

/** Workers that share one pool on a real Redis, whose leases follow a clock that stands still until it is moved. */
export class Fleet {
  readonly clock: FakeClock = new FakeClock();
  readonly log: string[] = [];
  readonly #url: string;
  readonly #prefix = `fleet${fleetsCount++}`;
  readonly #storages: RedisStorage[] = [];
  readonly #others: RedisStorage[] = [];
  readonly #pools: SessionPool[] = [];
  #seed = 1;

  constructor(url: string) {
    this.#url = url;
  }

  /** Each with a connection of its own. `clock` is the worker's own, where it is not the server's. */
  async join(
    options: SessionPoolOptions = {},
    storage: RedisStorage = this.storage(),
  ): Promise<SessionPool> {
    const pool = await SessionPool.open({
      storage,
      clock: this.clock,
      random: new SeededRandom(this.#seed++),
      log: quietLog(this.log),
      ...options,
    });
    this.#pools.push(pool);
    return pool;
  }

  storage(): RedisStorage {
    const storage = this.#open(this.#url);
    this.#storages.push(storage);
    return storage;
  }

  /** By a way that may be closed: nobody waits for its answers. */
  storageVia(url: string): RedisStorage {
    const storage = this.#open(url);
    this.#others.push(storage);
    return storage;
  }

  /** Moves the clock on, a bit at a time, until something has happened; what goes to the server and back takes no time of it. */
  async until<T>(
    wanted: Promise<T>,
    { withinMs = 60_000 }: { withinMs?: number } = {},
  ): Promise<T> {
    let isDone = false;
    const done = wanted.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    for (let passed = 0; !isDone && passed <= withinMs; passed += STEP_MS) {
      await this.answers();
      if (!isDone) await this.clock.advance(STEP_MS);
    }
    if (!isDone) throw new Error(`It has not happened within ${withinMs} ms of the fleet's clock`);
    return done;
  }

  /** Time passes, and what is due meanwhile is done. */
  async pass(ms: number, stepMs: number = STEP_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advance(Math.min(stepMs, ms - passed));
      await this.answers();
    }
  }

  /** What has been sent to the server until now is answered, and what follows from it is on its way. */
  async answers(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        this.#storages.map(async (storage) => {
          await (await storage.openKeyValueStore('answers')).getValue('any');
        }),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()));
    await Promise.all([...this.#storages, ...this.#others].map((storage) => storage.close()));
  }

  #open(url: string): RedisStorage {
    return new RedisStorage({
      url,
      clock: this.clock,
      prefix: this.#prefix,
      log: quietLog(this.log),
    });
  }
}
