import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionMissingError } from '../../src/session/errors.ts';
import type { Lease } from '../../src/session/lease.ts';
import type { Session } from '../../src/session/session.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';

const URL = 'https://site.example/';

let server: RedisServer;
let fleet: Fleet;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  fleet = new Fleet(server.url);
});
afterEach(() => fleet[Symbol.asyncDispose]());

function idOf({ session }: Lease): string {
  return session.id;
}

/** Uses sessions one after the other, so many times. */
async function work(pool: SessionPool, times: number, note: (id: string) => void): Promise<void> {
  for (let n = 0; n < times; n++) {
    const lease = await pool.lease();
    note(idOf(lease));
    await fleet.clock.sleep(10);
    lease.report({ kind: 'ok' });
  }
}

describe('workers that share a pool', () => {
  it('never have the same session at the same time', async () => {
    const pools = await Promise.all(Array.from({ length: 10 }, () => fleet.join()));
    const leases = await Promise.all(
      pools.flatMap((pool) => Array.from({ length: 5 }, () => pool.lease())),
    );
    expect(new Set(leases.map(idOf)).size).toBe(50);
  });

  it('have no more sessions together than maxPoolSize', async () => {
    const pools = await Promise.all(
      Array.from({ length: 4 }, () => fleet.join({ maxPoolSize: 8 })),
    );
    const leases: Lease[] = [];
    for (const pool of pools) {
      for (let n = 0; n < 4; n++)
        pool.lease().then(
          (lease) => leases.push(lease),
          () => {},
        );
    }
    await fleet.pass(2000);
    expect(new Set(leases.map(idOf)).size).toBe(8);
    expect(leases).toHaveLength(8);
  });

  it('use no session more often than maxUsageCount, and less than minIntervalSecs apart', async () => {
    const options = {
      maxPoolSize: 2,
      sessionOptions: { maxUsageCount: 3, minIntervalSecs: 1, maxConcurrency: 1 },
    };
    const pools = [await fleet.join(options), await fleet.join(options)];
    const usedAt = new Map<string, number[]>();
    const note = (id: string): void => {
      usedAt.set(id, [...(usedAt.get(id) ?? []), fleet.clock.now()]);
    };
    await fleet.until(Promise.all(pools.map((pool) => work(pool, 6, note))));
    for (const times of usedAt.values()) {
      expect(times.length).toBeLessThanOrEqual(3);
      const sorted = times.toSorted((a, b) => a - b);
      for (const [index, at] of sorted.entries()) {
        if (index > 0) expect(at - (sorted[index - 1] as number)).toBeGreaterThanOrEqual(1000);
      }
    }
    expect([...usedAt.values()].flat()).toHaveLength(12);
  });

  it('use a session no more than a fifth of its limit ahead of what the server knows', async () => {
    const pool = await fleet.join({
      maxPoolSize: 1,
      sessionOptions: { maxUsageCount: 10, maxConcurrency: 10 },
    });
    const leases: Lease[] = [];
    const all = Array.from({ length: 10 }, async () => leases.push(await pool.lease()));
    await fleet.answers();
    expect(leases).toHaveLength(2);
    await fleet.until(Promise.all(all));
    expect(new Set(leases.map(idOf)).size).toBe(1);
  });

  it('all get on, though there are fewer sessions than workers', async () => {
    const pools = await Promise.all(
      Array.from({ length: 6 }, () =>
        fleet.join({ maxPoolSize: 3, sessionOptions: { maxUsageCount: 1000 } }),
      ),
    );
    const ids = new Set<string>();
    await fleet.until(Promise.all(pools.map((pool) => work(pool, 10, (id) => ids.add(id)))));
    expect(ids.size).toBe(3);
  });

  it('take sessions that one of them has given back, with their counts', async () => {
    const one = await fleet.join();
    const lease = await one.lease();
    lease.session.userData['account'] = 'ann';
    lease.report({ kind: 'timeout' });
    await one.close();
    const other = await fleet.join();
    const { session } = await other.lease();
    expect(session.id).toBe(idOf(lease));
    expect(session.userData).toEqual({ account: 'ann' });
    expect([session.usageCount, session.errorScore]).toEqual([2, 1]);
  });

  it('send the cookies that another got', async () => {
    const one = await fleet.join();
    const lease = await one.lease();
    lease.session.setCookie('login=secret; Path=/', URL);
    lease.session.setCookie('theme=dark; Path=/', URL);
    await fleet.pass(100);
    lease.session.setCookie('theme=; Max-Age=0; Path=/', URL);
    lease.report({ kind: 'ok' });
    await one.close();
    const other = await fleet.join();
    const next = await other.lease({ sessionId: idOf(lease) });
    expect(next.session.getCookieString(URL)).toBe('login=secret');
  });

  it('learn within 2 s that a session has retired elsewhere, and why', async () => {
    const [one, other] = [await fleet.join(), await fleet.join()];
    const lease = await one.lease();
    const id = idOf(lease);
    await fleet.pass(50);
    const waiting = other.lease({ sessionId: id });
    waiting.catch(() => {});
    await fleet.pass(200);
    lease.report({ kind: 'blocked', status: 403 });
    const retiredAt = fleet.clock.now();
    await expect(fleet.until(waiting)).rejects.toThrow(/retired \(blocked\)/);
    expect(fleet.clock.now() - retiredAt).toBeLessThanOrEqual(2000);
  });

  it('know of a session they once had that it has retired elsewhere', async () => {
    const [one, other] = [await fleet.join(), await fleet.join()];
    const first = await one.lease();
    first.report({ kind: 'ok' });
    await fleet.pass(50);
    const second = await fleet.until(other.lease({ sessionId: idOf(first) }));
    expect(one.explain(idOf(first))?.state).toBe('elsewhere');
    expect(first.session.isUsable()).toBe(false);
    second.session.retire();
    await fleet.pass(2000);
    expect(one.explain(idOf(first))).toMatchObject({ state: 'retired', retiredReason: 'manual' });
    expect(first.session.retiredReason).toBe('manual');
  });
});

describe('a session that its user holds while it goes back to the others', () => {
  async function held(): Promise<{ one: SessionPool; other: SessionPool; session: Session }> {
    const [one, other] = [await fleet.join(), await fleet.join()];
    const session = (await one.getSession()) as Session;
    await fleet.pass(100);
    const lease = await fleet.until(other.lease({ sessionId: session.id }));
    lease.report({ kind: 'ok' });
    expect(one.explain(session.id)?.state).toBe('elsewhere');
    return { one, other, session };
  }

  it('is marked all the same', async () => {
    const { one, other, session } = await held();
    session.markBad();
    session.markBad();
    await fleet.pass(3000);
    await one.close();
    const again = await fleet.until(other.lease({ sessionId: session.id }));
    expect([again.session.errorScore, again.session.usageCount]).toEqual([2, 4]);
  });

  it('is marked once whoever uses it is done', async () => {
    const { other, session } = await held();
    const lease = await other.lease({ sessionId: session.id });
    session.markBad();
    await fleet.pass(3000);
    expect(lease.session.errorScore).toBe(0);
    lease.report({ kind: 'neutral' });
    await fleet.pass(3000);
    const again = await fleet.until(other.lease({ sessionId: session.id }));
    expect(again.session.errorScore).toBe(1);
  });

  it('retires for all, also while another uses it', async () => {
    const { one, other, session } = await held();
    const lease = await other.lease({ sessionId: session.id });
    session.retire('blocked');
    await fleet.pass(2000);
    expect(lease.session.retiredReason).toBe('blocked');
    expect(session.retiredReason).toBe('blocked');
    await expect(one.lease({ sessionId: session.id })).rejects.toThrow(/retired \(blocked\)/);
  });
});

describe('a session asked for by name', () => {
  it('comes from the worker that has it, once that one does not use it', async () => {
    const [one, other] = [await fleet.join(), await fleet.join()];
    const lease = await one.lease();
    await fleet.pass(50);
    const waiting = other.lease({ sessionId: idOf(lease) });
    await fleet.pass(3000);
    lease.report({ kind: 'ok' });
    expect(idOf(await fleet.until(waiting))).toBe(idOf(lease));
  });

  it('is missing where no worker has it', async () => {
    const pool = await fleet.join();
    await expect(pool.lease({ sessionId: 'nobody' })).rejects.toThrow(SessionMissingError);
  });

  it('is the same for one key in all workers', async () => {
    const [one, other] = [await fleet.join(), await fleet.join()];
    const [lease, waiting] = [
      await one.lease({ sessionKey: 'cart' }),
      other.lease({ sessionKey: 'cart' }),
    ];
    lease.report({ kind: 'ok' });
    const second = await fleet.until(waiting);
    expect(idOf(second)).toBe(idOf(lease));
    second.session.retire();
    second.release();
    const third = await fleet.until(one.lease({ sessionKey: 'cart' }));
    expect(idOf(third)).not.toBe(idOf(lease));
    third.release();
    expect(idOf(await fleet.until(other.lease({ sessionKey: 'cart' })))).toBe(idOf(third));
  });

  it('is made once where every worker knows it from the start', async () => {
    const options = { initialSessions: [{ id: 'ann' }, { id: 'bob' }], maxPoolSize: 2 };
    const [one, other] = [await fleet.join(options), await fleet.join(options)];
    expect([one, other].map((pool) => pool.createdSessionsCount)).toEqual([2, 0]);
    const leases = await fleet.until(Promise.all([one.lease(), other.lease()]));
    expect(leases.map(idOf).toSorted()).toEqual(['ann', 'bob']);
    await expect(other.addSession({ id: idOf(leases[0]) })).rejects.toThrow(/already has/);
    await expect(other.addSession()).rejects.toThrow(/maxPoolSize/);
  });
});

describe('a worker that stands still for longer than its lease', () => {
  it('learns that it has lost its sessions; its late writes are refused, and what it found is added', async () => {
    const one = await fleet.join({ maxPoolSize: 1 });
    const lease = await one.lease();
    const id = idOf(lease);
    await fleet.pass(1000);
    // Its timers stand still: only the others' clock, which is the server's, goes on.
    fleet.clock.jumpTo(fleet.clock.now() + 11_000);
    const other = await fleet.join({ maxPoolSize: 1 });
    const taken = await fleet.until(other.lease());
    expect(idOf(taken)).toBe(id);
    expect(taken.session.usageCount).toBeGreaterThan(lease.session.usageCount);
    lease.session.markBad();
    lease.report({ kind: 'blocked' });
    await fleet.pass(1500);
    expect(one.explain(id)?.summary).toMatch(/^Lost: /);
    expect(fleet.log.join('\n')).toMatch(/1 sessions are no longer in its hand/);
    taken.report({ kind: 'ok' });
    expect(taken.session.errorScore).toBe(0);
    const again = await fleet.until(one.lease());
    expect(idOf(again)).toBe(id);
    // One use each so far, and what counted as used when the lease ran out is taken back.
    expect([again.session.usageCount, again.session.errorScore]).toEqual([3, 1]);
  });
});
