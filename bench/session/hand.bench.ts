// Sessions of a fleet: picks inside a hand beside a pool that has no storage, and a pool that is smaller than its fleet.
import type { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../../test/support/redis-server.ts';
import { compare, type Readings, size } from '../report.ts';
import { openPool } from './pools.ts';

const SESSIONS = 1_000;
const USES = size(1_000_000, 20_000);
const TURNS = size(400, 40);
/** Inherited by the process of each subject. */
const ADDRESS = 'TROUPE_BENCH_REDIS';

const server = process.env[ADDRESS] ? undefined : await RedisServer.start();
process.env[ADDRESS] ??= server?.url;
const url = process.env[ADDRESS] as string;

await compare('lease and a good mark, pool of 1,000', {
  columns: { 'uses/s': 'more' },
  against: 'no storage',
  goal: 'no measurable difference',
  subjects: {
    'in a hand': () => withStorage((storage) => picks(storage)),
    'no storage': () => picks(undefined),
  },
});

await compare('one session and two workers, who each take it for one request', {
  columns: { 'uses/s': 'more' },
  against: 'one worker alone',
  subjects: {
    'two workers': () => withStorage((storage) => turns(storage, 2)),
    'one worker alone': () => withStorage((storage) => turns(storage, 1)),
  },
});

await server?.stop();

async function picks(storage: RedisStorage | undefined): Promise<Readings> {
  const pool = await openPool(SESSIONS, storage);
  for (let index = 0; index < SESSIONS; index++) await pool.addSession();
  const use = async (uses: number): Promise<void> => {
    for (let index = 0; index < uses; index++) (await pool.lease()).report({ kind: 'ok' });
  };
  await use(USES / 10);
  const began = performance.now();
  await use(USES);
  const readings = { 'uses/s': USES / ((performance.now() - began) / 1_000) };
  await pool.close();
  return readings;
}

async function turns(storage: RedisStorage, workers: number): Promise<Readings> {
  const pools = await Promise.all(Array.from({ length: workers }, () => openPool(1, storage)));
  let left = TURNS;
  const work = async (pool: SessionPool): Promise<void> => {
    while (left-- > 0) (await pool.lease()).report({ kind: 'ok' });
  };
  const began = performance.now();
  await Promise.all(pools.map((pool) => work(pool)));
  const readings = { 'uses/s': TURNS / ((performance.now() - began) / 1_000) };
  await Promise.all(pools.map((pool) => pool.close()));
  return readings;
}

async function withStorage(
  measure: (storage: RedisStorage) => Promise<Readings>,
): Promise<Readings> {
  await using storage = new RedisStorage({ url, prefix: `bench${process.pid}` });
  return await measure(storage);
}
