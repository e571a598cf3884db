import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../../src/core/fake-clock.ts';
import type {
  HandOptions,
  SessionHand,
  SessionHands,
  TakeRequest,
} from '../../src/storage/session-hands.ts';
import type { SessionStore } from '../../src/storage/session-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import {
  coldRow,
  hotRow,
  idsOf,
  manyIds,
  NO_CHANGES,
  newSessions,
  returned,
  saveNew,
} from '../support/session-rows.ts';
import { twoHands } from '../support/two-hands.ts';

const LEASE_MS = 10_000;
const OPTIONS: HandOptions = { leaseMs: LEASE_MS, maxPoolSize: 10, usesAhead: 8 };

/** What the port promises of taking and of leases, sentence by sentence. `clock` is the store's. */
export function describeSessionHandsContract(open: () => Promise<Storage>, clock: FakeClock): void {
  let storage: Storage;
  let store: SessionStore;
  let hands: SessionHands;
  let one: SessionHand;
  let other: SessionHand;
  beforeEach(async () => {
    ({ storage, store, hands, one, other } = await twoHands(open, OPTIONS));
  });
  afterEach(() => storage.close());

  describe('taking sessions in hand', () => {
    it('gives free ones, with their rows, to one hand each', async () => {
      await saveNew(store, ['a', 'b', 'c']);
      const { sessions } = await one.take(any(2));
      expect(sessions).toHaveLength(2);
      expect(sessions).toContainEqual({
        hot: hotRow('a'),
        body: coldRow('a').body,
        cookies: [],
        restMs: 0,
      });
      expect(idsOf(await other.take(any(5)))).toEqual(['c']);
      expect(idsOf(await one.take(any(5)))).toEqual([]);
    });

    it('gives to hands that ask at the same time what no other has', async () => {
      await saveNew(store, manyIds(100));
      const all = await Promise.all(Array.from({ length: 8 }, () => hands.join(OPTIONS)));
      const taken = await Promise.all(all.map((hand) => hand.take(any(20))));
      expect(new Set(taken.flatMap(idsOf)).size).toBe(100);
      expect(taken.flatMap(idsOf)).toHaveLength(100);
    });

    it('gives those first that are due for longest', async () => {
      await saveNew(store, ['a', 'b', 'c']);
      await one.take({ ...any(0), ids: ['a', 'b', 'c'] });
      for (const id of ['b', 'c', 'a']) {
        await one.sync(returned(0, id));
        await clock.advance(1);
      }
      const order = [];
      for (let count = 0; count < 3; count++) order.push(...idsOf(await other.take(any(1))));
      expect(order).toEqual(['b', 'c', 'a']);
    });

    it('gives those that rest to nobody who takes any, and says when the next is due', async () => {
      await saveNew(store, ['a']);
      expect((await one.take(any(1))).nextDueMs).toBeNull();
      await one.sync(returned(5000, 'a'));
      expect(await other.take(any(1))).toMatchObject({ sessions: [], nextDueMs: 5000 });
      await clock.advance(4999);
      expect(await other.take(any(1))).toMatchObject({ sessions: [], nextDueMs: 1 });
      await clock.advance(1);
      expect(idsOf(await other.take(any(1)))).toEqual(['a']);
    });

    it('gives a session that is asked for by its id before it is due, and says how long it rests', async () => {
      await saveNew(store, ['a', 'b']);
      await one.take(any(2));
      await one.sync(returned(5000, 'a'));
      await clock.advance(2000);
      const { sessions } = await other.take({ ...any(0), ids: ['a'] });
      expect(sessions.map(({ hot, restMs }) => [hot.id, restMs])).toEqual([['a', 3000]]);
    });

    it('says why a session is not to be had', async () => {
      await saveNew(store, ['mine', 'theirs', 'gone']);
      await store.save({
        hot: [],
        cold: [],
        retired: [{ id: 'gone', reason: 'blocked', retiredAt: 1 }],
      });
      await one.take({ ...any(0), ids: ['mine'] });
      await other.take({ ...any(0), ids: ['theirs'] });
      const { absent } = await one.take({ ...any(0), ids: ['mine', 'theirs', 'gone', 'nobody'] });
      expect(Object.fromEntries(absent)).toEqual({
        mine: 'held',
        theirs: 'held',
        gone: 'retired',
        nobody: 'unknown',
      });
    });

    it('gives large hands in parts', async () => {
      await saveNew(store, manyIds(1100));
      const sizes = [];
      let dueMs: number | null = 0;
      while (dueMs === 0) {
        const taken = await one.take(any(1100));
        sizes.push(taken.sessions.length);
        dueMs = taken.nextDueMs;
      }
      expect(sizes).toEqual([500, 500, 100]);
      await one.sync(returned(0, ...manyIds(1100)));
      expect(idsOf(await other.take({ ...any(0), ids: manyIds(1100) }))).toHaveLength(1100);
    });

    it('tells a holder that somebody waits for a session, until it is returned', async () => {
      await saveNew(store, ['a', 'b']);
      await one.take(any(2));
      expect((await one.sync(NO_CHANGES)).wantedIds).toEqual([]);
      await other.take({ ...any(0), ids: ['a'] });
      expect((await one.sync(NO_CHANGES)).wantedIds).toEqual(['a']);
      expect((await other.sync(NO_CHANGES)).wantedIds).toEqual([]);
      expect((await one.sync(returned(0, 'a'))).wantedIds).toEqual([]);
    });

    it('keeps a session that was waited for a moment for those who ask for it', async () => {
      await saveNew(store, ['a']);
      await one.take(any(1));
      await other.take({ ...any(0), ids: ['a'] });
      await one.sync(returned(0, 'a'));
      const third = await hands.join(OPTIONS);
      const { sessions, nextDueMs } = await third.take(any(1));
      expect(sessions).toEqual([]);
      expect(nextDueMs).toBe(2000);
      expect((await other.take({ ...any(0), ids: ['a'] })).sessions).toMatchObject([{ restMs: 0 }]);
      await other.sync(returned(0, 'a'));
      expect(idsOf(await third.take(any(1)))).toEqual(['a']);
    });

    it('gives it to anybody when nobody has come for it', async () => {
      await saveNew(store, ['a']);
      await one.take(any(1));
      await other.take({ ...any(0), ids: ['a'] });
      await one.sync(returned(0, 'a'));
      await clock.advance(2000);
      expect(idsOf(await one.take(any(1)))).toEqual(['a']);
      expect((await one.sync(NO_CHANGES)).wantedIds).toEqual([]);
    });

    it('tells others how many sessions a hand wanted in vain, until its next take', async () => {
      await saveNew(store, ['a', 'b', 'c']);
      await one.take(any(3));
      expect((await one.sync(NO_CHANGES)).wantedCount).toBe(0);
      await other.take(any(4, 1));
      expect((await one.sync(NO_CHANGES)).wantedCount).toBe(3);
      expect((await other.sync(NO_CHANGES)).wantedCount).toBe(0);
      expect((await one.sync(returned(0, 'a', 'b'))).wantedCount).toBe(1);
      await other.take(any(0));
      expect((await one.sync(NO_CHANGES)).wantedCount).toBe(0);
      await other.take(any(9));
      await other.leave();
      expect((await one.sync(NO_CHANGES)).wantedCount).toBe(0);
    });
  });

  describe('the size of a shared pool', () => {
    it('reserves places only where fewer than asked for are free, and never more than the pool may have', async () => {
      await saveNew(store, ['a', 'b']);
      expect(await one.take(any(2, 5))).toMatchObject({ places: 0 });
      expect(await one.take(any(3, 2))).toMatchObject({ places: 2 });
      expect(await other.take(any(9, 9))).toMatchObject({ places: 6 });
      expect(await one.take(any(9, 9))).toMatchObject({ places: 0 });
    });

    it('counts sessions in all hands and in none', async () => {
      await saveNew(store, ['a', 'b', 'c']);
      await one.take(any(1, 0));
      await other.take(any(1, 0));
      expect((await one.sync(NO_CHANGES)).poolSize).toBe(3);
      await other.take({ count: 3, places: 1 });
      expect((await other.sync(newSessions(['d']))).poolSize).toBe(4);
    });

    it('takes a place for each new session, and refuses those that have none', async () => {
      await one.take(any(2, 2));
      const { refused, poolSize } = await one.sync(newSessions(['a', 'b', 'c']));
      expect(refused).toEqual(['c']);
      expect(poolSize).toBe(2);
      expect(await other.take(any(9, 9))).toMatchObject({ places: 8 });
    });

    it('takes none for sessions that are to come even if the pool is full', async () => {
      await saveNew(store, manyIds(10));
      const news = await one.sync({ ...newSessions(['a', 'b']), evenIfFull: ['a'] });
      expect(news).toMatchObject({ refused: ['b'], poolSize: 11 });
      expect(await other.take(any(99, 99))).toMatchObject({ places: 0 });
    });

    it('takes back places that were not used, of lost hands, and of those that are left', async () => {
      await one.take(any(6, 6));
      expect(await other.take(any(9, 9))).toMatchObject({ places: 4 });
      await one.sync({ ...NO_CHANGES, unusedPlaces: 2 });
      expect(await other.take(any(9, 9))).toMatchObject({ places: 2 });
      await other.leave();
      const third = await hands.join(OPTIONS);
      expect(await third.take(any(9, 9))).toMatchObject({ places: 6 });
      await clock.advance(LEASE_MS - 1);
      await third.sync(NO_CHANGES);
      await clock.advance(1);
      expect(await third.take(any(9, 9))).toMatchObject({ places: 4 });
    });

    it('has room again for each session that retires', async () => {
      await one.take(any(10, 10));
      await one.sync(newSessions(manyIds(10)));
      expect(await other.take(any(1, 1))).toMatchObject({ places: 0 });
      await one.sync({ ...NO_CHANGES, retired: [{ id: 's3', reason: 'blocked', retiredAt: 1 }] });
      expect(await other.take(any(1, 1))).toMatchObject({ places: 1 });
    });
  });

  describe('the lease of a hand', () => {
    it('lasts as long as it is synced', async () => {
      await saveNew(store, ['a']);
      await one.take(any(1));
      for (let round = 0; round < 3; round++) {
        await clock.advance(LEASE_MS - 1);
        expect((await one.sync(NO_CHANGES)).isLost).toBe(false);
      }
      const third = await hands.join(OPTIONS);
      expect(idsOf(await third.take(any(1)))).toEqual([]);
    });

    it('is not prolonged by taking', async () => {
      await saveNew(store, ['a', 'b']);
      await one.take(any(1));
      await clock.advance(LEASE_MS - 1);
      expect(idsOf(await one.take(any(1)))).toEqual(['b']);
      await clock.advance(1);
      expect(await one.take(any(1, 1))).toEqual({
        sessions: [],
        places: 0,
        absent: new Map(),
        nextDueMs: null,
        isLost: true,
      });
    });

    it('refuses what comes when it is over, whether or not the sessions are in another hand already', async () => {
      await saveNew(store, ['a', 'b']);
      await one.take(any(2));
      await clock.advance(LEASE_MS);
      const third = await hands.join(OPTIONS);
      expect(idsOf(await third.take(any(1)))).toHaveLength(1);
      const late = await one.sync({
        ...newSessions(['a', 'b', 'new']),
        evenIfFull: ['new'],
        hot: [hotRow('a', 9), hotRow('b', 9), hotRow('new')],
        cookies: [{ id: 'a', cookies: [{ key: 'k', json: '{}', at: 1 }] }],
        retired: [{ id: 'b', reason: 'blocked', retiredAt: 1 }],
        returned: [{ id: 'a', restMs: 0 }],
      });
      expect(late).toMatchObject({ isLost: true, refused: [], poolSize: 2 });
      await third.take(any(1));
      await third.leave();
      const { sessions } = await one.take(any(9));
      expect(sessions.map(({ hot, cookies }) => [hot.usageCount, cookies])).toEqual([
        [0, []],
        [0, []],
      ]);
    });

    it('is over for a large hand too, of which only a part is back so far', async () => {
      await saveNew(store, manyIds(1000));
      await one.take({ ...any(0), ids: manyIds(1000) });
      await clock.advance(LEASE_MS);
      const news = await one.sync({ ...NO_CHANGES, hot: manyIds(1000).map((id) => hotRow(id, 1)) });
      expect(news).toMatchObject({ isLost: true, handsCount: 1, poolSize: 1000 });
      const { sessions } = await one.take(any(1000));
      expect(sessions.length).toBeGreaterThan(0);
      expect(new Set(sessions.map(({ hot }) => hot.usageCount))).toEqual(new Set([0]));
    });

    it('begins anew with the sync that was too late', async () => {
      await saveNew(store, ['a']);
      await one.take(any(1));
      await clock.advance(LEASE_MS);
      expect((await one.sync(NO_CHANGES)).isLost).toBe(true);
      expect(idsOf(await one.take(any(1)))).toEqual(['a']);
      expect(await one.sync({ ...NO_CHANGES, hot: [hotRow('a', 1)] })).toMatchObject({
        isLost: false,
        refused: [],
      });
    });

    it('counts live hands', async () => {
      expect((await one.sync(NO_CHANGES)).handsCount).toBe(2);
      await clock.advance(LEASE_MS - 1);
      expect((await one.sync(NO_CHANGES)).handsCount).toBe(2);
      await clock.advance(1);
      expect((await one.sync(NO_CHANGES)).handsCount).toBe(1);
      const third = await hands.join(OPTIONS);
      expect((await one.sync(NO_CHANGES)).handsCount).toBe(2);
      await third.leave();
      expect((await one.sync(NO_CHANGES)).handsCount).toBe(1);
    });

    it('leaves as many uses counted as may have been made when nobody says', async () => {
      await saveNew(store, ['few', 'many'], { maxUsageCount: 10 });
      await saveNew(store, ['endless'], { maxUsageCount: null });
      await one.take(any(3));
      await one.sync({
        ...NO_CHANGES,
        hot: [hotRow('few', 7), hotRow('many', 1), hotRow('endless', 5)],
      });
      await clock.advance(LEASE_MS);
      other = await hands.join(OPTIONS);
      const { sessions } = await other.take(any(3));
      const uses = sessions.map(({ hot }) => [hot.id, hot.usageCount]);
      expect(Object.fromEntries(uses)).toEqual({ few: 10, many: 9, endless: 5 });
    });

    it('lets the sessions of a lost hand rest for their interval', async () => {
      await saveNew(store, ['a'], { minIntervalSecs: 2 });
      await one.take(any(1));
      await clock.advance(LEASE_MS + 500);
      other = await hands.join(OPTIONS);
      expect(await other.take(any(1))).toMatchObject({ sessions: [], nextDueMs: 2000 });
    });

    it('gives everything back when it is left, and counts no use', async () => {
      await saveNew(store, ['a', 'b'], { maxUsageCount: 10 });
      await saveNew(store, ['c'], { minIntervalSecs: 1 });
      await one.take(any(9, 9));
      await one.leave();
      const { sessions, nextDueMs, places } = await other.take(any(9, 9));
      expect(sessions.map(({ hot }) => hot.usageCount)).toEqual([0, 0]);
      expect(nextDueMs).toBe(1000);
      expect(places).toBe(7);
      expect((await one.sync(NO_CHANGES)).isLost).toBe(true);
    });

    it('gives a thousand back, be it left or lost', async () => {
      const large = { ...OPTIONS, maxPoolSize: 2000 };
      await saveNew(store, manyIds(1000));
      const leaving = await hands.join(large);
      await leaving.take({ ...any(0), ids: manyIds(1000) });
      await leaving.leave();
      const dying = await hands.join(large);
      const { sessions } = await dying.take({ ...any(0), ids: manyIds(1000) });
      expect(sessions).toHaveLength(1000);
      await clock.advance(LEASE_MS);
      const heir = await hands.join(large);
      const found = new Set<string>();
      // Each call brings back a bounded number.
      for (let call = 0; call < 5; call++) {
        for (const id of idsOf(await heir.take(any(200)))) found.add(id);
      }
      expect(found.size).toBe(1000);
    });
  });
}

function any(count: number, places = 0): TakeRequest {
  return { count, places };
}
