import { expect, it } from 'vitest';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';

const URL = 'https://site.example/';
const WORKERS = 10;
/** Requests that the site lets one address send in a second. */
const LIMIT = 20;
const SECS = 40;

it('ten adaptive workers stay together under one learnt rate', async () => {
  await using server = await RedisServer.start();
  await using fleet = new Fleet(server.url);
  const pools = await Promise.all(
    Array.from({ length: WORKERS }, () =>
      fleet.join({
        selection: 'adaptive',
        maxPoolSize: 40,
        sessionOptions: { maxUsageCount: 1_000_000, maxConcurrency: 10 },
      }),
    ),
  );
  // Until each has heard of all.
  await fleet.pass(1100);
  const sentAt: number[] = [];
  let isOver = false;
  /** One address for all: the site counts what came from it in the last second. */
  const answer = (): 'ok' | 'throttled' => {
    const now = fleet.clock.now();
    const lately = sentAt.filter((at) => at > now - 1000).length;
    sentAt.push(now);
    return lately >= LIMIT ? 'throttled' : 'ok';
  };
  const results: { at: number; kind: 'ok' | 'throttled' }[] = [];
  const crawl = async (pool: SessionPool): Promise<void> => {
    while (!isOver) {
      const lease = await pool.lease({ url: URL });
      await fleet.clock.sleep(20);
      const kind = answer();
      results.push({ at: fleet.clock.now(), kind });
      lease.report({ kind, ...(kind === 'throttled' ? { status: 429 } : { status: 200 }) });
    }
  };
  const began = fleet.clock.now();
  const crawls = pools.flatMap((pool) => [crawl(pool), crawl(pool)]);
  for (const ended of crawls) ended.catch(() => {});
  await fleet.pass(SECS * 1000);
  isOver = true;
  const late = results.filter(({ at }) => at > began + (SECS * 1000) / 2);
  const rates = pools.map((pool) => pool.explainOrigin(URL)?.pacing.rate ?? Number.NaN);
  expect(Math.max(...rates) / Math.min(...rates)).toBeLessThan(1.05);
  const perSecond = late.length / (SECS / 2);
  expect(perSecond).toBeGreaterThan(LIMIT / 2);
  expect(perSecond).toBeLessThanOrEqual(LIMIT);
  // A pace hears of a limit by meeting it now and then.
  const throttled = late.filter(({ kind }) => kind === 'throttled');
  expect(throttled.length).toBeLessThanOrEqual(late.length / 100);
});
