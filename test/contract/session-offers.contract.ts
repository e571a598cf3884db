import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../../src/core/fake-clock.ts';
import type {
  HandChanges,
  HandOptions,
  SessionHand,
  SessionHands,
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
  retired,
  returned,
  saveNew,
} from '../support/session-rows.ts';
import { twoHands } from '../support/two-hands.ts';

const LEASE_MS = 10_000;
const OPTIONS: HandOptions = { leaseMs: LEASE_MS, maxPoolSize: 1000, usesAhead: 8 };

/** What the port promises of sessions whose lease was over, sentence by sentence. `clock` is the store's. */
export function describeSessionOffersContract(
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

  /** Hand one takes them, and its lease runs out; the other one's does not. */
  async function lose(...ids: string[]): Promise<void> {
    await one.take({ count: 0, ids, places: 0 });
    for (let passed = 0; passed < LEASE_MS; passed += LEASE_MS / 2) {
      await other.sync(NO_CHANGES);
      await clock.advance(LEASE_MS / 2);
    }
  }

  async function offer(changes: Partial<HandChanges>, whole: string[] = []) {
    expect((await one.sync(NO_CHANGES)).isLost).toBe(true);
    return await one.offer({ ...NO_CHANGES, ...changes }, whole);
  }

  async function stateOf(id: string): Promise<unknown[]> {
    for await (const batch of store.load()) {
      for (const { hot, body } of batch) {
        if (hot.id === id) return [hot.usageCount, hot.errorScore, body];
      }
    }
    return [];
  }

  /** The other one takes it, uses it so often, and gives it back. */
  async function useElsewhere(id: string, uses: number): Promise<void> {
    const { sessions } = await other.take({ count: 0, ids: [id], places: 0 });
    const [hot] = sessions.map((session) => session.hot);
    await other.sync({
      ...returned(0, id),
      hot: [{ ...hotRow(id), ...hot, usageCount: (hot?.usageCount ?? 0) + uses }],
    });
  }

  describe('sessions that are offered after their lease was over', () => {
    it.each([
      ['before anybody has noticed', async () => {}],
      ['after others have noticed', async () => void (await other.sync(NO_CHANGES))],
    ])('are in the hand again as if it had never lost them, %s', async (_when, before) => {
      await saveNew(store, ['a', 'b', 'c'], { maxUsageCount: 50 });
      await lose('a', 'b', 'c');
      await before();
      const cookies = [{ key: 'k', json: '"v"', at: 5 }];
      const news = await offer({
        hot: [{ ...hotRow('a', 3), errorScore: 1.5 }, hotRow('b', 2), hotRow('c', 1)],
        cold: [{ id: 'a', body: coldRow('a').body.replace('of', 'new') }],
        cookies: [{ id: 'a', cookies }],
        retired: [retired('b')],
        returned: [{ id: 'c', restMs: 0 }],
      });
      expect(news).toMatchObject({ isLost: false, refused: [], poolSize: 2 });
      expect(await stateOf('a')).toEqual([3, 1.5, coldRow('a').body.replace('of', 'new')]);
      const { sessions, absent } = await other.take({ count: 9, ids: ['a', 'b'], places: 0 });
      expect(sessions.map(({ hot }) => [hot.id, hot.usageCount])).toEqual([['c', 1]]);
      expect([...absent.values()]).toEqual(['held', 'retired']);
      await one.leave();
      const again = await other.take({ count: 0, ids: ['a'], places: 0 });
      expect(again.sessions.map((session) => session.cookies)).toEqual([['"v"']]);
    });

    it('are all there again in a large hand, of which only a part was back', async () => {
      await saveNew(store, manyIds(900));
      await lose(...manyIds(900));
      const hot = manyIds(900).map((id) => hotRow(id, 1));
      const rows = await offer({ hot });
      expect(rows).toMatchObject({ refused: [], poolSize: 900, handsCount: 2 });
      expect(idsOf(await other.take({ count: 900, places: 0 }))).toEqual([]);
    });

    it('are added to once, though they are offered again', async () => {
      await saveNew(store, ['a']);
      await lose('a');
      await useElsewhere('a', 2);
      await offer({ hot: [hotRow('a', 5)] });
      expect((await stateOf('a'))[0]).toBe(7);
      await one.offer({ ...NO_CHANGES, hot: [hotRow('a', 5)] }, []);
      expect((await stateOf('a'))[0]).toBe(7);
    });

    it('stay whose they are: to those the change of uses and error score is added when they are free', async () => {
      await saveNew(store, ['a', 'b'], { maxUsageCount: 50 });
      await lose('a', 'b');
      const { sessions } = await other.take({ count: 0, ids: ['a', 'b'], places: 0 });
      // Eight may have been made of which nobody knew.
      expect(sessions.map(({ hot }) => hot.usageCount)).toEqual([8, 8]);
      const changed = [
        { ...hotRow('a', 3), errorScore: 2 },
        { ...hotRow('b', 1), errorScore: 1 },
      ];
      const news = await offer({ hot: changed, cold: [coldRow('a', { maxUsageCount: 1 })] });
      expect(news.refused.toSorted()).toEqual(['a', 'b']);
      expect((await one.sync({ ...NO_CHANGES, hot: [hotRow('a', 99)] })).refused).toEqual(['a']);
      const rows = ['a', 'b'].map((id) => ({ ...hotRow(id, 10), errorScore: 0.5 }));
      await other.sync({ ...returned(0, 'a'), hot: rows });
      const body = (id: string) => coldRow(id, { maxUsageCount: 50 }).body;
      expect(await stateOf('a')).toEqual([5, 2.5, body('a')]);
      expect(await stateOf('b')).toEqual([10, 0.5, body('b')]);
      await other.leave();
      expect(await stateOf('b')).toEqual([3, 1.5, body('b')]);
    });

    it('are added to at once where another has had them and nobody has them now', async () => {
      await saveNew(store, ['a']);
      await lose('a');
      await useElsewhere('a', 4);
      const news = await offer({ hot: [{ ...hotRow('a', 3), errorScore: 1 }] });
      expect(news.refused).toEqual(['a']);
      expect((await stateOf('a')).slice(0, 2)).toEqual([7, 1]);
    });

    it('are refused too if they rest, and another has them', async () => {
      await saveNew(store, ['a', 'b']);
      await lose('a', 'b');
      await useElsewhere('b', 0);
      await other.take({ count: 0, ids: ['a'], places: 0 });
      const facts = ['a', 'b'].map((id) => ({ id, errorScoreChange: 0, restMs: 700 }));
      const news = await offer({ hot: [hotRow('a', 1), hotRow('b', 1)], facts });
      expect(news.refused.toSorted()).toEqual(['a', 'b']);
      expect(await one.take({ count: 1, places: 0 })).toMatchObject({
        sessions: [],
        nextDueMs: 700,
      });
    });

    it('have of each cookie what was written last, whoever has them', async () => {
      await saveNew(store, ['a', 'b']);
      await lose('a', 'b');
      await other.take({ count: 0, ids: ['a', 'b'], places: 0 });
      const cookie = (key: string, json: string | null, at: number) => ({ key, json, at });
      const theirs = [cookie('x', '"theirs"', 20), cookie('y', '"theirs"', 20)];
      await other.sync({ ...NO_CHANGES, cookies: [{ id: 'a', cookies: theirs }] });
      const ours = [cookie('x', '"ours"', 10), cookie('y', '"ours"', 30), cookie('z', '"ours"', 1)];
      await offer({ hot: [hotRow('a'), hotRow('b')], cookies: [{ id: 'a', cookies: ours }] });
      const jar = await hands.exportCookies('a');
      expect(Object.fromEntries(jar.map(({ key, json }) => [key, json]))).toEqual({
        x: '"theirs"',
        y: '"ours"',
        z: '"ours"',
      });
      expect(await hands.exportCookies('b')).toEqual([]);
    });

    it('retire for all, whoever has them', async () => {
      await saveNew(store, ['a', 'b']);
      await lose('a', 'b');
      await other.take({ count: 0, ids: ['a'], places: 0 });
      await offer({ retired: [retired('a'), retired('b'), retired('nobody')] });
      const news = await other.sync({ ...NO_CHANGES, hot: [hotRow('a', 1)] });
      expect(news).toMatchObject({ refused: ['a'], retired: [retired('a'), retired('b')] });
      expect(news.poolSize).toBe(0);
    });

    it('are not brought back when others have retired them', async () => {
      await saveNew(store, ['a']);
      await lose('a');
      await store.save({ hot: [], cold: [], retired: [retired('a', 'manual')] });
      const news = await offer({
        hot: [hotRow('a', 1)],
        cookies: [{ id: 'a', cookies: [{ key: 'k', json: '"v"', at: 1 }] }],
      });
      expect(news).toMatchObject({ refused: ['a'], poolSize: 0 });
      expect(await hands.exportCookies('a')).toEqual([]);
      expect(await load(store)).toEqual([]);
    });

    it('are made where the store never heard of them and there is a place, else not', async () => {
      await one.take({ count: 0, places: 2 });
      await clock.advance(LEASE_MS);
      expect((await one.sync(NO_CHANGES)).isLost).toBe(true);
      const { places } = await one.take({ count: 0, places: 1 });
      expect(places).toBe(1);
      const news = await one.offer({ ...newSessions(['a', 'b']) }, ['a', 'b']);
      expect(news).toMatchObject({ refused: ['b'], poolSize: 1 });
      expect((await one.take({ count: 0, places: 9999 })).places).toBe(999);
    });

    it('are left alone if they are only to be written whole, and another has had them', async () => {
      await saveNew(store, ['a']);
      await lose('a');
      await useElsewhere('a', 1);
      const cookies = [{ key: 'k', json: '"v"', at: 1 }];
      const rows = { hot: [hotRow('a', 9)], cold: [coldRow('a')], cookies: [{ id: 'a', cookies }] };
      expect((await offer(rows, ['a'])).refused).toEqual(['a']);
      expect((await stateOf('a'))[0]).toBe(1);
      expect(await hands.exportCookies('a')).toEqual([]);
    });

    it('are in the hand again too if further leases were over before they could be offered', async () => {
      await saveNew(store, ['a', 'b']);
      await lose('a');
      await offer({ hot: [hotRow('a', 1)] });
      await one.take({ count: 0, ids: ['b'], places: 0 });
      for (let lease = 0; lease < 10; lease++) {
        await clock.advance(LEASE_MS);
        expect((await one.sync(NO_CHANGES)).isLost).toBe(true);
      }
      await clock.advance(LEASE_MS);
      const news = await offer({ hot: [hotRow('a', 2), hotRow('b', 3)] });
      expect(news.refused).toEqual([]);
      expect([(await stateOf('a'))[0], (await stateOf('b'))[0]]).toEqual([2, 3]);
    });

    it('keep what others have told of them meanwhile', async () => {
      await saveNew(store, ['a'], { maxUsageCount: 50 });
      await lose('a');
      await other.sync({
        ...NO_CHANGES,
        facts: [{ id: 'a', errorScoreChange: 1, restMs: 0 }],
      });
      await offer({ hot: [{ ...hotRow('a', 3), errorScore: 0.5 }] });
      await one.sync(returned(0, 'a'));
      expect((await stateOf('a')).slice(0, 2)).toEqual([3, 1.5]);
    });
  });

  describe('what becomes known of a session in no hand, or another’s', () => {
    it('is added at once to one that is free, which rests', async () => {
      await saveNew(store, ['a']);
      await one.sync({ ...NO_CHANGES, facts: [{ id: 'a', errorScoreChange: 2, restMs: 700 }] });
      await one.sync({ ...NO_CHANGES, facts: [{ id: 'a', errorScoreChange: -5, restMs: 0 }] });
      expect((await stateOf('a')).slice(0, 2)).toEqual([0, 0]);
      expect(await other.take({ count: 1, places: 0 })).toMatchObject({
        sessions: [],
        nextDueMs: 700,
      });
    });

    it('is added to one that is held when it comes back, and counts for cookies and retirements at once', async () => {
      await saveNew(store, ['a', 'b']);
      await other.take({ count: 2, places: 0 });
      const fact = { errorScoreChange: 1, restMs: 900 };
      const news = await one.sync({
        ...NO_CHANGES,
        facts: [
          { id: 'a', ...fact },
          { id: 'b', ...fact },
          { id: 'nobody', ...fact },
        ],
        cookies: [{ id: 'a', cookies: [{ key: 'k', json: '"v"', at: 1 }] }],
        retired: [retired('b')],
      });
      expect(news).toMatchObject({ refused: [], poolSize: 1 });
      expect(await hands.exportCookies('a')).toHaveLength(1);
      await other.sync({ ...returned(0, 'a'), hot: [{ ...hotRow('a', 4), errorScore: 1 }] });
      expect((await stateOf('a')).slice(0, 2)).toEqual([4, 2]);
      expect(await one.take({ count: 1, places: 0 })).toMatchObject({ nextDueMs: 900 });
      expect((await one.take({ count: 0, ids: ['b'], places: 0 })).absent.get('b')).toBe('retired');
    });
  });
}

async function load(store: SessionStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const batch of store.load()) ids.push(...batch.map(({ hot }) => hot.id));
  return ids;
}
