import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { SeededRandom } from '../../src/core/random.ts';
import type { SessionPoolOptions } from '../../src/session/pool-options.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../support/redis-server.ts';
import { quietLog } from '../support/session-pools.ts';

let server: RedisServer;
let clock: FakeClock;
let storage: RedisStorage;
let lines: string[];
let prefix = 0;
const opened: SessionPool[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  lines = [];
  clock = new FakeClock();
  storage = new RedisStorage({
    url: server.url,
    clock,
    prefix: `test${prefix++}`,
    log: quietLog(lines),
  });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.close()));
  await storage.close();
});

async function worker(options: SessionPoolOptions = {}): Promise<SessionPool> {
  const pool = await SessionPool.open({
    storage,
    clock,
    random: new SeededRandom(opened.length + 1),
    log: quietLog(lines),
    ...options,
  });
  opened.push(pool);
  return pool;
}

it('lends no session to two workers at once', async () => {
  const [one, other] = [await worker(), await worker()];
  const leases = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).lease()),
  );
  expect(new Set(leases.map(({ session }) => session.id)).size).toBe(20);
});

it('never has more sessions than maxPoolSize in all workers together', async () => {
  const pools = [await worker({ maxPoolSize: 3 }), await worker({ maxPoolSize: 3 })];
  const leases = await Promise.all(pools.map((pool) => pool.lease()));
  const third = await Promise.race(pools.map((pool) => pool.lease()));
  expect(new Set([...leases, third].map(({ session }) => session.id)).size).toBe(3);
});
