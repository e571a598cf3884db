import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/session/outcome.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Crawls, LATENCY_MS, SITE, WORKERS, workers } from '../support/fleet-crawls.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';

const PROXIES = 25;
const SESSIONS = 250;
const REFUSED = 10;
const WARM_MS = 20_000;
const EACH_MS = 5000;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** One address after the other is refused at the site, from its next request on. */
class Refusals {
  readonly #from = new Map<number, number>();
  readonly #lastMs: number;
  readonly #refuse: (leftMs: number) => Outcome;
  count = 0;

  constructor(lastMs: number, refuse: (leftMs: number) => Outcome) {
    this.#lastMs = lastMs;
    this.#refuse = refuse;
  }

  get addressesCount(): number {
    return this.#from.size;
  }

  answer(proxy: number, sinceMs: number): Outcome {
    // Workers begin with different ones, in the order of the list.
    const order = (proxy * 7) % PROXIES;
    const isDue = order < REFUSED && sinceMs >= WARM_MS + order * EACH_MS;
    if (isDue && !this.#from.has(proxy)) this.#from.set(proxy, sinceMs);
    const leftMs = (this.#from.get(proxy) ?? Number.NEGATIVE_INFINITY) + this.#lastMs - sinceMs;
    if (leftMs <= 0) return { kind: 'ok' };
    this.count++;
    return this.#refuse(leftMs);
  }
}

/** Requests refused for each address, where so many workers send so much together. */
async function refusedOf(count: number, perSecond: number, refusals: Refusals): Promise<number> {
  await using fleet = new Fleet(server.url);
  const pools = await workers(fleet, { count, proxies: PROXIES, places: SESSIONS });
  const [first] = pools as [SessionPool];
  // Whoever is alone has as many sessions.
  const added = count === 1 ? Array.from({ length: SESSIONS }, () => first.addSession()) : [];
  await fleet.until(Promise.all(added));
  const parallel = (2 * WORKERS) / count;
  const pauseMs = (2 * WORKERS * 1000) / perSecond - LATENCY_MS;
  const began = fleet.clock.now();
  const crawls = new Crawls(fleet, pools, { parallel, pauseMs });
  crawls.answer = (_, proxy) => refusals.answer(proxy, fleet.clock.now() - began);
  await fleet.pass(140_000, LATENCY_MS);
  crawls.stop();
  expect(refusals.addressesCount).toBeGreaterThan(REFUSED / 2);
  return refusals.count / refusals.addressesCount;
}

describe('an address that a site refuses, to ten workers of one pool', () => {
  it('costs hardly more blocked requests when it is banned than one worker makes', async () => {
    const ban = () => new Refusals(90_000, () => ({ kind: 'blocked', status: 403 }));
    const alone = await refusedOf(1, 50, ban());
    const together = await refusedOf(WORKERS, 50, ban());
    // Each finding out by itself makes twice as many.
    expect(alone).toBeGreaterThan(4);
    expect(together).toBeLessThan(1.5 * alone);
  });

  it('costs hardly more than one request when it is to wait', async () => {
    const throttle = () =>
      new Refusals(30_000, (leftMs) => ({
        kind: 'throttled',
        status: 429,
        retryAfterSecs: Math.ceil(leftMs / 1000),
      }));
    // Each finding out by itself makes seven.
    expect(await refusedOf(WORKERS, 10, throttle())).toBeLessThan(2);
  });
});

it('a worker that is turned away whatever the address does not keep the others from the site', async () => {
  await using fleet = new Fleet(server.url);
  const crawls = new Crawls(fleet, await workers(fleet, { proxies: PROXIES, places: SESSIONS }));
  await fleet.pass(10_000, LATENCY_MS);
  crawls.answer = (worker) =>
    worker === 0 ? { kind: 'throttled', status: 429, retryAfterSecs: 60 } : { kind: 'ok' };
  const before = crawls.sent.length;
  await fleet.pass(20_000, LATENCY_MS);
  const others = crawls.sent.slice(before).filter(({ worker }) => worker > 0);
  expect(others.length).toBeGreaterThan(0.9 * 20 * 90);
  crawls.stop();
});

it('a worker to whom others leave no address tries one of them, and goes on when it is let in', async () => {
  await using fleet = new Fleet(server.url);
  const few = { count: 1, proxies: 4, places: 8 };
  const [first] = (await workers(fleet, few)) as [SessionPool];
  // No more than three in a row, as that would be its own fault.
  for (const isRefused of [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1]) {
    const lease = await fleet.until(first.lease({ url: SITE }));
    lease.report(
      isRefused === 1
        ? { kind: 'throttled', status: 429, retryAfterSecs: 600 }
        : { kind: 'ok', status: 200 },
    );
    await fleet.pass(100);
  }
  await fleet.pass(2000);
  await first.close();
  const [second] = (await workers(fleet, few)) as [SessionPool];
  const began = fleet.clock.now();
  const lease = await fleet.until(second.lease({ url: SITE }), { withinMs: 5000 });
  expect(fleet.clock.now() - began).toBeGreaterThan(2500);
  lease.report({ kind: 'ok' });
  for (let page = 0; page < 20; page++) {
    (await fleet.until(second.lease({ url: SITE }), { withinMs: 1000 })).report({ kind: 'ok' });
  }
});
