import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../../src/core/fake-clock.ts';
import type { HandOptions, SessionHand, SessionHands } from '../../src/storage/session-hands.ts';
import type { SessionStore } from '../../src/storage/session-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { coldRow, hotRow, idsOf, NO_CHANGES, newSessions } from '../support/session-rows.ts';

const LEASE_MS = 10_000;
const OPTIONS: HandOptions = { leaseMs: LEASE_MS, maxPoolSize: 100, usesAhead: 8 };

/** What a store of shared pools promises, sentence by sentence of the port. `clock` is the store's. */
export function describeSessionHandsContract(open: () => Promise<Storage>, clock: FakeClock): void {
  describe('sessions in hands', () => {
    let storage: Storage;
    let store: SessionStore;
    let hands: SessionHands;
    let one: SessionHand;
    let other: SessionHand;
    beforeEach(async () => {
      storage = await open();
      store = await storage.openSessionStore('pool');
      hands = store.hands as SessionHands;
      one = await hands.join(OPTIONS);
      other = await hands.join(OPTIONS);
    });
    afterEach(() => storage.close());

    const any = (count: number, places = 0) => ({ count, places });

    async function save(...ids: string[]): Promise<void> {
      const { hot, cold } = newSessions(ids);
      await store.save({ hot, cold, retired: [] });
    }

    it('gives what was saved to one who asks, with its rows', async () => {
      await save('a', 'b', 'c');
      const { sessions } = await one.take(any(2));
      expect(sessions).toHaveLength(2);
      expect(sessions[0]).toEqual({
        hot: hotRow('a'),
        body: coldRow('a').body,
        cookies: [],
        restMs: 0,
      });
      expect(idsOf(await other.take(any(5)))).toEqual(['c']);
    });

    it('gives back what was returned, with what was written', async () => {
      await save('a');
      await one.take(any(1));
      await one.sync({
        ...NO_CHANGES,
        hot: [hotRow('a', 7)],
        returned: [{ id: 'a', restMs: 0 }],
      });
      const { sessions } = await other.take(any(1));
      expect(sessions[0]?.hot.usageCount).toBe(7);
    });

    it('gives a hand’s sessions to others once its lease is over', async () => {
      await save('a');
      await one.take(any(1));
      await clock.advance(LEASE_MS);
      other = await hands.join(OPTIONS);
      expect(idsOf(await other.take(any(1)))).toEqual(['a']);
      const news = await one.sync({ ...NO_CHANGES, hot: [hotRow('a', 9)] });
      expect(news.isLost).toBe(true);
      expect(idsOf(await one.take(any(1)))).toEqual([]);
    });

    it('gives everything back when it is left', async () => {
      await save('a', 'b');
      await one.take(any(5, 5));
      await one.leave();
      expect(idsOf(await other.take(any(2)))).toEqual(['a', 'b']);
    });
  });
}
