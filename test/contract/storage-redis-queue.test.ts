import { createClient } from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { systemRandom } from '../../src/core/random.ts';
import { Request } from '../../src/queue/request.ts';
import { RedisLink } from '../../src/storage/redis/redis-link.ts';
import { resolveRedisOptions } from '../../src/storage/redis/redis-options.ts';
import { RedisRequestStore } from '../../src/storage/redis/redis-request-store.ts';
import { StoreTime } from '../../src/storage/redis/store-time.ts';
import type { RequestRow } from '../../src/storage/request-store.ts';
import { claimedFrom } from '../support/claimed.ts';
import { RedisServer } from '../support/redis-server.ts';

type Client = ReturnType<typeof createClient>;

const HOUR_MS = 3_600_000;

let server: RedisServer;
let client: Client;
let link: RedisLink;
beforeAll(async () => {
  server = await RedisServer.start();
  client = createClient({ url: server.url });
  await client.connect();
  link = new RedisLink(resolveRedisOptions({ url: server.url }));
});
afterAll(async () => {
  await link.close();
  await client.close();
  await server.stop();
});
beforeEach(() => client.flushAll());

function storeOf(
  options: { clock?: FakeClock; keepHandled?: boolean; shards?: number } = {},
): RedisRequestStore {
  const { clock = systemClock, keepHandled = true, shards = 1 } = options;
  const time = new StoreTime(clock, undefined);
  const settings = { link, prefix: 'test', time, keepHandled, shards, random: systemRandom };
  return new RedisRequestStore('queue', settings);
}

/** Without what goes by itself within the minute that all claims here are locked for. */
async function lastingKeys(): Promise<string[]> {
  const lasting: string[] = [];
  for (const key of await client.keys('*')) {
    const restMs = await client.pTTL(key);
    if (restMs === -1 || restMs > 60_000) lasting.push(key);
  }
  return lasting.sort();
}

describe('a queue on Redis, by the server’s time', () => {
  it('keeps what is locked from workers whose clocks are wrong', async () => {
    const fast = new FakeClock(systemClock.now() + HOUR_MS);
    const slow = new FakeClock(systemClock.now() - HOUR_MS);
    const [one, other] = [storeOf({ clock: slow }), storeOf({ clock: fast })];
    await one.add(rows('a', 'b'));
    const [a] = await claimedFrom(one, 1, { now: slow.now(), lockMs: 60_000 });
    expect(await one.extend([{ id: 'a', fence: a?.fence ?? 0 }], slow.now() + 60_000)).toEqual([
      'a',
    ]);
    const claimed = await claimedFrom(other, 5, { now: fast.now(), lockMs: 60_000 });
    expect(claimed.map(({ id }) => id)).toEqual(['b']);
    expect(await other.counts(fast.now())).toMatchObject({ locked: 2 });
  });

  it('tells each worker by its own clock when something falls due', async () => {
    const fast = new FakeClock(systemClock.now() + HOUR_MS);
    const slow = new FakeClock(systemClock.now() - HOUR_MS);
    const [one, other] = [storeOf({ clock: slow }), storeOf({ clock: fast })];
    await one.add(rows('a'));
    const [a] = await claimedFrom(one, 1, { now: slow.now(), lockMs: 60_000 });
    const notBefore = slow.now() + 30_000;
    await one.giveBack([{ id: 'a', fence: a?.fence ?? 0, body: '{}', notBefore }]);
    for (const [store, clock] of [
      [one, slow],
      [other, fast],
    ] as const) {
      const waitMs = ((await store.nextDueAt()) ?? 0) - clock.now();
      expect(waitMs).toBeGreaterThan(20_000);
      expect(waitMs).toBeLessThanOrEqual(30_000);
    }
  });
});

describe('a queue on Redis', () => {
  it('finds a request wherever it stands, and tells when it is handled', async () => {
    const store = storeOf();
    const many = rows(...Array.from({ length: 2500 }, (_, index) => `r${index}`));
    await store.add(many);
    await store.add(rows('front'), { isForefront: true });
    expect(await store.get('r2499')).toEqual({ ...many[2499], isHandled: false });
    expect(await store.get('front')).toMatchObject({ id: 'front', isHandled: false });
    const [front] = await claimedFrom(store, 1, { now: 0, lockMs: 60_000 });
    expect(await store.get('front')).toMatchObject({ id: 'front', isHandled: false });
    await store.handle([{ id: 'front', fence: front?.fence ?? 0, body: '{"done":true}' }]);
    expect(await store.get('front')).toMatchObject({ body: '{"done":true}', isHandled: true });
    expect(await store.get('unknown')).toBeNull();
  });

  it('keeps nothing but the fingerprint of a handled request when it is told so', async () => {
    const store = storeOf({ keepHandled: false });
    await store.add(rows('a'));
    const [a] = await claimedFrom(store, 1, { now: 0, lockMs: 60_000 });
    await store.handle([{ id: 'a', fence: a?.fence ?? 0, body: '{}' }]);
    expect(await store.get('a')).toBeNull();
    expect(await store.add(rows('a'))).toEqual([
      { id: 'a', wasAlreadyPresent: true, wasAlreadyHandled: true },
    ]);
    expect(await lastingKeys()).toEqual([
      'test:{queue/0:queue}:meta',
      'test:{queue/0:queue}:seen:0:0',
    ]);
  });

  it('takes at most 100 bytes for a pending URL of 60 characters, and 10 of them to know it again', async () => {
    const store = storeOf();
    const count = 40_000;
    const requests = Array.from({ length: count }, (_, index) => {
      const url = `https://www.example.com/category/${index % 100}/product-model-${index}.html`;
      return new Request({ url, crawlDepth: 3 }).toRow();
    });
    await store.add(requests);
    expect(requests[count - 1]?.uniqueKey.length).toBe(60);
    const sets = await client.keys('*:seen:*');
    expect(sets).toHaveLength(count / 200);
    const encodings = await Promise.all(sets.map((key) => client.objectEncoding(key)));
    expect(new Set(encodings)).toEqual(new Set(['intset']));
    const known = sum(await Promise.all(sets.map((key) => client.memoryUsage(key))));
    const others = (await client.keys('test:*')).filter((key) => !key.includes(':seen:'));
    const line = sum(
      await Promise.all(others.map((key) => client.memoryUsage(key, { SAMPLES: 0 }))),
    );
    expect(known / count).toBeLessThan(10);
    expect((known + line) / count).toBeLessThan(100);
  });

  it('takes at most 400 bytes for an origin, and gives them back when it has nothing pending', async () => {
    const store = storeOf({ keepHandled: false });
    const pages = Array.from({ length: 5000 }, (_, index) => {
      return new Request(`https://site-${10_000 + index}.example/page-${index}.html`).toRow();
    });
    await store.counts(0);
    await store.add(pages.slice(0, 1));
    const before = await usedBytes();
    await store.add(pages);
    const pending = (await usedBytes()) - before;
    expect(pending / pages.length).toBeLessThan(400 + 60);
    const claims = await claimedFrom(store, pages.length, { now: 0, lockMs: 60_000 });
    await store.handle(claims);
    expect(await client.keys('*:line:*')).toEqual([]);
    // Not all servers make the table of all keys smaller again.
    const left = (await client.keys('*')).map((key) => client.memoryUsage(key, { SAMPLES: 0 }));
    expect(sum(await Promise.all(left))).toBeLessThan(pages.length * 10);
  });

  it('removes all it had, known requests too, when it is dropped', async () => {
    const store = storeOf();
    await store.add(rows(...Array.from({ length: 1000 }, (_, index) => `r${index}`)));
    await claimedFrom(store, 10, { now: 0, lockMs: 60_000 });
    await store.drop();
    expect(await lastingKeys()).toEqual(['test:{queue/0:queue}:meta']);
  });

  it('refuses a claim from before the server lost its last writes', async () => {
    const store = storeOf();
    await store.add(rows('a'));
    const [late] = await claimedFrom(store, 1, { now: 0, lockMs: 60_000 });
    await client.flushAll();
    await store.add(rows('a'));
    const [current] = await claimedFrom(store, 1, { now: 0, lockMs: 60_000 });
    expect(current?.fence).toBeGreaterThan(late?.fence ?? Number.NaN);
    expect(await store.handle([{ id: 'a', fence: late?.fence ?? 0, body: '{}' }])).toEqual([]);
    expect(await store.handle([{ id: 'a', fence: current?.fence ?? 0, body: '{}' }])).toEqual([
      'a',
    ]);
  });

  it('goes on when the server has forgotten its scripts', async () => {
    const store = storeOf();
    await store.add(rows('a'));
    await client.scriptFlush();
    await store.add(rows('b'));
    expect(await store.counts(0)).toMatchObject({ total: 2 });
  });
});

function rows(...ids: string[]): RequestRow[] {
  const origin = 'https://example.com';
  return ids.map((id) => ({ id, uniqueKey: `${origin}/${id}`, body: `{"of":"${id}"}`, origin }));
}

function sum(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((total, number) => total + (number ?? 0), 0);
}

async function usedBytes(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(String(await client.info('memory')))?.[1]);
}
