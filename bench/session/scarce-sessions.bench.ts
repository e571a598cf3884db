// Workers that share a pool: what a request costs the server where each session goes back after its use, since there
// are fewer sessions than workers, and where they stay in hand.
import { createClient } from '@redis/client';
import { systemClock } from '../../src/core/clock.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../../test/support/redis-server.ts';
import { compare, type Readings, size } from '../report.ts';

const WORKERS = 8;
const PAGE_MS = 20;
const REQUESTS = size(4_000, 100);
/** Inherited by the process of each subject. */
const ADDRESS = 'TROUPE_BENCH_REDIS';

const server = process.env[ADDRESS] ? undefined : await RedisServer.start();
process.env[ADDRESS] ??= server?.url;
const url = process.env[ADDRESS] as string;

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
      'half as many sessions': () => crawl(WORKERS / 2),
      'one session': () => crawl(1, REQUESTS / 10),
      [kept]: () => crawl(WORKERS),
    },
  },
);
await server?.stop();

async function crawl(maxPoolSize: number, requests = REQUESTS): Promise<Readings> {
  const client = createClient({ url });
  await client.connect();
  await client.flushAll();
  await using storage = new RedisStorage({ url });
  const limits = { maxUsageCount: Number.POSITIVE_INFINITY, maxAgeSecs: 3600 };
  const pools = await Promise.all(
    Array.from({ length: WORKERS }, () =>
      SessionPool.open({ storage, maxPoolSize, sessionOptions: limits }),
    ),
  );
  try {
    await client.configResetStat();
    const cpuBefore = cpuUs(String(await client.info('cpu')));
    const start = performance.now();
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
    await Promise.all(pools.map(work));
    const secs = (performance.now() - start) / 1000;
    const stats = String(await client.info('commandstats'));
    const [, calls, usecs] = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(stats) ?? [];
    return {
      'requests/s': requests / secs,
      'calls a request': Number(calls) / requests,
      'script µs a request': Number(usecs) / requests,
      'CPU µs a request': (cpuUs(String(await client.info('cpu'))) - cpuBefore) / requests,
      'ms to wait': waitedMs / requests,
    };
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
    await client.close();
  }
}

function cpuUs(info: string): number {
  const secs = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, text]) =>
    Number(text),
  );
  return secs.reduce((sum, value) => sum + value, 0) * 1e6;
}
