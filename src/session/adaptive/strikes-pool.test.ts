import { afterEach, describe, expect, it } from 'vitest';
import { closePools, isSettled, openPool, proxy } from '../../../test/support/session-pools.ts';
import type { FakeClock } from '../../core/fake-clock.ts';
import type { Lease } from '../lease.ts';
import type { SessionPool } from '../session-pool.ts';

afterEach(closePools);

const PAGE = 'https://a.example/page';
/** Of the sessions, in the order in which they are made. */
const NETWORKS = [1, 2, 3, 4, 3];
const OK = { kind: 'ok', status: 200 } as const;
const THROTTLED = { kind: 'throttled', status: 429 } as const;
const BLOCKED = { kind: 'blocked', status: 403 } as const;

/** Sessions by what their addresses do for each other. */
interface Crawl {
  readonly pool: SessionPool;
  readonly clock: FakeClock;
  readonly scout: string;
  readonly followers: readonly [string, string];
  /** Of the address of the first follower. */
  readonly twin: string;
}

/** Four addresses in networks of their own have been let in, ten times a second each, and no 429 has come yet. */
async function crawl(): Promise<Crawl> {
  let next = 0;
  const { pool, clock } = await openPool({
    selection: 'adaptive',
    maxPoolSize: 5,
    sessionOptions: { maxUsageCount: 1_000_000, maxAgeSecs: 1_000_000 },
    adaptive: { cooldown: { jitter: 0 } },
    proxyConfiguration: {
      bind: () => {
        const hostname = `10.0.${NETWORKS[next++]}.1`;
        return { ...proxy(0), url: `http://${hostname}:9000`, hostname };
      },
      restore: () => {},
      release: () => {},
      report: () => {},
    },
  });
  const ids: string[] = [];
  for (const _ of NETWORKS) ids.push((await pool.addSession()).id);
  const [scout, explorer, third, fourth, twin] = ids as [string, string, string, string, string];
  for (let round = 0; round < 100; round++) {
    // The first network that is let in scouts, the second one explores.
    for (const sessionId of [scout, explorer, third, fourth])
      (await pool.lease({ url: PAGE, sessionId })).report(OK);
    await clock.advance(100);
  }
  return { pool, clock, scout, followers: [third, fourth], twin };
}

/** Time passes until neither a rest nor the pace keeps the address back. */
async function lease({ pool, clock }: Crawl, sessionId: string): Promise<Lease> {
  const waiting = pool.lease({ url: PAGE, sessionId });
  for (let secs = 0; !(await isSettled(waiting, clock)); secs++) {
    if (secs > 600) throw new Error('The lease was never granted.');
    await clock.advance(1000);
  }
  return waiting;
}

/** How long the address rests from the 429 on. */
function throttle({ pool, clock }: Crawl, open: Lease): number {
  open.report(THROTTLED);
  const until = pool.explain(open.session.id)?.adaptive?.uses.at(-1)?.outcome?.restsUntil;
  return (until?.getTime() ?? 0) - clock.now();
}

/** The rests after two 429s, between which the address is let in. */
async function throttleTwice(of: Crawl, id: string, laterMs = 0): Promise<[number, number]> {
  const first = throttle(of, await lease(of, id));
  await of.clock.advance(laterMs);
  (await lease(of, id)).report(OK);
  return [first, throttle(of, await lease(of, id))];
}

describe('429s that do not say how long to wait', () => {
  it('rest an address longer the second time in a minute, though it was let in between', async () => {
    const of = await crawl();
    const [first, second] = await throttleTwice(of, of.followers[0]);
    expect([first, second]).toEqual([5000, 10_000]);
  });

  it('rest it longer, too, where both requests were under way together', async () => {
    const of = await crawl();
    const [one, other] = [await lease(of, of.followers[0]), await lease(of, of.twin)];
    expect([throttle(of, one), throttle(of, other)]).toEqual([5000, 10_000]);
  });

  it('are forgotten after a minute', async () => {
    const of = await crawl();
    expect(await throttleTwice(of, of.followers[0], 61_000)).toEqual([5000, 5000]);
  });

  it('rest a scout no longer the second time, as it finds out for the others', async () => {
    const of = await crawl();
    expect(await throttleTwice(of, of.scout)).toEqual([5000, 5000]);
  });

  it('rest all addresses longer each time once one was blocked after two', async () => {
    const of = await crawl();
    const [blocked, other] = of.followers;
    await throttleTwice(of, blocked);
    (await lease(of, blocked)).report(BLOCKED);
    expect(await throttleTwice(of, of.scout)).toEqual([5000, 10_000]);
    expect(await throttleTwice(of, other)).toEqual([5000, 10_000]);
  });
});
