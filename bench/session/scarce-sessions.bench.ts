// Workers that share a pool: what a request costs the server where each session goes back after its use, since there
// are fewer sessions than workers, and where they stay in hand.
import type { createClient } from '@redis/client';
import { systemClock } from '../../src/core/clock.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { compare, type Readings, size } from '../report.ts';
import { MeasuredRedis, serverTimeOf } from '../storage/measured-redis.ts';

const WORKERS = 8;
const PAGE_MS = 20;
const REQUESTS = size(1_000, 100);

const redis = await MeasuredRedis.start();

const kept = 'as many sessions as workers';
await compare(
  `${WORKERS} workers, one page of ${PAGE_MS} ms at a time each: ${REQUESTS.toLocaleString('en-US')} leases`,
  {
    columns: {
      'requests/s': 'more',
      'calls a request': 'less',
      'script µs a request': 'less',
      'CPU µs a request': 'less',
      'ms to wait': 'less',
    },
    against: kept,
    subjects: {
      'half as many sessions': () => redis.empty((client) => crawl(client, WORKERS / 2)),
      'one session': () => redis.empty((client) => crawl(client, 1, REQUESTS / 10)),
      [kept]: () => redis.empty((client) => crawl(client, WORKERS)),
    },
  },
);
await redis.stop();

async function crawl(
  client: ReturnType<typeof createClient>,
  maxPoolSize: number,
  requests = REQUESTS,
): Promise<Readings> {
  await using storage = new RedisStorage({ url: redis.url });
  const sessionOptions = { maxUsageCount: Number.POSITIVE_INFINITY, maxAgeSecs: 3600 };
  const pools = await Promise.all(
    Array.from({ length: WORKERS }, () =>
      SessionPool.open({ storage, maxPoolSize, sessionOptions }),
    ),
  );
  let begun = 0;
  let waitedMs = 0;
  const work = async (pool: SessionPool): Promise<void> => {
    while (begun++ < requests) {
      const asked = performance.now();
      const lease = await pool.lease();
      waitedMs += performance.now() - asked;
      await systemClock.sleep(PAGE_MS);
      lease.report({ kind: 'ok' });
    }
  };
  const start = performance.now();
  const { cpuUs, commands } = await serverTimeOf(client, async () => {
    await Promise.all(pools.map(work));
  });
  const secs = (performance.now() - start) / 1000;
  await Promise.all(pools.map((pool) => pool.close()));
  const { calls = Number.NaN, us = Number.NaN } = commands.get('evalsha') ?? {};
  return {
    'requests/s': requests / secs,
    'calls a request': calls / requests,
    'script µs a request': us / requests,
    'CPU µs a request': cpuUs / requests,
    'ms to wait': waitedMs / requests,
  };
}
