import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Crawls, LATENCY_MS, PARALLEL, SITE, WORKERS, workers } from '../support/fleet-crawls.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisRelay } from '../support/redis-relay.ts';
import { RedisServer } from '../support/redis-server.ts';

/** Of all workers together, with nothing in their way. */
const PER_SECOND = (WORKERS * PARALLEL * 1000) / LATENCY_MS;
const LONGEST_PROBE_MS = 30_000;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

describe('a site that is down, to ten workers of one pool', () => {
  it('gets hardly more requests in ten minutes than from one, and all go on soon after', async () => {
    await using fleet = new Fleet(server.url);
    const crawls = new Crawls(fleet, await workers(fleet));
    await fleet.pass(5000, LATENCY_MS);
    crawls.answer = () => ({ kind: 'target' });
    const before = crawls.sent.length;
    await fleet.pass(6000, LATENCY_MS);
    await fleet.pass(594_000, 4000);
    // The first twenty were on their way; then some twenty probes of all together.
    expect(crawls.sent.length - before).toBeLessThan(80);
    crawls.answer = () => ({ kind: 'ok' });
    const endedAt = fleet.clock.now();
    await fleet.pass(LONGEST_PROBE_MS + 10_000, 200);
    for (const worker of crawls.workers) {
      expect(
        crawls.sentBy(worker).some((at) => at > endedAt && at < fleet.clock.now() - 3000),
      ).toBe(true);
    }
    const lately = crawls.sent.filter(({ at }) => at > fleet.clock.now() - 2000);
    expect(lately.length).toBeGreaterThan(0.9 * 2 * PER_SECOND);
    expect(crawls.retiredCount).toBe(0);
    crawls.stop();
  });

  it('costs no session, though it turns everybody away', async () => {
    await using fleet = new Fleet(server.url);
    const crawls = new Crawls(fleet, await workers(fleet));
    await fleet.pass(5000, LATENCY_MS);
    crawls.answer = () => ({ kind: 'blocked', status: 403 });
    await fleet.pass(5000);
    await fleet.pass(85_000, 2500);
    crawls.answer = () => ({ kind: 'ok' });
    await fleet.pass(LONGEST_PROBE_MS + 10_000, 500);
    expect(crawls.retiredCount).toBe(0);
    crawls.stop();
  });

  it('is not down because one worker has no network', async () => {
    await using fleet = new Fleet(server.url);
    const crawls = new Crawls(fleet, await workers(fleet));
    await fleet.pass(5000, LATENCY_MS);
    crawls.answer = (worker) => ({ kind: worker === 0 ? 'target' : 'ok' });
    const before = crawls.sent.length;
    await fleet.pass(20_000, LATENCY_MS);
    const sent = crawls.sent.slice(before);
    const ofHealthy = sent.filter(({ worker }) => worker > 0).length;
    expect(ofHealthy).toBeGreaterThan(0.9 * 20 * PER_SECOND * ((WORKERS - 1) / WORKERS));
    expect(sent.length - ofHealthy).toBeLessThan(40);
    crawls.answer = () => ({ kind: 'ok' });
    const endedAt = fleet.clock.now();
    await fleet.pass(LONGEST_PROBE_MS + 5000, 250);
    expect(crawls.sentBy(0).filter((at) => at > endedAt).length).toBeGreaterThan(20);
    crawls.stop();
  });
});

it('a site that is down is not up again by what a worker that was cut off tells late', async () => {
  await using relay = await RedisRelay.start(server.port);
  await using fleet = new Fleet(server.url);
  const [busy, idle] = (await workers(fleet, { count: 2 })) as [SessionPool, SessionPool];
  const cut = await fleet.join({ selection: 'adaptive' }, fleet.storageVia(relay.url));
  const states: string[] = [];
  idle.events.on('originStateChanged', ({ state }) => states.push(state));
  const crawls = new Crawls(fleet, [busy]);
  const use = async (pool: SessionPool) =>
    (await fleet.until(pool.lease({ url: SITE }))).report({ kind: 'ok' });
  await use(idle);
  await use(cut);
  await fleet.pass(5000, LATENCY_MS);
  // Of this it tells when it is heard again, a quarter of a minute later.
  await use(cut);
  relay.stall();
  await fleet.pass(1000, LATENCY_MS);
  crawls.answer = () => ({ kind: 'target' });
  await fleet.pass(15_000, LATENCY_MS);
  expect(states).toEqual(['open']);
  relay.resume();
  await fleet.pass(5000, LATENCY_MS);
  expect(fleet.log.join('\n')).toMatch(/did not hear of this worker/);
  expect(states).toEqual(['open']);
  crawls.stop();
});

it('a URL that is blocked on a session of each worker costs none of them', async () => {
  await using fleet = new Fleet(server.url);
  const pools = (await workers(fleet)).slice(0, 6);
  for (let page = 0; page < 30; page++) {
    const leases = await fleet.until(
      Promise.all(pools.map((pool) => pool.lease({ url: `${SITE}${page}` }))),
    );
    for (const lease of leases) lease.report({ kind: 'ok', status: 200 });
  }
  const blame = async (pool: SessionPool): Promise<string> => {
    const lease = await fleet.until(pool.lease({ url: `${SITE}forbidden` }));
    return lease.report({ kind: 'blocked', status: 403 });
  };
  for (const pool of pools) {
    expect(await blame(pool)).toBe('none');
    await fleet.pass(100);
  }
  await fleet.pass(2500);
  expect(await blame(pools[0] as SessionPool)).toBe('url');
  // Longer than a quarantine lasts.
  await fleet.pass(65_000, 2500);
  expect(pools.map((pool) => pool.retiredSessionsCount)).toEqual([0, 0, 0, 0, 0, 0]);
});

describe('proxies that fail, to ten workers of one pool', () => {
  const isOdd = (proxy: number): boolean => proxy % 2 === 1;

  async function triesOf(count: number): Promise<{ dead: number; good: number }> {
    await using fleet = new Fleet(server.url);
    const crawls = new Crawls(
      fleet,
      await workers(fleet, { count, proxies: 50, uses: 10, places: 50 }),
    );
    crawls.answer = (_, proxy) => ({ kind: isOdd(proxy) ? 'proxy' : 'ok' });
    await fleet.pass(40_000, LATENCY_MS);
    crawls.stop();
    const dead = crawls.sent.filter(({ proxy }) => isOdd(proxy)).length;
    return { dead, good: crawls.sent.length - dead };
  }

  it('cost less than twice as many tries as from one alone', async () => {
    const alone = await triesOf(1);
    const together = await triesOf(WORKERS);
    expect(alone.dead).toBeGreaterThanOrEqual(20);
    expect(together.dead).toBeLessThan(2 * alone.dead);
    expect(together.good).toBeGreaterThan(0.95 * WORKERS * alone.good);
  });

  it('are used again by all within thirty seconds after they work', async () => {
    await using fleet = new Fleet(server.url);
    const few = { proxies: 2, uses: 10, places: 40 };
    const crawls = new Crawls(fleet, await workers(fleet, few));
    await fleet.pass(10_000, LATENCY_MS);
    crawls.answer = (_, proxy) => ({ kind: isOdd(proxy) ? 'proxy' : 'ok' });
    await fleet.pass(10_000, LATENCY_MS);
    crawls.answer = () => ({ kind: 'ok' });
    await fleet.pass(30_000, LATENCY_MS);
    // Nobody has any other from here on.
    crawls.answer = (_, proxy) => ({ kind: isOdd(proxy) ? 'ok' : 'proxy' });
    await fleet.pass(5000, LATENCY_MS);
    const before = crawls.sent.length;
    await fleet.pass(5000, LATENCY_MS);
    const again = crawls.sent.slice(before).filter(({ proxy }) => isOdd(proxy));
    expect(new Set(again.map(({ worker }) => worker)).size).toBe(WORKERS);
    expect(again.length).toBeGreaterThan(0.8 * 5 * PER_SECOND);
    crawls.stop();
  });

  it('are not taken for failing because one worker has no network', async () => {
    await using fleet = new Fleet(server.url);
    const crawls = new Crawls(fleet, await workers(fleet, { proxies: 50, uses: 10, places: 50 }));
    await fleet.pass(10_000, LATENCY_MS);
    crawls.answer = (worker) => ({ kind: worker === 0 ? 'proxy' : 'ok' });
    const before = crawls.sent.length;
    const toldBefore = await proxiesTold();
    await fleet.pass(10_000, LATENCY_MS);
    const others = crawls.sent.slice(before).filter(({ worker }) => worker > 0);
    expect(others.length).toBeGreaterThan(0.95 * 10 * PER_SECOND * ((WORKERS - 1) / WORKERS));
    const tried = crawls.sent.slice(before).filter(({ worker }) => worker === 0);
    expect(new Set(tried.map(({ proxy }) => proxy)).size).toBeGreaterThan(20);
    expect(await proxiesTold()).toBe(toldBefore);
    crawls.stop();
  });
});

/** By all workers of all pools so far. */
async function proxiesTold(): Promise<number> {
  const client = createClient({ url: server.url });
  await client.connect();
  const keys = await client.keys('*:proxies');
  const counts = await Promise.all(keys.map((key) => client.hLen(key)));
  await client.close();
  return counts.reduce((sum, count) => sum + count, 0);
}
