import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  SessionHotRow,
  SessionStore,
  StoredSession,
} from '../../src/storage/session-store.ts';
import type { Storage } from '../../src/storage/storage.ts';

const NONE = { hot: [], cold: [], retired: [] };

export function describeSessionStoreContract(open: () => Promise<Storage>): void {
  describe('session store', () => {
    let storage: Storage;
    let store: SessionStore;
    beforeEach(async () => {
      storage = await open();
      store = await storage.openSessionStore('pool');
    });
    afterEach(() => storage.close());

    it('is empty at first', async () => {
      expect(await load(store)).toEqual([]);
      await store.save(NONE);
      expect(await load(store)).toEqual([]);
    });

    it('loads what was saved', async () => {
      const hot: SessionHotRow = {
        id: 'ses\0sion 😀',
        usageCount: 7,
        errorScore: 1.5,
        lastUsedAt: 1_700_000_000_123,
        cooldownUntil: 1_700_000_099_999,
        cooldownStep: 2,
      };
      const body = '{"cookies":["ü\\u0000"]}';
      await store.save({ ...NONE, hot: [hot], cold: [{ id: hot.id, body }] });
      expect(await load(store)).toEqual([{ hot, body }]);
    });

    it('takes the last of each part, which may be saved apart', async () => {
      await save(store, 'a');
      await store.save({ ...NONE, hot: [hotRow('a', 5)] });
      await store.save({ ...NONE, cold: [{ id: 'a', body: '"new"' }] });
      expect(await load(store)).toEqual([{ hot: hotRow('a', 5), body: '"new"' }]);
    });

    it('shows a session once both its parts are there', async () => {
      await store.save({ ...NONE, hot: [hotRow('a'), hotRow('b')] });
      await store.save({
        ...NONE,
        cold: [
          { id: 'b', body: '{}' },
          { id: 'c', body: '{}' },
        ],
      });
      expect(idsOf(await load(store))).toEqual(['b']);
      await store.save({ ...NONE, hot: [hotRow('c')], cold: [{ id: 'a', body: '{}' }] });
      expect(idsOf(await load(store))).toEqual(['a', 'b', 'c']);
    });

    it('loads in batches of at most the asked size', async () => {
      await save(store, ...Array.from({ length: 25 }, (_, index) => `s${index}`));
      const sizes: number[] = [];
      const ids = new Set<string>();
      for await (const batch of store.load({ batchSize: 10 })) {
        sizes.push(batch.length);
        for (const { hot } of batch) ids.add(hot.id);
      }
      expect(sizes).toEqual([10, 10, 5]);
      expect(ids.size).toBe(25);
    });

    it('saves and loads thousands', async () => {
      await save(store, ...Array.from({ length: 2500 }, (_, index) => `s${index}`));
      expect(await load(store)).toHaveLength(2500);
    });

    it('never shows half of a save to those who load meanwhile', async () => {
      const ids = Array.from({ length: 2000 }, (_, index) => `s${index}`);
      await save(store, ...ids);
      const saving = store.save({ ...NONE, hot: ids.map((id) => hotRow(id, 2)) });
      const seen = new Set((await firstBatch(store, 2000)).map(({ hot }) => hot.usageCount));
      await saving;
      expect(seen.size).toBe(1);
    });

    it('forgets the live rows of a retired session', async () => {
      await save(store, 'a', 'b');
      await store.save({ ...NONE, retired: [{ id: 'a', reason: 'blocked', retiredAt: 1000 }] });
      expect(idsOf(await load(store))).toEqual(['b']);
    });

    it('ignores upserts for a retired id: retirement is terminal', async () => {
      await save(store, 'a');
      const retired = [{ id: 'a', reason: 'blocked', retiredAt: 1000 }];
      await store.save({ hot: [hotRow('a')], cold: [{ id: 'a', body: '{}' }], retired });
      await save(store, 'a');
      await store.save({ ...NONE, retired: [{ id: 'a', reason: 'again', retiredAt: 9000 }] });
      await save(store, 'a');
      expect(await load(store)).toEqual([]);
    });

    it('remembers the retirement of a session it never saw', async () => {
      await store.save({ ...NONE, retired: [{ id: 'a', reason: 'proxy', retiredAt: 1000 }] });
      await save(store, 'a');
      expect(await load(store)).toEqual([]);
    });

    it('keeps the sessions of two pools on one key, and the retirements of both', async () => {
      const other = await storage.openSessionStore('pool');
      await Promise.all([save(store, 'a', 'b'), save(other, 'c', 'd')]);
      await Promise.all([
        store.save({ ...NONE, retired: [{ id: 'a', reason: 'blocked', retiredAt: 1 }] }),
        other.save({ ...NONE, retired: [{ id: 'c', reason: 'blocked', retiredAt: 1 }] }),
      ]);
      await Promise.all([save(other, 'a', 'd'), save(store, 'b', 'c')]);
      expect(idsOf(await load(store))).toEqual(['b', 'd']);
      expect(idsOf(await load(other))).toEqual(['b', 'd']);
    });

    it('keeps the sessions of different keys apart', async () => {
      const other = await storage.openSessionStore('other pool');
      await save(store, 'a');
      await save(other, 'a');
      await store.save({ ...NONE, retired: [{ id: 'a', reason: 'blocked', retiredAt: 1 }] });
      expect(idsOf(await load(other))).toEqual(['a']);
    });

    it('forgets retirements older than asked, and no others', async () => {
      const retired = [
        { id: 'old', reason: 'blocked', retiredAt: 999 },
        { id: 'young', reason: 'blocked', retiredAt: 1000 },
      ];
      await store.save({ ...NONE, retired });
      await store.forgetRetired(1000);
      await save(store, 'old', 'young');
      expect(idsOf(await load(store))).toEqual(['old']);
    });

    it('removes a quarantined session from the live ones', async () => {
      await save(store, 'a', 'b');
      await store.quarantine('a', 'not JSON');
      await store.quarantine('unknown', 'not there');
      expect(idsOf(await load(store))).toEqual(['b']);
    });

    it('is empty after drop, and usable', async () => {
      await save(store, 'a', 'b');
      await store.save({ ...NONE, retired: [{ id: 'a', reason: 'blocked', retiredAt: 1 }] });
      await store.drop();
      expect(await load(store)).toEqual([]);
      await save(store, 'a');
      expect(idsOf(await load(store))).toEqual(['a']);
    });
  });
}

function hotRow(id: string, usageCount = 1): SessionHotRow {
  return {
    id,
    usageCount,
    errorScore: 0.5,
    lastUsedAt: 1_700_000_000_000,
    cooldownUntil: 0,
    cooldownStep: 0,
  };
}

async function save(store: SessionStore, ...ids: string[]): Promise<void> {
  const hot = ids.map((id) => hotRow(id));
  await store.save({ hot, cold: ids.map((id) => ({ id, body: `{"of":"${id}"}` })), retired: [] });
}

async function load(store: SessionStore): Promise<StoredSession[]> {
  const sessions: StoredSession[] = [];
  for await (const batch of store.load()) sessions.push(...batch);
  return sessions;
}

async function firstBatch(
  store: SessionStore,
  batchSize: number,
): Promise<readonly StoredSession[]> {
  for await (const batch of store.load({ batchSize })) return batch;
  return [];
}

function idsOf(sessions: readonly StoredSession[]): string[] {
  return sessions.map(({ hot }) => hot.id).sort();
}
