import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../../src/core/fake-clock.ts';
import type {
  CookieChange,
  HandChanges,
  HandOptions,
  OriginNews,
  OriginReport,
  ProxyFailure,
  SessionHand,
  SessionHands,
} from '../../src/storage/session-hands.ts';
import type { SessionStore, StoredSession } from '../../src/storage/session-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import {
  coldRow,
  hotRow,
  idsOf,
  manyIds,
  NO_CHANGES,
  newSessions,
  report,
  retired,
  returned,
  saveNew,
} from '../support/session-rows.ts';
import { twoHands } from '../support/two-hands.ts';

const LEASE_MS = 10_000;
const OPTIONS: HandOptions = { leaseMs: LEASE_MS, maxPoolSize: 5000, usesAhead: 8 };

/** What the port promises of changes and news, sentence by sentence. `clock` is the store's. */
export function describeSessionChangesContract(
  open: () => Promise<Storage>,
  clock: FakeClock,
): void {
  let storage: Storage;
  let store: SessionStore;
  let hands: SessionHands;
  let one: SessionHand;
  let other: SessionHand;
  beforeEach(async () => {
    ({ storage, store, hands, one, other } = await twoHands(open, OPTIONS));
  });
  afterEach(() => storage.close());

  async function passOn(id: string): Promise<void> {
    await one.sync(returned(0, id));
    await other.take({ count: 0, ids: [id], places: 0 });
  }

  describe('changes of sessions in hand', () => {
    it('writes new sessions, which load like all others', async () => {
      await one.take({ count: 2, places: 2 });
      await one.sync(newSessions(['a', 'ü\0 😀']));
      expect(await load(store)).toEqual([
        { hot: hotRow('a'), body: coldRow('a').body },
        { hot: hotRow('ü\0 😀'), body: coldRow('ü\0 😀').body },
      ]);
      expect(idsOf(await other.take({ count: 5, places: 0 }))).toEqual([]);
      await one.leave();
      expect(idsOf(await other.take({ count: 5, places: 0 }))).toEqual(['a', 'ü\0 😀']);
    });

    it('writes each part alone, and what was written before the return', async () => {
      await saveNew(store, ['a']);
      await one.take({ count: 1, places: 0 });
      await one.sync({ ...NO_CHANGES, cold: [{ id: 'a', body: '"new"' }] });
      await one.sync({ ...returned(0, 'a'), hot: [hotRow('a', 7)] });
      const { sessions } = await other.take({ count: 1, places: 0 });
      expect(sessions).toEqual([{ hot: hotRow('a', 7), body: '"new"', cookies: [], restMs: 0 }]);
    });

    it('refuses those of sessions that are another’s, free, retired or unknown, and only those', async () => {
      await saveNew(store, ['mine', 'theirs', 'free', 'gone']);
      await one.take({ count: 0, ids: ['mine', 'gone'], places: 0 });
      await other.take({ count: 0, ids: ['theirs'], places: 0 });
      await store.save({ hot: [], cold: [], retired: [retired('gone')] });
      const ids = ['mine', 'theirs', 'free', 'gone', 'nobody'];
      const news = await one.sync({
        ...NO_CHANGES,
        hot: ids.map((id) => hotRow(id, 9)),
        returned: ids.map((id) => ({ id, restMs: 0 })),
        cookies: ids.map((id) => ({ id, cookies: [cookie('k', 'v', 1)] })),
      });
      expect([...news.refused].sort()).toEqual(['free', 'gone', 'nobody', 'theirs']);
      const counts = (await load(store)).map(({ hot }) => [hot.id, hot.usageCount]);
      expect(Object.fromEntries(counts)).toEqual({ mine: 9, theirs: 0, free: 0 });
    });

    it('refuses a new session that comes with one row, or whose id is taken', async () => {
      await saveNew(store, ['there']);
      await one.take({ count: 0, places: 0 });
      await other.take({ count: 9, places: 9 });
      await other.sync(returned(0, 'there'));
      const news = await other.sync({
        ...NO_CHANGES,
        hot: [hotRow('hot'), hotRow('there', 5)],
        cold: [coldRow('cold'), coldRow('there')],
      });
      expect([...news.refused].sort()).toEqual(['cold', 'hot', 'there']);
      expect(news.poolSize).toBe(1);
      expect(await load(store)).toEqual([{ hot: hotRow('there'), body: coldRow('there').body }]);
    });

    it('makes and retires a session in one go', async () => {
      await one.take({ count: 1, places: 1 });
      const news = await one.sync({ ...newSessions(['a']), retired: [retired('a')] });
      expect(news).toMatchObject({ refused: [], poolSize: 0 });
      expect((await other.sync(NO_CHANGES)).retired).toEqual([retired('a')]);
    });

    it('writes thousands', async () => {
      await one.take({ count: 3000, places: 3000 });
      // Places are reserved a part at a time, as sessions are taken.
      for (let part = 0; part < 5; part++) await one.take({ count: 500, places: 500 });
      const news = await one.sync(newSessions(manyIds(3000)));
      expect(news).toMatchObject({ refused: [], poolSize: 3000 });
      await one.sync({ ...NO_CHANGES, hot: manyIds(3000).map((id) => hotRow(id, 3)) });
      const uses = (await load(store)).map(({ hot }) => hot.usageCount);
      expect(uses).toEqual(manyIds(3000).map(() => 3));
    });

    it('makes a session that is saved free, and lets a save retire one from any hand', async () => {
      await saveNew(store, ['a', 'b']);
      await one.take({ count: 0, ids: ['a'], places: 0 });
      await saveNew(store, ['a', 'c']);
      expect(idsOf(await other.take({ count: 9, places: 0 }))).toEqual(['b', 'c']);
      await store.save({ hot: [], cold: [], retired: [retired('a'), retired('b')] });
      expect((await one.sync({ ...NO_CHANGES, hot: [hotRow('a', 1)] })).refused).toEqual(['a']);
      expect((await other.sync(returned(0, 'b', 'c'))).refused).toEqual(['b']);
      expect(idsOf(await one.take({ count: 9, places: 0 }))).toEqual(['c']);
    });

    it('takes a session that was put aside out of every hand', async () => {
      await saveNew(store, ['a', 'b']);
      await one.take({ count: 0, ids: ['a'], places: 0 });
      await store.quarantine('a', 'torn');
      await store.quarantine('b', 'torn');
      expect(await one.sync(returned(0, 'a'))).toMatchObject({ refused: ['a'], poolSize: 0 });
      expect(idsOf(await other.take({ count: 9, places: 0 }))).toEqual([]);
    });

    it('ends all hands when the store is dropped', async () => {
      await saveNew(store, ['a']);
      await one.take({ count: 1, places: 0 });
      await store.drop();
      expect(await one.sync({ ...NO_CHANGES, hot: [hotRow('a', 1)] })).toMatchObject({
        isLost: true,
        handsCount: 1,
        poolSize: 0,
      });
      expect(await load(store)).toEqual([]);
    });
  });

  describe('retirements from hands', () => {
    it('reach every other hand once, whoever retired the session', async () => {
      await saveNew(store, ['a', 'b', 'c']);
      const third = await hands.join(OPTIONS);
      await one.take({ count: 2, places: 0 });
      await one.sync({ ...NO_CHANGES, retired: [retired('a', 'blocked', 1234)] });
      await store.save({ hot: [], cold: [], retired: [retired('c', 'manual', 5678)] });
      const news = [retired('a', 'blocked', 1234), retired('c', 'manual', 5678)];
      expect((await other.sync(NO_CHANGES)).retired).toEqual(news);
      expect((await other.sync(NO_CHANGES)).retired).toEqual([]);
      expect((await third.sync(NO_CHANGES)).retired).toEqual(news);
      expect((await one.sync(NO_CHANGES)).retired).toEqual(news.slice(1));
    });

    it('are no news to a hand that has just joined', async () => {
      await store.save({ hot: [], cold: [], retired: [retired('old')] });
      const third = await hands.join(OPTIONS);
      expect((await third.sync(NO_CHANGES)).retired).toEqual([]);
    });

    it('are told in full to one that was away while thousands retired', async () => {
      const ids = manyIds(2500);
      await store.save({ hot: [], cold: [], retired: ids.map((id) => retired(id)) });
      await clock.advance(LEASE_MS);
      const news = await one.sync(NO_CHANGES);
      expect(news.isLost).toBe(true);
      const later = await one.sync(NO_CHANGES);
      expect([...news.retired, ...later.retired].map(({ id }) => id)).toEqual(ids);
    });

    it('are final: nothing brings the session back, and nobody gets it', async () => {
      await saveNew(store, ['a']);
      await one.take({ count: 1, places: 1 });
      await one.sync({ ...NO_CHANGES, retired: [retired('a')] });
      await one.take({ count: 9, places: 9 });
      const again = { ...newSessions(['a']), evenIfFull: ['a'] };
      expect((await one.sync(again)).refused).toEqual(['a']);
      await saveNew(store, ['a']);
      const { absent, sessions } = await other.take({ count: 9, ids: ['a'], places: 0 });
      expect(sessions).toEqual([]);
      expect(absent.get('a')).toBe('retired');
    });
  });

  describe('cookies of sessions in hand', () => {
    beforeEach(async () => {
      await saveNew(store, ['a']);
      await one.take({ count: 1, places: 0 });
    });

    const write = (hand: SessionHand, ...cookies: CookieChange[]) =>
      hand.sync({ ...NO_CHANGES, cookies: [{ id: 'a', cookies }] });

    async function jar(): Promise<string[]> {
      return (await hands.exportCookies('a')).map(({ key, json }) => `${key}=${json}`);
    }

    it('come with the session to the next hand, as JSON', async () => {
      await write(one, cookie('a.example / id', '{"ü":"\\u0000"}', 5), cookie('b', '"2"', 5));
      await one.sync(returned(0, 'a'));
      const { sessions } = await other.take({ count: 1, places: 0 });
      expect(sessions[0]?.cookies).toEqual(['{"ü":"\\u0000"}', '"2"']);
    });

    it('stay as they were written last, whichever write comes last', async () => {
      await write(one, cookie('k', 'first', 10), cookie('other', 'o', 10));
      await passOn('a');
      await write(other, cookie('k', 'later', 20));
      await write(other, cookie('k', 'earlier', 15));
      expect(await jar()).toEqual(['k=later', 'other=o']);
    });

    it('stay deleted for older writes, and not for newer ones', async () => {
      await write(one, cookie('k', 'v', 10));
      await write(one, cookie('k', null, 20));
      await write(one, cookie('k', 'older', 15));
      expect(await jar()).toEqual([]);
      await write(one, cookie('k', 'newer', 21));
      expect(await jar()).toEqual(['k=newer']);
    });

    it('end the same in either order when two are written at one time', async () => {
      const writes = ['x', 'y', null];
      for (const [index, order] of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
      ].entries()) {
        for (const at of order) await write(one, cookie(`k${index}`, writes[at] ?? null, 10));
      }
      expect(await jar()).toEqual(['k0=y', 'k1=y', 'k2=y']);
    });

    it('are refused from one who has lost the session', async () => {
      await write(one, cookie('k', 'v', 10));
      await passOn('a');
      expect((await write(one, cookie('k', 'late', 99))).refused).toEqual(['a']);
      expect(await jar()).toEqual(['k=v']);
    });

    it('go when the session retires', async () => {
      await write(one, cookie('k', 'v', 10));
      await one.sync({ ...NO_CHANGES, retired: [retired('a')] });
      expect(await hands.exportCookies('a')).toEqual([]);
    });

    it('are told with the time of their last write, and are none where there is no session', async () => {
      await write(one, cookie('k', 'v', 10), cookie('gone', 'g', 10));
      await write(one, cookie('k', 'newer', 20), cookie('gone', null, 20));
      expect(await hands.exportCookies('a')).toEqual([cookie('k', 'newer', 20)]);
      expect(await hands.exportCookies('nobody')).toEqual([]);
    });
  });

  describe('what hands learn of origins', () => {
    const SITE = 'https://shop.example';

    async function tell(hand: SessionHand, known: Partial<OriginReport> = {}): Promise<OriginNews> {
      const changes: HandChanges = { ...NO_CHANGES, origins: [report(SITE, known)] };
      return (await hand.sync(changes)).origins[0] as OriginNews;
    }

    it('is nothing at first', async () => {
      expect(await tell(one)).toEqual({
        origin: SITE,
        rate: null,
        load: 0,
        good: 0,
        bad: 0,
        isDown: false,
        probe: 0,
      });
      expect((await one.sync(NO_CHANGES)).origins).toEqual([]);
    });

    it('has the first rate of whoever has one first; then changes add up', async () => {
      expect((await tell(one, { rateChange: 1 })).rate).toBeNull();
      expect((await tell(one, { firstRate: 4, rateChange: 1 })).rate).toBeCloseTo(4);
      expect((await tell(other, { firstRate: 100 })).rate).toBeCloseTo(4);
      expect((await tell(other, { rateChange: Math.log(0.5) })).rate).toBeCloseTo(2);
      expect((await tell(one, { rateChange: Math.log(3) })).rate).toBeCloseTo(6);
      expect((await tell(one)).rate).toBeCloseTo(6);
    });

    it('takes cuts of several workers at the same time for one, the deepest', async () => {
      await tell(one, { firstRate: 8 });
      expect((await tell(one, { rateChange: Math.log(0.5) })).rate).toBeCloseTo(4);
      expect((await tell(other, { rateChange: Math.log(0.5) })).rate).toBeCloseTo(4);
      expect((await tell(other, { rateChange: Math.log(0.25) })).rate).toBeCloseTo(2);
    });

    it('keeps a rate within what means anything', async () => {
      await tell(one, { firstRate: 1 });
      expect((await tell(one, { rateChange: 1e6 })).rate).toBeLessThan(1e10);
      expect((await tell(one, { rateChange: -1e6 })).rate).toBeGreaterThan(0);
    });

    it('has the loads of all live hands, each as it was reported last', async () => {
      await tell(one, { load: 2 });
      expect((await tell(other, { load: 3 })).load).toBeCloseTo(5);
      expect((await tell(one, { load: 0.5 })).load).toBeCloseTo(3.5);
      await other.leave();
      expect((await tell(one, { load: 0.5 })).load).toBeCloseTo(0.5);
      const third = await hands.join(OPTIONS);
      await tell(third, { load: 7 });
      await clock.advance(LEASE_MS / 2);
      await tell(one, { load: 1 });
      await clock.advance(LEASE_MS / 2);
      expect((await tell(one, { load: 1 })).load).toBeCloseTo(1);
      expect((await tell(one, { load: 0 })).load).toBe(0);
    });

    it('adds up results, which fade by half in ten minutes', async () => {
      await tell(one, { good: 6, bad: 2 });
      expect(await tell(other, { good: 2, bad: 2 })).toMatchObject({ good: 8, bad: 4 });
      await clock.advance(600_000);
      const { good, bad } = await tell(one, { bad: 1 });
      expect(await tell(one)).toMatchObject({ good, bad });
      // The report was lost with its lease, and the next one was not.
      expect(good).toBeCloseTo(4);
      expect(bad).toBeCloseTo(2);
    });

    it('says that an origin is down until something sent later was answered well', async () => {
      expect((await tell(other, { upMs: 500 })).isDown).toBe(false);
      expect((await tell(one, { downMs: 200 })).isDown).toBe(true);
      expect((await tell(other)).isDown).toBe(true);
      await clock.advance(1000);
      expect((await tell(other, { upMs: 1201 })).isDown).toBe(true);
      expect((await tell(one, { downMs: 1200 })).isDown).toBe(true);
      expect((await tell(other, { upMs: 1100 })).isDown).toBe(false);
      // Told once more, and late.
      expect((await tell(one, { downMs: 1200 })).isDown).toBe(false);
      expect((await tell(one, { downMs: 0 })).isDown).toBe(true);
    });

    it('lets one hand at a time ask whether an origin that is down answers, and each in turn', async () => {
      const probe = { leastMs: 2000, mostMs: 3000 };
      expect((await tell(one, { probe })).probe).toBe(0);
      expect((await tell(one, { downMs: 0, probe })).probe).toBe(0);
      await clock.advance(2000);
      expect((await tell(one, { probe })).probe).toBe(1);
      expect((await tell(other, { probe })).probe).toBe(0);
      expect((await tell(one, { probe })).probe).toBe(1);
      await clock.advance(3000);
      expect((await tell(one, { probe })).probe).toBe(0);
      expect((await tell(other)).probe).toBe(0);
      expect((await tell(other, { probe })).probe).toBe(2);
      expect((await tell(one, { probe })).probe).toBe(0);
      expect((await tell(one, { upMs: 0, probe })).probe).toBe(0);
      expect((await tell(other, { probe })).probe).toBe(0);
    });

    it('lets a hand ask again if no other wants to', async () => {
      const probe = { leastMs: 2000, mostMs: 2000 };
      await tell(one, { downMs: 0, probe });
      await clock.advance(2000);
      expect((await tell(one, { probe })).probe).toBe(1);
      await clock.advance(3999);
      expect((await tell(one, { probe })).probe).toBe(0);
      await clock.advance(1);
      expect((await tell(one, { probe })).probe).toBe(2);
    });

    it('gives the turn of a hand that died to another', async () => {
      const probe = { leastMs: 2000, mostMs: 30_000 };
      await tell(one, { downMs: 0, probe });
      await clock.advance(2000);
      expect((await tell(one, { probe })).probe).toBe(1);
      await one.leave();
      await clock.advance(4000);
      expect((await tell(other, { probe })).probe).toBe(2);
    });

    it('tells of a watched one only what other hands have reported since', async () => {
      const watch = (hand: SessionHand) => hand.sync({ ...NO_CHANGES, watched: [SITE, 'unknown'] });
      await tell(one, { good: 1 });
      expect((await watch(one)).origins).toEqual([]);
      await tell(other, { good: 2 });
      // Nothing is asked, so nothing counts as heard.
      await one.sync({ ...NO_CHANGES, watched: null });
      expect((await watch(one)).origins).toMatchObject([{ origin: SITE, good: 3 }]);
      expect((await watch(one)).origins).toEqual([]);
      expect(await tell(one, { good: 1, isFirst: false })).toBeUndefined();
      await other.leave();
    });

    it('tells of the load of a hand that has ended', async () => {
      await tell(one, { load: 1 });
      await tell(other, { load: 2 });
      await one.sync({ ...NO_CHANGES, watched: [SITE] });
      await other.leave();
      const { origins } = await one.sync({ ...NO_CHANGES, watched: [SITE] });
      expect(origins).toMatchObject([{ load: 1 }]);
    });

    it('has of a proxy the latest failure and the latest answer that any hand tells of, once', async () => {
      const name = 'ban 47DEQpj8HBSa https://a.example';
      const failure = { agoMs: 1000, restMs: 20_000, inRow: 2, firstAgoMs: 4000 };
      const older = { agoMs: 5000, restMs: 90_000, inRow: 9, firstAgoMs: null };
      const proxy = (upMs: number | null, failed: ProxyFailure | null) => ({
        ...NO_CHANGES,
        proxies: [{ name, upMs, failure: failed }],
      });
      expect((await one.sync(proxy(null, failure))).proxies).toEqual([]);
      expect((await other.sync(proxy(3000, older))).proxies).toEqual([
        { name, upMs: null, failure },
      ]);
      await clock.advance(500);
      const { proxies } = await one.sync(NO_CHANGES);
      const later = { agoMs: 1500, restMs: 19_500, inRow: 2, firstAgoMs: 4500 };
      expect(proxies).toEqual([{ name, upMs: 3500, failure: later }]);
      expect((await one.sync(NO_CHANGES)).proxies).toEqual([]);
      const third = await hands.join(OPTIONS);
      expect((await third.sync(NO_CHANGES)).proxies).toEqual(proxies);
    });

    it('keeps origins apart', async () => {
      const { origins } = await one.sync({
        ...NO_CHANGES,
        origins: [report('a', { firstRate: 1, good: 1 }), report('b', { bad: 2, load: 3 })],
      });
      expect(origins).toEqual([
        { origin: 'a', rate: 1, load: 0, good: 1, bad: 0, isDown: false, probe: 0 },
        { origin: 'b', rate: null, load: 3, good: 0, bad: 2, isDown: false, probe: 0 },
      ]);
    });
  });
}

function cookie(key: string, json: string | null, at: number): CookieChange {
  return { key, json, at };
}

async function load(store: SessionStore): Promise<StoredSession[]> {
  const sessions: StoredSession[] = [];
  for await (const batch of store.load()) sessions.push(...batch);
  return sessions.sort((a, b) => (a.hot.id < b.hot.id ? -1 : 1));
}
