import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedRequest, RequestRow, RequestStore } from '../../src/storage/request-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { claimedFrom } from '../support/claimed.ts';

const NOW = 1_700_000_000_000;
const LOCK = { now: NOW, lockMs: 60_000 };
const DELAY_MS = 5000;
const LARGE = 'https://large.example';
const SMALL = 'https://small.example';

/** What a request store promises to the origins in it, and about them. */
export function describeOriginContract(open: () => Promise<Storage>): void {
  describe('request store among many origins', () => {
    let storage: Storage;
    let store: RequestStore;
    beforeEach(async () => {
      storage = await open();
      store = await storage.openRequestStore('queue');
    });
    afterEach(() => storage.close());

    it('lets a small origin have its turns while a large one has thousands waiting', async () => {
      await store.add(pages(LARGE, 3000));
      await store.add(pages(SMALL, 10));
      const claims: string[][] = [];
      for (let claim = 0; claim < 60; claim++) {
        claims.push((await claimedFrom(store, 4, LOCK)).map(originOf));
      }
      const claimsOfSmall = claims.flatMap((origins, claim) =>
        origins.includes(SMALL) ? [claim] : [],
      );
      expect(claims.flat().filter((origin) => origin === SMALL)).toHaveLength(10);
      // Two a claim, or every other claim where the two lie in different shards, or all over the shards.
      expect(claimsOfSmall.at(-1)).toBeLessThanOrEqual(48);
    });

    it('serves each of many origins before it serves any of them again and again', async () => {
      const origins = Array.from({ length: 40 }, (_, index) => `https://site-${index}.example`);
      await store.add(origins.flatMap((origin) => pages(origin, 50)));
      const served = new Set<string>();
      let count = 0;
      while (served.size < origins.length && count < 2000) {
        const claimed = await claimedFrom(store, 5, LOCK);
        for (const request of claimed) served.add(originOf(request));
        count += claimed.length;
      }
      expect(served.size).toBe(origins.length);
      // With all in one shard 40 are enough; a shard that holds few of them serves those more often.
      expect(count).toBeLessThanOrEqual(40 * 16);
    });

    it('gives a large claim to all origins that have something, and fills it', async () => {
      await store.add(pages(LARGE, 100));
      await store.add(pages(SMALL, 3));
      const { requests } = await store.claim(90, LOCK);
      expect(requests).toHaveLength(90);
      const rest = await claimedFrom(store, 90, LOCK);
      expect(rest).toHaveLength(13);
      const ofSmall = [...requests, ...rest].filter((request) => originOf(request) === SMALL);
      expect(ofSmall).toHaveLength(3);
    });

    it('keeps the order of each origin, its forefront before the rest of it', async () => {
      await store.add(pages(LARGE, 4));
      await store.add(pages(SMALL, 3));
      await store.add([page(SMALL, 'first')], { isForefront: true });
      const claimed = await claimedFrom(store, 20, LOCK);
      expect(claimed.filter((request) => originOf(request) === SMALL).map(pathOf)).toEqual([
        'first',
        '0',
        '1',
        '2',
      ]);
      expect(claimed.filter((request) => originOf(request) === LARGE).map(pathOf)).toEqual([
        '0',
        '1',
        '2',
        '3',
      ]);
    });

    it('leaves an origin alone after a claim, for all workers, and says until when', async () => {
      const second = await storage.openRequestStore('queue');
      await store.add(pages(LARGE, 3));
      const first = await store.claim(10, { ...LOCK, originDelayMs: DELAY_MS });
      expect(first.requests.map(pathOf)).toEqual(['0']);
      expect(first.nextDueAt).toBe(NOW + DELAY_MS);
      expect(await second.nextDueAt()).toBe(NOW + DELAY_MS);
      const early = await second.claim(10, {
        now: NOW + DELAY_MS - 1,
        lockMs: 60_000,
        originDelayMs: DELAY_MS,
      });
      expect(early).toMatchObject({ requests: [], nextDueAt: NOW + DELAY_MS });
      const due = await second.claim(10, {
        now: NOW + DELAY_MS,
        lockMs: 60_000,
        originDelayMs: DELAY_MS,
      });
      expect(due.requests.map(pathOf)).toEqual(['1']);
      expect(due.nextDueAt).toBe(NOW + 2 * DELAY_MS);
    });

    it('serves the other origins meanwhile', async () => {
      await store.add(pages(LARGE, 3));
      await store.add(pages(SMALL, 3));
      const both = await claimedFrom(store, 10, { ...LOCK, originDelayMs: DELAY_MS });
      expect(both.map(originOf).toSorted()).toEqual([LARGE, SMALL]);
      await store.add(pages('https://new.example', 2));
      const fresh = await claimedFrom(store, 10, { ...LOCK, originDelayMs: DELAY_MS });
      expect(fresh.map(originOf)).toEqual(['https://new.example']);
    });

    it('leaves it alone also for what comes only now: new, given back, or lost by a worker', async () => {
      await store.add(pages(LARGE, 1));
      const short = { now: NOW, lockMs: 1000, originDelayMs: DELAY_MS };
      const [first] = await claimedFrom(store, 10, short);
      await store.add([page(LARGE, 'new')]);
      expect(await store.nextDueAt()).toBe(NOW + 1000);
      const lost = await store.claim(10, { ...short, now: NOW + 1000 });
      expect(lost).toEqual({ requests: [], nextDueAt: NOW + DELAY_MS });
      expect(await store.giveBack([{ ...(first as ClaimedRequest), isForefront: true }])).toEqual([
        first?.id,
      ]);
      expect(await claimedFrom(store, 10, { ...short, now: NOW + DELAY_MS - 1 })).toEqual([]);
      const again = await claimedFrom(store, 10, { ...short, now: NOW + DELAY_MS });
      expect(again.map(pathOf)).toEqual(['0']);
    });

    it('is finished while an origin is still to be left alone, if nothing of it is left', async () => {
      await store.add(pages(LARGE, 2));
      const [a] = await claimedFrom(store, 1, { ...LOCK, originDelayMs: DELAY_MS });
      await store.handle([a as ClaimedRequest]);
      expect(await store.nextDueAt()).toBe(NOW + DELAY_MS);
      const later = { now: NOW + DELAY_MS, lockMs: 60_000, originDelayMs: DELAY_MS };
      const [b] = await claimedFrom(store, 1, later);
      await store.handle([b as ClaimedRequest]);
      expect(await store.nextDueAt()).toBeNull();
      expect(await store.claim(1, later)).toEqual({ requests: [], nextDueAt: null });
    });

    it('is finished when the last lock had run out and its worker came back after all', async () => {
      for (const originDelayMs of [0, DELAY_MS]) {
        const origin = `https://late-${originDelayMs}.example`;
        await store.add(pages(origin, 2));
        const short = { now: NOW, lockMs: 1000, originDelayMs };
        const first = await claimedFrom(store, 1, { ...short, lockMs: 2 * DELAY_MS });
        const later = { now: NOW + DELAY_MS, lockMs: DELAY_MS, originDelayMs };
        const second = await claimedFrom(store, 1, later);
        // Both are woken, one is lent out again.
        const [again] = await claimedFrom(store, 1, { ...short, now: NOW + 2 * DELAY_MS });
        const others = [...first, ...second].filter(({ id }) => id !== again?.id);
        expect(await store.extend(others, NOW + 3 * DELAY_MS)).toEqual(others.map(({ id }) => id));
        expect(await store.nextDueAt()).toBe(NOW + 2 * DELAY_MS + 1000);
        expect(await store.handle([...others, again as ClaimedRequest])).toHaveLength(2);
        expect(await store.nextDueAt()).toBeNull();
        await store.add([page(origin, 'more')]);
        const more = await claimedFrom(store, 9, { ...short, now: NOW + 9 * DELAY_MS });
        expect(more.map(pathOf)).toEqual(['more']);
        await store.handle(more);
        expect(await store.nextDueAt()).toBeNull();
      }
    });

    it('gives back to the line it came from, and finds and retries what failed there', async () => {
      await store.add([...pages(LARGE, 2), ...pages(SMALL, 2)]);
      const claimed = await claimedFrom(store, 10, LOCK);
      const ends = claimed.map((claim) => ({ ...claim, body: '{"end":1}', isFailed: true }));
      expect(await store.handle(ends)).toHaveLength(4);
      expect(await store.get(`${SMALL}/1`)).toMatchObject({ origin: SMALL, isHandled: true });
      const failed: RequestRow[] = [];
      for await (const batch of store.failed()) failed.push(...batch);
      expect(failed.map(({ id, origin }) => `${id} ${origin}`).toSorted()).toEqual(
        claimed.map(({ id, origin }) => `${id} ${origin}`).toSorted(),
      );
      expect(await store.retryFailed(failed)).toHaveLength(4);
      const again = await claimedFrom(store, 10, LOCK);
      expect(again.map(originOf).toSorted()).toEqual([LARGE, LARGE, SMALL, SMALL]);
      await store.giveBack(again);
      expect(await store.get(`${SMALL}/1`)).toMatchObject({ origin: SMALL, isHandled: false });
      expect(await claimedFrom(store, 10, LOCK)).toHaveLength(4);
    });

    it('is empty after drop, its delays too', async () => {
      const origins = Array.from({ length: 700 }, (_, index) => `https://site-${index}.example`);
      await store.add(origins.flatMap((origin) => pages(origin, 2)));
      await store.claim(300, { ...LOCK, originDelayMs: DELAY_MS });
      await store.drop();
      expect(await store.claim(10, LOCK)).toEqual({ requests: [], nextDueAt: null });
      await store.add(pages(origins[0] as string, 2));
      expect(await claimedFrom(store, 10, LOCK)).toHaveLength(2);
    });
  });
}

function pages(origin: string, count: number): RequestRow[] {
  return Array.from({ length: count }, (_, index) => page(origin, `${index}`));
}

function page(origin: string, path: string): RequestRow {
  const url = `${origin}/${path}`;
  return { id: url, uniqueKey: url, body: `{"url":"${url}"}`, origin };
}

function originOf({ origin = '' }: RequestRow): string {
  return origin;
}

function pathOf({ id }: RequestRow): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
