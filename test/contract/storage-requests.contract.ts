import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedRequest, RequestRow, RequestStore } from '../../src/storage/request-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { claimedFrom } from '../support/claimed.ts';

const ORIGIN = 'https://example.com';
const NOW = 1_700_000_000_000;
const LOCK = { now: NOW, lockMs: 60_000 };

export function describeRequestStoreContract(open: () => Promise<Storage>): void {
  describe('request store', () => {
    let storage: Storage;
    let store: RequestStore;
    beforeEach(async () => {
      storage = await open();
      store = await storage.openRequestStore('queue');
    });
    afterEach(() => storage.close());

    it('is empty at first', async () => {
      expect(await claimedFrom(store, 10, LOCK)).toEqual([]);
      expect(await store.counts(NOW)).toEqual({ total: 0, handled: 0, pending: 0, locked: 0 });
      expect(await store.nextDueAt()).toBeNull();
      expect(await store.get('a')).toBeNull();
      expect(await store.add([])).toEqual([]);
    });

    it('hands out requests in the order they were added, whole', async () => {
      await store.add(rows('a', 'b'));
      await store.add(rows('c'));
      const claimed = await claimedFrom(store, 10, LOCK);
      expect(claimed.map(withoutFence)).toEqual(rows('a', 'b', 'c'));
    });

    it('puts forefront requests before all others, the last added foremost', async () => {
      await store.add(rows('a'));
      await store.add(rows('b', 'c'), { isForefront: true });
      await store.add(rows('d'));
      await store.add(rows('e'), { isForefront: true });
      expect(idsOf(await claimedFrom(store, 10, LOCK))).toEqual(['e', 'c', 'b', 'a', 'd']);
    });

    it('leaves known requests as they are, and says so', async () => {
      await store.add(rows('a', 'b'));
      const again = [{ ...row('b'), body: '{"changed":true}' }, row('c'), row('c')];
      expect(await store.add(again, { isForefront: true })).toEqual([
        { id: 'b', wasAlreadyPresent: true, wasAlreadyHandled: false },
        { id: 'c', wasAlreadyPresent: false, wasAlreadyHandled: false },
        { id: 'c', wasAlreadyPresent: true, wasAlreadyHandled: false },
      ]);
      const claimed = await claimedFrom(store, 10, LOCK);
      expect(idsOf(claimed)).toEqual(['c', 'a', 'b']);
      expect(claimed[2]?.body).toBe(row('b').body);
    });

    it('knows handled and locked requests too', async () => {
      await store.add(rows('a', 'b'));
      const [a] = await claimedFrom(store, 2, LOCK);
      await handle(store, a);
      expect(await store.add(rows('a', 'b'))).toEqual([
        { id: 'a', wasAlreadyPresent: true, wasAlreadyHandled: true },
        { id: 'b', wasAlreadyPresent: true, wasAlreadyHandled: false },
      ]);
      expect(await claimedFrom(store, 10, LOCK)).toEqual([]);
    });

    it('adds thousands at once, in order', async () => {
      const many = Array.from({ length: 2500 }, (_, index) => row(`r${index}`));
      await store.add(many);
      expect(await store.counts(NOW)).toMatchObject({ total: 2500, pending: 2500 });
      expect(idsOf(await claimedFrom(store, 5000, LOCK))).toEqual(many.map(({ id }) => id));
    });

    it('keeps texts whole, whatever is in them', async () => {
      const odd = {
        id: 'odd',
        uniqueKey: 'a\0b😀',
        body: '{"text":"ü\\u0000"}\0',
        origin: 'ö\n %',
      };
      await store.add([odd]);
      expect(await store.get('odd')).toEqual({ ...odd, isHandled: false });
      expect((await claimedFrom(store, 1, LOCK)).map(withoutFence)).toEqual([odd]);
    });

    it('claims no more than the limit', async () => {
      await store.add(rows('a', 'b', 'c'));
      expect(await claimedFrom(store, 0, LOCK)).toEqual([]);
      expect(idsOf(await claimedFrom(store, 2, LOCK))).toEqual(['a', 'b']);
      expect(idsOf(await claimedFrom(store, 2, LOCK))).toEqual(['c']);
    });

    it('never hands out one request twice to concurrent claims', async () => {
      await store.add(Array.from({ length: 500 }, (_, index) => row(`r${index}`)));
      const second = await storage.openRequestStore('queue');
      const claims = await Promise.all(
        Array.from({ length: 60 }, (_, index) => claimedFrom(index % 2 ? store : second, 10, LOCK)),
      );
      const ids = claims.flatMap(idsOf);
      expect(ids).toHaveLength(500);
      expect(new Set(ids).size).toBe(500);
    });

    it('hands out a request again once its lock has run out, at its old place', async () => {
      await store.add(rows('a', 'b'));
      const [first] = await claimedFrom(store, 1, { now: NOW, lockMs: 1000 });
      expect(idsOf(await claimedFrom(store, 1, { now: NOW + 999, lockMs: 1000 }))).toEqual(['b']);
      const [again] = await claimedFrom(store, 1, { now: NOW + 1000, lockMs: 1000 });
      expect(again?.id).toBe('a');
      expect(again?.fence).toBeGreaterThan(first?.fence ?? Number.NaN);
    });

    it('refuses the late worker whose request was handed out again', async () => {
      await store.add(rows('a'));
      const [late] = await claimedFrom(store, 1, { now: NOW, lockMs: 1000 });
      const [current] = await claimedFrom(store, 1, { now: NOW + 1000, lockMs: 1000 });
      expect(await handle(store, late)).toEqual([]);
      expect(await giveBack(store, late)).toEqual([]);
      expect(await extend(store, late, NOW + 9000)).toEqual([]);
      expect(await handle(store, current)).toEqual(['a']);
      expect(await store.counts(NOW)).toMatchObject({ handled: 1, pending: 0 });
    });

    it('accepts a worker whose lock ran out as long as nobody else has the request', async () => {
      await store.add(rows('a', 'b', 'c'));
      const [a, b] = await claimedFrom(store, 2, { now: NOW, lockMs: 1000 });
      expect(idsOf(await claimedFrom(store, 1, { now: NOW + 500, lockMs: 1000 }))).toEqual(['c']);
      expect(await extend(store, a, NOW + 5000)).toEqual(['a']);
      expect(idsOf(await claimedFrom(store, 5, { now: NOW + 1000, lockMs: 1 }))).toEqual(['b']);
      expect(await handle(store, b)).toEqual([]);
      expect(await handle(store, a)).toEqual(['a']);
    });

    it('refuses a second acknowledgement of one claim', async () => {
      await store.add(rows('a', 'b'));
      const [a, b] = await claimedFrom(store, 2, LOCK);
      expect(await handle(store, a)).toEqual(['a']);
      expect(await handle(store, a)).toEqual([]);
      expect(await giveBack(store, a)).toEqual([]);
      expect(await giveBack(store, b)).toEqual(['b']);
      expect(await giveBack(store, b)).toEqual([]);
      expect(await handle(store, b)).toEqual([]);
      expect(await store.counts(NOW)).toEqual({ total: 2, handled: 1, pending: 1, locked: 0 });
    });

    it('refuses a fence nobody was given, and an unknown id', async () => {
      await store.add(rows('a'));
      const made = { id: 'a', uniqueKey: 'a', body: '{}', fence: 0 };
      expect(await handle(store, made)).toEqual([]);
      expect(await handle(store, { ...made, fence: 1 })).toEqual([]);
      expect(await handle(store, { ...made, id: 'unknown' })).toEqual([]);
      expect(await store.counts(NOW)).toMatchObject({ handled: 0, pending: 1 });
    });

    it('acknowledges the valid part of a batch', async () => {
      await store.add(rows('a', 'b', 'c'));
      const claimed = await claimedFrom(store, 3, LOCK);
      await handle(store, claimed[1]);
      const batch = claimed.map(({ id, fence }) => ({ id, fence, body: '"last"' }));
      expect(await store.handle(batch)).toEqual(['a', 'c']);
      expect(await store.counts(NOW)).toMatchObject({ handled: 3 });
    });

    it('keeps the final body of a handled request, which is never handed out again', async () => {
      await store.add(rows('a'));
      const [a] = await claimedFrom(store, 1, LOCK);
      await store.handle([{ id: 'a', fence: a?.fence ?? 0, body: '{"final":true}' }]);
      expect(await store.get('a')).toEqual({
        id: 'a',
        uniqueKey: row('a').uniqueKey,
        origin: ORIGIN,
        body: '{"final":true}',
        isHandled: true,
      });
      expect(await claimedFrom(store, 1, { now: NOW + 1e9, lockMs: 1 })).toEqual([]);
      expect(await store.nextDueAt()).toBeNull();
    });

    it('extends a lock, which then runs out later', async () => {
      await store.add(rows('a'));
      const [a] = await claimedFrom(store, 1, { now: NOW, lockMs: 1000 });
      expect(await extend(store, a, NOW + 5000)).toEqual(['a']);
      expect(await store.nextDueAt()).toBe(NOW + 5000);
      expect(await claimedFrom(store, 1, { now: NOW + 4999, lockMs: 1 })).toEqual([]);
      expect(idsOf(await claimedFrom(store, 1, { now: NOW + 5000, lockMs: 1 }))).toEqual(['a']);
    });

    it('extends a lock that ran out while others claimed, if nobody took the request', async () => {
      await store.add(rows('a', 'b'));
      const claimed = await claimedFrom(store, 2, { now: NOW, lockMs: 1000 });
      expect(idsOf(await claimedFrom(store, 1, { now: NOW + 1000, lockMs: 1000 }))).toEqual(['a']);
      expect(await extend(store, claimed[1], NOW + 9000)).toEqual(['b']);
      expect(await claimedFrom(store, 1, { now: NOW + 1500, lockMs: 1000 })).toEqual([]);
      expect(await store.counts(NOW + 1500)).toMatchObject({ locked: 2, pending: 0 });
    });

    it('takes a request back with its new body, at the end or at the forefront', async () => {
      await store.add(rows('a', 'b', 'c'));
      const [a, b] = await claimedFrom(store, 2, LOCK);
      await giveBack(store, a, { body: '{"retry":1}' });
      await giveBack(store, b, { isForefront: true });
      const claimed = await claimedFrom(store, 5, LOCK);
      expect(idsOf(claimed)).toEqual(['b', 'c', 'a']);
      expect(claimed[2]?.body).toBe('{"retry":1}');
      expect(claimed[2]?.fence).toBeGreaterThan(a?.fence ?? Number.NaN);
    });

    it('does not hand out a request before its time', async () => {
      await store.add(rows('a', 'b'));
      const [a] = await claimedFrom(store, 1, LOCK);
      await giveBack(store, a, { isForefront: true, notBefore: NOW + 5000 });
      expect(idsOf(await claimedFrom(store, 5, { now: NOW + 4999, lockMs: 60_000 }))).toEqual([
        'b',
      ]);
      expect(await store.counts(NOW)).toMatchObject({ pending: 1, locked: 1 });
      expect(await store.nextDueAt()).toBe(NOW + 5000);
      expect(idsOf(await claimedFrom(store, 5, { now: NOW + 5000, lockMs: 1 }))).toEqual(['a']);
    });

    it('lines up what has fallen due with what was ready all along', async () => {
      await store.add(rows('a', 'b', 'c'));
      const [a] = await claimedFrom(store, 1, LOCK);
      await giveBack(store, a, { isForefront: true, notBefore: NOW + 10 });
      expect(idsOf(await claimedFrom(store, 5, { now: NOW + 10, lockMs: 1 }))).toEqual([
        'a',
        'b',
        'c',
      ]);
    });

    it('hands out thousands that fall due at once', async () => {
      await store.add(Array.from({ length: 1500 }, (_, index) => row(`r${index}`)));
      const claimed = await claimedFrom(store, 1500, { now: NOW, lockMs: 1000 });
      const again = await claimedFrom(store, 2000, { now: NOW + 1000, lockMs: 1000 });
      expect(idsOf(again)).toEqual(idsOf(claimed));
    });

    it('counts by state, an expired lock as pending', async () => {
      await store.add(rows('a', 'b', 'c', 'd', 'e'));
      const [a, b] = await claimedFrom(store, 3, { now: NOW, lockMs: 1000 });
      await handle(store, a);
      await giveBack(store, b, { notBefore: NOW + 99_999 });
      expect(await store.counts(NOW)).toEqual({ total: 5, handled: 1, pending: 3, locked: 1 });
      expect(await store.counts(NOW + 1000)).toEqual({
        total: 5,
        handled: 1,
        pending: 4,
        locked: 0,
      });
      expect(await store.counts(NOW)).toMatchObject({ locked: 1 });
    });

    it('tells when the next request becomes claimable', async () => {
      await store.add(rows('a', 'b'));
      expect(await store.nextDueAt()).toBeLessThanOrEqual(NOW);
      const [a] = await claimedFrom(store, 2, { now: NOW, lockMs: 8000 });
      expect(await store.nextDueAt()).toBe(NOW + 8000);
      await giveBack(store, a, { notBefore: NOW + 3000 });
      expect(await store.nextDueAt()).toBe(NOW + 3000);
      const [again] = await claimedFrom(store, 1, { now: NOW + 3000, lockMs: 9000 });
      await handle(store, again);
      expect(await store.nextDueAt()).toBe(NOW + 8000);
    });

    it('keeps queues apart', async () => {
      const other = await storage.openRequestStore('other');
      await store.add(rows('a'));
      await other.add(rows('a', 'b'));
      const [a] = await claimedFrom(store, 5, LOCK);
      await handle(store, a);
      expect(await other.counts(NOW)).toMatchObject({ total: 2, handled: 0 });
      expect(idsOf(await claimedFrom(other, 5, LOCK))).toEqual(['a', 'b']);
    });

    it('is empty after drop, usable, and refuses claims from before', async () => {
      await store.add(Array.from({ length: 450 }, (_, index) => row(`r${index}`)));
      const [early] = await claimedFrom(store, 1, LOCK);
      await store.drop();
      expect(await store.counts(NOW)).toEqual({ total: 0, handled: 0, pending: 0, locked: 0 });
      expect(await store.nextDueAt()).toBeNull();
      await store.add(rows('r0'));
      await claimedFrom(store, 1, LOCK);
      expect(await handle(store, early)).toEqual([]);
      expect(await store.counts(NOW)).toMatchObject({ total: 1, handled: 0, locked: 1 });
    });

    it('finds those that failed again, and counts them as handled', async () => {
      await store.add(rows('a', 'b', 'c'));
      const [a, b] = await claimedFrom(store, 2, LOCK);
      expect(await store.handle([endOf(a, true), endOf(b, false)])).toEqual(['a', 'b']);
      expect(await failedOf(store)).toEqual([{ ...row('a'), body: '{"end":"a"}' }]);
      expect(await store.counts(NOW)).toEqual({ total: 3, handled: 2, pending: 1, locked: 0 });
      expect(await store.get('a')).toMatchObject({ body: '{"end":"a"}', isHandled: true });
      expect(await store.add(rows('a'))).toMatchObject([{ wasAlreadyHandled: true }]);
    });

    it('retries those that failed, at the end of the line, and nothing else', async () => {
      await store.add(rows('a', 'b', 'c', 'd'));
      const [a, b] = await claimedFrom(store, 2, LOCK);
      await store.handle([endOf(a, true), endOf(b, false)]);
      const again = [...rows('b', 'c', 'unknown'), { ...row('a'), body: '{"again":true}' }];
      expect(await store.retryFailed(again)).toEqual(['a']);
      expect(await store.retryFailed(again)).toEqual([]);
      expect(await failedOf(store)).toEqual([]);
      expect(await store.counts(NOW)).toEqual({ total: 4, handled: 1, pending: 3, locked: 0 });
      expect(await store.handle([endOf(a, false)])).toEqual([]);
      await store.add(rows('e'));
      const claimed = await claimedFrom(store, 10, LOCK);
      expect(idsOf(claimed)).toEqual(['c', 'd', 'a', 'e']);
      expect(claimed[2]?.body).toBe('{"again":true}');
      expect(await handle(store, claimed[2])).toEqual(['a']);
      expect(await store.add(rows('a'))).toMatchObject([{ wasAlreadyHandled: true }]);
    });

    it('lists and retries thousands that failed, and forgets them when it is dropped', async () => {
      await store.add(Array.from({ length: 1200 }, (_, index) => row(`r${index}`)));
      const claims = await claimedFrom(store, 1200, LOCK);
      await store.handle(claims.map((claim) => endOf(claim, true)));
      const failed = await failedOf(store);
      expect(new Set(failed.map(({ id }) => id)).size).toBe(1200);
      expect(await store.retryFailed(failed.slice(0, 700))).toHaveLength(700);
      expect(await failedOf(store)).toHaveLength(500);
      await store.drop();
      expect(await failedOf(store)).toEqual([]);
    });

    it('agrees with a simple model on any sequence of operations', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(4), fc.nat(7), fc.boolean())), async (steps) => {
          const queue = await storage.openRequestStore(`model-${run++}`);
          await followModel(queue, steps);
        }),
        { numRuns: 40 },
      );
    });
  });
}

/** Adds, claims, handles, gives back and lets time pass; a plain array in claiming order is the model. */
async function followModel(
  queue: RequestStore,
  steps: readonly (readonly [number, number, boolean])[],
): Promise<void> {
  let now = NOW;
  const ready: string[] = [];
  const known = new Set<string>();
  const held = new Map<string, ClaimedRequest>();
  let handled = 0;
  for (const [action, which, isForefront] of steps) {
    const id = `r${which}`;
    const claim = held.get(id);
    if (action === 0) {
      await queue.add([row(id)], { isForefront });
      if (!known.has(id)) lineUp(ready, id, isForefront);
      known.add(id);
    } else if (action === 1) {
      const claimed = await claimedFrom(queue, which, { now, lockMs: 1e9 });
      expect(idsOf(claimed)).toEqual(ready.splice(0, which));
      for (const request of claimed) held.set(request.id, request);
    } else if (action === 2 && claim) {
      expect(await handle(queue, claim)).toEqual([id]);
      held.delete(id);
      handled++;
    } else if (action === 3 && claim) {
      expect(await giveBack(queue, claim, { isForefront })).toEqual([id]);
      held.delete(id);
      lineUp(ready, id, isForefront);
    } else {
      now += which;
    }
    expect(await queue.counts(now)).toEqual({
      total: known.size,
      handled,
      pending: ready.length,
      locked: held.size,
    });
  }
}

function lineUp(ready: string[], id: string, isForefront: boolean): void {
  if (isForefront) ready.unshift(id);
  else ready.push(id);
}

function row(id: string): RequestRow {
  return { id, uniqueKey: `${ORIGIN}/${id}`, body: `{"of":"${id}"}`, origin: ORIGIN };
}

function rows(...ids: string[]): RequestRow[] {
  return ids.map(row);
}

function idsOf(requests: readonly { id: string }[]): string[] {
  return requests.map(({ id }) => id);
}

function withoutFence({ fence: _, ...row }: ClaimedRequest): RequestRow {
  return row;
}

function handle(store: RequestStore, claim: ClaimedRequest | undefined): Promise<string[]> {
  return store.handle(claim ? [claim] : []);
}

function extend(
  store: RequestStore,
  claim: ClaimedRequest | undefined,
  until: number,
): Promise<string[]> {
  return store.extend(claim ? [claim] : [], until);
}

function giveBack(
  store: RequestStore,
  claim: ClaimedRequest | undefined,
  changes: { body?: string; isForefront?: boolean; notBefore?: number } = {},
): Promise<string[]> {
  return store.giveBack(claim ? [{ ...claim, ...changes }] : []);
}

function endOf(
  claim: ClaimedRequest | undefined,
  isFailed: boolean,
): { id: string; fence: number; body: string; isFailed: boolean } {
  const { id, fence } = claim as ClaimedRequest;
  return { id, fence, body: `{"end":"${id}"}`, isFailed };
}

async function failedOf(store: RequestStore): Promise<RequestRow[]> {
  const failed: RequestRow[] = [];
  for await (const batch of store.failed()) failed.push(...batch);
  return failed;
}
