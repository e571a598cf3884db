import { createClient } from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import { sessionKeys } from '../../src/storage/redis/redis-session-keys.ts';
import { RedisStorage, type RedisStorageOptions } from '../../src/storage/redis/redis-storage.ts';
import type { HandOptions, SessionHands } from '../../src/storage/session-hands.ts';
import type { SessionStore } from '../../src/storage/session-store.ts';
import { RedisRelay } from '../support/redis-relay.ts';
import { RedisServer } from '../support/redis-server.ts';
import {
  hotRow,
  idsOf,
  manyIds,
  NO_CHANGES,
  newSessions,
  report,
  returned,
  saveNew,
} from '../support/session-rows.ts';

const OPTIONS: HandOptions = { leaseMs: 10_000, maxPoolSize: 100, usesAhead: 8 };
const ALL = { count: 99, places: 0 };
const KEYS = sessionKeys('test', 'pool');

let server: RedisServer;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  server = await RedisServer.start();
  client = createClient({ url: server.url });
  await client.connect();
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(() => client.flushAll());

async function opened(
  options: Partial<RedisStorageOptions> = {},
): Promise<{ storage: RedisStorage; store: SessionStore; hands: SessionHands }> {
  const log = new Log({ level: 'off' });
  const storage = new RedisStorage({ url: server.url, prefix: 'test', log, ...options });
  const store = await storage.openSessionStore('pool');
  return { storage, store, hands: store.hands as SessionHands };
}

describe('sessions in hands on Redis', () => {
  it('ends leases by the server’s own clock', async () => {
    const { storage, store, hands } = await opened();
    await saveNew(store, ['a']);
    const lasting = await hands.join(OPTIONS);
    const short = await hands.join({ ...OPTIONS, leaseMs: 0 });
    expect((await short.take(ALL)).isLost).toBe(true);
    expect(idsOf(await lasting.take(ALL))).toEqual(['a']);
    expect((await lasting.sync(NO_CHANGES)).isLost).toBe(false);
    await storage.close();
  });

  it('takes and writes once when the answer is lost with the connection', async () => {
    await using relay = await RedisRelay.start(server.port);
    const { storage, store, hands } = await opened({ url: relay.url });
    await saveNew(store, ['a', 'b', 'c']);
    // From then on the server knows the scripts, and answers what is asked.
    const first = await hands.join(OPTIONS);
    await first.take({ count: 0, places: 0 });
    await first.sync(NO_CHANGES);
    await first.leave();
    const hand = await hands.join(OPTIONS);
    relay.loseNextAnswer();
    const taken = await hand.take({ count: 2, places: 0 });
    expect(taken.sessions).toHaveLength(2);
    expect(await client.zCard(KEYS.held)).toBe(2);
    const [back = '', kept = ''] = idsOf(taken);
    relay.loseNextAnswer();
    const news = await hand.sync({
      ...returned(0, back),
      hot: [hotRow(back, 1), hotRow('c', 1)],
      origins: [report('site', { firstRate: 2, good: 1 })],
    });
    expect(news).toMatchObject({ refused: ['c'], origins: [{ rate: 2 }] });
    expect(news.origins[0]?.good).toBeCloseTo(1);
    relay.loseNextAnswer();
    const more = { ...NO_CHANGES, origins: [report('site', { rateChange: Math.log(2), bad: 1 })] };
    const [origin] = (await hand.sync(more)).origins;
    expect(origin?.rate).toBeCloseTo(4);
    expect(origin?.bad).toBeCloseTo(1);
    relay.loseNextAnswer();
    await hand.leave();
    expect(await client.zRange(KEYS.free, 0, -1)).toContain(kept);
    expect(await client.zCard(KEYS.hands)).toBe(0);
    await storage.close();
  });

  it('takes back and adds once what a lost hand offers, when the answer is lost with the connection', async () => {
    await using relay = await RedisRelay.start(server.port);
    const clock = new FakeClock();
    const { storage, store, hands } = await opened({ url: relay.url, clock });
    await saveNew(store, ['a', 'b']);
    const hand = await hands.join(OPTIONS);
    await hand.take(ALL);
    await clock.advance(OPTIONS.leaseMs);
    const other = await hands.join(OPTIONS);
    await other.sync(NO_CHANGES);
    await other.take({ count: 0, ids: ['b'], places: 0 });
    await other.sync(returned(0, 'b'));
    await hand.sync(NO_CHANGES);
    relay.loseNextAnswer();
    const offered = { ...NO_CHANGES, hot: [hotRow('a', 1), hotRow('b', 2)] };
    const [news] = await Promise.all([hand.offer(offered, []), clock.advance(1000)]);
    expect(news).toMatchObject({ isLost: false, refused: ['b'] });
    expect(await client.hGetAll(KEYS.hot)).toEqual({ a: '1 0 0 0 0', b: '2 0 0 0 0' });
    expect(await client.zRange(KEYS.held, 0, -1)).toEqual(['a']);
    expect(await client.exists([KEYS.lapses, KEYS.facts])).toBe(0);
    await storage.close();
  });

  it('gives up a lease when a call fails of which nobody knows whether it was carried out', async () => {
    await using relay = await RedisRelay.start(server.port);
    const clock = new FakeClock();
    const { storage, store, hands } = await opened({ url: relay.url, maxOutageSecs: 0, clock });
    await saveNew(store, ['a']);
    const hand = await hands.join(OPTIONS);
    relay.loseNextAnswer();
    await expect(hand.take(ALL)).rejects.toMatchObject({ code: 'TROUPE_STORAGE_UNREACHABLE' });
    const heir = await opened({ clock });
    const other = await heir.hands.join(OPTIONS);
    expect(idsOf(await other.take(ALL))).toEqual([]);
    await clock.advance(OPTIONS.leaseMs);
    await other.sync(NO_CHANGES);
    expect(idsOf(await other.take(ALL))).toEqual(['a']);
    await heir.storage.close();
    await storage.close();
  });

  it('refuses a hand from before the server lost its last writes', async () => {
    const { storage, store, hands } = await opened();
    await saveNew(store, ['a']);
    const late = await hands.join(OPTIONS);
    await late.take(ALL);
    await client.flushAll();
    await saveNew(store, ['a']);
    const current = await hands.join(OPTIONS);
    expect(idsOf(await current.take(ALL))).toEqual(['a']);
    expect(await late.sync({ ...NO_CHANGES, hot: [hotRow('a', 9)] })).toMatchObject({
      isLost: true,
    });
    expect(await client.hGet(KEYS.hot, 'a')).toBe('0 0 0 0 0');
    await storage.close();
  });

  it('puts a session aside whose numbers cannot be read, when it is taken', async () => {
    const { storage, store, hands } = await opened();
    await saveNew(store, ['a', 'b']);
    await client.hSet(KEYS.hot, 'a', 'torn');
    const hand = await hands.join(OPTIONS);
    expect(idsOf(await hand.take(ALL))).toEqual(['b']);
    expect(await client.hGet(KEYS.quarantine, 'a')).toContain('torn');
    expect((await hand.sync(NO_CHANGES)).poolSize).toBe(1);
    await storage.close();
  });

  it('puts the cookies of such a session aside with it', async () => {
    const { storage, store, hands } = await opened();
    await saveNew(store, ['a']);
    const hand = await hands.join(OPTIONS);
    await hand.take(ALL);
    const cookies = [{ key: 'k', json: '"v"', at: 1 }];
    await hand.sync({ ...NO_CHANGES, cookies: [{ id: 'a', cookies }] });
    await store.quarantine('a', 'torn');
    const aside = JSON.parse((await client.hGet(KEYS.quarantine, 'a')) ?? '');
    expect(aside).toMatchObject({ reason: 'torn', cookies: ['"v"'] });
    expect(await client.exists(KEYS.cookies)).toBe(0);
    await storage.close();
  });

  it('takes at most 150 bytes for a session more than its rows, be it free or held', async () => {
    const { storage, store, hands } = await opened();
    const count = 10_000;
    for (let at = 0; at < count; at += 1000) {
      await saveNew(
        store,
        manyIds(1000).map((id) => `session-${at}-${id}`),
      );
    }
    const bytesOf = async (key: string): Promise<number> =>
      ((await client.memoryUsage(key, { SAMPLES: 0 })) ?? 0) / count;
    expect(await bytesOf(KEYS.free)).toBeLessThan(150);
    const hand = await hands.join({ ...OPTIONS, maxPoolSize: count });
    while ((await hand.take({ count: 500, places: 0 })).nextDueMs !== null);
    expect(await client.exists([KEYS.free, KEYS.cookies])).toBe(0);
    expect(await bytesOf(KEYS.held)).toBeLessThan(150);
    await storage.close();
  });

  it('remembers a bounded number of origins, those that were reported on last', async () => {
    const clock = new FakeClock();
    const { storage, hands } = await opened({ clock });
    const hand = await hands.join(OPTIONS);
    const tell = (names: readonly string[], load: number) =>
      hand.sync({ ...NO_CHANGES, origins: names.map((name) => report(name, { load, good: 1 })) });
    await tell(['first', 'kept'], 3);
    await clock.advance(5000);
    for (let part = 0; part < 20; part++) {
      if (part === 10) await tell(['kept'], 3);
      await tell(
        manyIds(500).map((id) => `${part}-${id}`),
        0,
      );
    }
    expect(await client.zCard(KEYS.origins)).toBe(10_000);
    expect(await client.hLen(KEYS.rates)).toBe(10_000);
    expect((await tell(['kept'], 3)).origins).toMatchObject([{ load: 3 }]);
    // Learnt anew: what the hand reported of it before is not taken away from what it has now.
    expect((await tell(['first'], 5)).origins).toMatchObject([{ load: 5, good: 1 }]);
    await storage.close();
  });

  it('remembers a bounded number of proxies that fail, for an hour, and tells of them a part at a time', async () => {
    const clock = new FakeClock();
    const { storage, hands } = await opened({ clock });
    const [hand, other] = [await hands.join(OPTIONS), await hands.join(OPTIONS)];
    const failure = { agoMs: 0, restMs: 60_000, inRow: 1, firstAgoMs: null };
    const tell = (names: readonly string[]) =>
      hand.sync({ ...NO_CHANGES, proxies: names.map((name) => ({ name, upMs: null, failure })) });
    for (let part = 0; part < 21; part++) {
      await clock.advance(1);
      await tell(manyIds(500).map((id) => `${part}-${id}`));
    }
    expect(await client.zCard(KEYS.proxyNews)).toBe(10_000);
    expect(await client.hLen(KEYS.proxies)).toBe(10_000);
    const heard = new Set<string>();
    for (let count = 0; count < 21; count++) {
      for (const { name } of (await other.sync(NO_CHANGES)).proxies) heard.add(name);
    }
    expect(heard.size).toBe(10_000);
    await clock.advance(3_600_000);
    // The first is lost with the lease.
    await tell(['new']);
    await tell(['new']);
    expect(await client.hLen(KEYS.proxies)).toBe(9901);
    await storage.close();
  });

  it('leaves nothing behind of hands that have ended', async () => {
    const { storage, hands } = await opened();
    const hand = await hands.join(OPTIONS);
    await hand.take({ count: 7, ids: ['nobody'], places: 5 });
    await hand.sync({ ...newSessions(['a']), origins: [report('site', { load: 1 })] });
    await hand.leave();
    expect(await client.exists([KEYS.hands, KEYS.records, KEYS.loads, KEYS.held])).toBe(0);
    expect(await client.hGetAll(KEYS.meta)).toMatchObject({ places: '0', wanted: '0' });
    await storage.close();
  });

  it('removes all it had when it is dropped', async () => {
    const { storage, store, hands } = await opened();
    const hand = await hands.join(OPTIONS);
    await hand.take({ count: 5, places: 5 });
    await hand.sync({ ...newSessions(['a', 'b']), origins: [report('site', { load: 1 })] });
    await store.drop();
    expect(await client.keys('test:{*')).toEqual([]);
    await storage.close();
  });
});
