import { createClient } from '@redis/client';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { RedisLink } from '../../src/storage/redis/redis-link.ts';
import { resolveRedisOptions } from '../../src/storage/redis/redis-options.ts';
import { RedisRequestStore } from '../../src/storage/redis/redis-request-store.ts';
import { StoreTime } from '../../src/storage/redis/store-time.ts';
import type { ClaimedRequest, RequestRow } from '../../src/storage/request-store.ts';
import { RedisServer } from '../support/redis-server.ts';

const WORKERS = 3;
const SHARDS = 3;
const ORIGINS = Array.from({ length: 6 }, (_, index) => `https://site-${index}.example`);
const PAGES = 4;
const ROWS = ORIGINS.flatMap((origin) =>
  Array.from({ length: PAGES }, (_, page) => rowOf(`${origin}/${page}`, origin)),
);
/** A fence is the server's time in µs, from which the script has its whole ms. */
const SLACK_MS = 1;

type Ending = 'handle' | 'fail' | 'giveBack' | 'forefront' | 'delay' | 'extend' | 'crash';

/** What a worker does next. Time is the server's, and passes by itself: locks and delays last milliseconds. */
type Step =
  | {
      readonly kind: 'add';
      readonly from: number;
      readonly count: number;
      readonly isForefront: boolean;
    }
  | {
      readonly kind: 'claim';
      readonly worker: number;
      readonly count: number;
      readonly lockMs: number;
      readonly originDelayMs: number;
    }
  | { readonly kind: 'end'; readonly how: Ending; readonly worker: number; readonly count: number }
  | { readonly kind: 'late'; readonly worker: number; readonly pick: number }
  | { readonly kind: 'retry' };

const worker = fc.nat(WORKERS - 1);
const CLAIM: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('claim' as const),
  worker,
  count: fc.integer({ min: 1, max: 6 }),
  lockMs: fc.constantFrom(1, 6, 40),
  originDelayMs: fc.constantFrom(0, 0, 8),
});
const END: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('end' as const),
  how: fc.constantFrom<Ending>(
    'handle',
    'fail',
    'giveBack',
    'forefront',
    'delay',
    'extend',
    'crash',
  ),
  worker,
  count: fc.integer({ min: 1, max: 6 }),
});
const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    from: fc.nat(ROWS.length - 1),
    count: fc.integer({ min: 1, max: 8 }),
    isForefront: fc.boolean(),
  }),
  CLAIM,
  CLAIM,
  END,
  END,
  fc.record({ kind: fc.constant('late' as const), worker, pick: fc.nat(60) }),
  fc.record({ kind: fc.constant('retry' as const) }),
);

let server: RedisServer;
let link: RedisLink;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  server = await RedisServer.start();
  link = new RedisLink(resolveRedisOptions({ url: server.url }));
  client = createClient({ url: server.url });
  await client.connect();
});
afterAll(async () => {
  await link.close();
  await client.close();
  await server.stop();
});
beforeEach(() => client.flushAll());

it('a fleet on shards loses nothing, lends nothing twice, asks no origin too early, and starves none', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 10, maxLength: 80 }), async (steps) => {
      const fleet = new Fleet(`run-${run++}`);
      for (const step of steps) await fleet.take(step);
      await fleet.bringHome();
    }),
    { numRuns: 80, interruptAfterTimeLimit: 8000 },
  );
  expect(run).toBeGreaterThan(5);
});

interface Lock {
  readonly fence: number;
  /** By the server's clock, ms. */
  until: number;
}

/** Some workers on one queue, and what must be true of it. */
class Fleet {
  readonly #name: string;
  readonly #stores: readonly RedisRequestStore[];
  readonly #known = new Set<string>();
  readonly #handled = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #locks = new Map<string, Lock>();
  readonly #hands: ClaimedRequest[][] = Array.from({ length: WORKERS }, () => []);
  /** All claims there ever were: a worker that was given up may still act on one. */
  readonly #claims: ClaimedRequest[] = [];
  readonly #lastFences = new Map<string, number>();
  readonly #nextAt = new Map<string, number>();
  /** When all locks and waits there ever were have ended. */
  #quietAt = 0;

  constructor(name: string) {
    this.#name = name;
    const time = new StoreTime(systemClock, undefined);
    this.#stores = Array.from({ length: WORKERS }, (_, index) => {
      const random = new SeededRandom(`${name} ${index}`);
      return new RedisRequestStore(name, {
        link,
        prefix: 'model',
        time,
        keepHandled: false,
        shards: SHARDS,
        random,
      });
    });
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'add') await this.#add(step.from, step.count, step.isForefront);
    else if (step.kind === 'claim') await this.#claim(step.worker, step);
    else if (step.kind === 'retry') await this.#retry();
    else if (step.kind === 'late') {
      await this.#handle(step.worker, this.#claims.slice(step.pick, step.pick + 1), false);
    } else {
      const claims = this.#hands[step.worker]?.splice(0, step.count) ?? [];
      await this.#end(step.how, step.worker, claims);
    }
  }

  /** All workers are gone. What is not handled comes up again, each origin soon, until nothing is left. */
  async bringHome(): Promise<void> {
    while ((await serverMs()) <= this.#quietAt);
    const expected = [...this.#known].filter((id) => !this.#handled.has(id));
    expect(await this.#store(1).nextDueAt()).toBe(expected.length > 0 ? 0 : null);
    await this.#expectOneTurnEach();
    const waiting = new Set(expected.map((id) => new URL(id).origin));
    const met: string[] = [];
    while (met.length < expected.length) {
      const claimed = await this.#claim(0, { count: 1, lockMs: 60_000, originDelayMs: 0 });
      expect(claimed).toHaveLength(1);
      met.push(...claimed.map(({ id }) => id));
      for (const { origin = '' } of claimed) waiting.delete(origin);
      if (met.length >= SHARDS * ORIGINS.length) expect([...waiting]).toEqual([]);
    }
    expect(met.toSorted()).toEqual(expected.toSorted());
    await this.#handle(0, this.#hands[0]?.splice(0) ?? [], false);
    const counts = await this.#store(0).counts(0);
    const total = this.#known.size;
    expect(counts).toEqual({ total, handled: total, pending: 0, locked: 0 });
    expect(await this.#store(1).nextDueAt()).toBeNull();
    expect(await this.#store(2).claim(5, { now: 0, lockMs: 1 })).toEqual({
      requests: [],
      nextDueAt: null,
    });
  }

  /** Twice in the ring, an origin would have twice its share for ever. */
  async #expectOneTurnEach(): Promise<void> {
    for (let shard = 0; shard < SHARDS; shard++) {
      const key = `model:{queue/${shard}:${this.#name}}:ring`;
      const ring = await client.lRange(key, 0, -1);
      expect(ring).toEqual([...new Set(ring)]);
    }
  }

  #store(index: number): RedisRequestStore {
    return this.#stores[index] as RedisRequestStore;
  }

  async #add(from: number, count: number, isForefront: boolean): Promise<void> {
    const rows = ROWS.slice(from, from + count);
    for (const added of await this.#store(0).add(rows, { isForefront })) {
      expect(added.wasAlreadyPresent).toBe(this.#known.has(added.id));
      expect(added.wasAlreadyHandled).toBe(this.#handled.has(added.id));
      this.#known.add(added.id);
    }
  }

  async #claim(
    by: number,
    options: { count: number; lockMs: number; originDelayMs: number },
  ): Promise<readonly ClaimedRequest[]> {
    const { count, lockMs, originDelayMs } = options;
    const now = systemClock.now();
    const { requests } = await this.#store(by).claim(count, { now, lockMs, originDelayMs });
    expect(requests.length).toBeLessThanOrEqual(count);
    // The shards are asked one after the other: on a busy machine an origin's turn may come again in one claim.
    for (const claim of requests.toSorted((a, b) => a.fence - b.fence)) {
      this.#noteClaim(claim, lockMs);
      this.#nextAt.set(claim.origin ?? '', claim.fence / 1000 + originDelayMs);
    }
    this.#hands[by]?.push(...requests);
    this.#claims.push(...requests);
    this.#quietAt = Math.max(this.#quietAt, (await serverMs()) + Math.max(lockMs, originDelayMs));
    return requests;
  }

  #noteClaim({ id, origin = '', fence }: ClaimedRequest, lockMs: number): void {
    const at = fence / 1000;
    expect(this.#known.has(id) && !this.#handled.has(id)).toBe(true);
    expect(at + SLACK_MS).toBeGreaterThanOrEqual(this.#locks.get(id)?.until ?? 0);
    expect(at + SLACK_MS).toBeGreaterThanOrEqual(this.#nextAt.get(origin) ?? 0);
    expect(fence).toBeGreaterThan(this.#lastFences.get(id) ?? 0);
    this.#lastFences.set(id, fence);
    this.#locks.set(id, { fence, until: at + lockMs });
  }

  async #end(how: Ending, by: number, claims: ClaimedRequest[]): Promise<void> {
    if (how === 'crash') this.#hands[by]?.splice(0);
    else if (how === 'extend') await this.#extend(by, claims);
    else if (how === 'handle' || how === 'fail') await this.#handle(by, claims, how === 'fail');
    else await this.#giveBack(by, claims, how);
  }

  async #handle(by: number, claims: readonly ClaimedRequest[], isFailed: boolean): Promise<void> {
    const valid = this.#valid(claims);
    const ended = claims.map((claim) => ({ ...claim, isFailed }));
    expect((await this.#store(by).handle(ended)).toSorted()).toEqual(valid);
    for (const id of valid) {
      this.#locks.delete(id);
      this.#handled.add(id);
      if (isFailed) this.#failed.add(id);
    }
  }

  async #giveBack(by: number, claims: readonly ClaimedRequest[], how: Ending): Promise<void> {
    const valid = this.#valid(claims);
    const place = { isForefront: how === 'forefront' };
    const delay = how === 'delay' ? { notBefore: systemClock.now() + 5 } : {};
    const returned = claims.map((claim) => ({ ...claim, ...place, ...delay }));
    expect((await this.#store(by).giveBack(returned)).toSorted()).toEqual(valid);
    for (const id of valid) this.#locks.delete(id);
    this.#quietAt = Math.max(this.#quietAt, (await serverMs()) + 5);
  }

  async #extend(by: number, claims: ClaimedRequest[]): Promise<void> {
    const valid = this.#valid(claims);
    const before = await serverMs();
    const extended = await this.#store(by).extend(claims, systemClock.now() + 10);
    expect(extended.toSorted()).toEqual(valid);
    // The duration is counted from when the call was made to when the server got it.
    for (const id of valid) Object.assign(this.#locks.get(id) as Lock, { until: before + 5 });
    this.#quietAt = Math.max(this.#quietAt, (await serverMs()) + 10);
    this.#hands[by]?.push(...claims);
  }

  async #retry(): Promise<void> {
    const rows: RequestRow[] = [];
    for await (const batch of this.#store(1).failed()) rows.push(...batch);
    expect(rows.map(({ id }) => id).toSorted()).toEqual([...this.#failed].toSorted());
    expect((await this.#store(1).retryFailed(rows)).toSorted()).toEqual(
      [...this.#failed].toSorted(),
    );
    for (const id of this.#failed) this.#handled.delete(id);
    this.#failed.clear();
  }

  /** Of these claims, the ids that nobody has claimed, handled or given back since; sorted. */
  #valid(claims: readonly ClaimedRequest[]): string[] {
    return claims
      .filter(({ id, fence }) => this.#locks.get(id)?.fence === fence)
      .map(({ id }) => id)
      .toSorted();
  }
}

function rowOf(id: string, origin: string): RequestRow {
  return { id, uniqueKey: id, body: `{"url":"${id}"}`, origin };
}

async function serverMs(): Promise<number> {
  const [secs, micros] = (await client.sendCommand(['TIME'])) as [string, string];
  return Number(secs) * 1000 + Number(micros) / 1000;
}
