import { afterEach, describe, expect, it } from 'vitest';
import {
  closePools,
  isSettled,
  openPool,
  proxies,
  quietLog,
} from '../../test/support/session-pools.ts';
import { FakeClock } from '../core/fake-clock.ts';
import type { Lease } from './lease.ts';

/** The rules every pool must keep, in the order in which the design lists them; those of storage stand in rules-storage.test.ts. */

afterEach(closePools);

describe('rule 1: usage never exceeds the cap', () => {
  it('lends a session of one use once, and lets nine others wait until they time out', async () => {
    const { pool, clock } = await openPool({
      maxPoolSize: 1,
      sessionOptions: { maxUsageCount: 1 },
    });
    const results = Array.from({ length: 10 }, () => pool.lease({ timeoutSecs: 5 }));
    const first = await (results[0] as Promise<Lease>);
    const others = Promise.allSettled(results.slice(1));
    await clock.advance(5000);
    for (const other of await others) {
      expect(other).toMatchObject({ status: 'rejected', reason: { code: 'TROUPE_LEASE_TIMEOUT' } });
    }
    expect(first.session.usageCount).toBe(1);
  });

  it('serves those who wait in the order they came, each on a session with uses left', async () => {
    const { pool, clock } = await openPool({
      maxPoolSize: 1,
      sessionOptions: { maxUsageCount: 3 },
    });
    const order: number[] = [];
    const usages: number[] = [];
    const work = Array.from({ length: 10 }, async (_, n) => {
      const lease = await pool.lease();
      order.push(n);
      usages.push(lease.session.usageCount);
      await clock.sleep(10);
      lease.report({ kind: 'ok' });
    });
    await clock.advance(1000);
    await Promise.all(work);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(usages).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
    expect(pool.retiredByReason).toEqual({ exhausted: 3 });
  });

  it('never exceeds the cap when a session may serve several at once', async () => {
    const { pool } = await openPool({
      maxPoolSize: 1,
      sessionOptions: { maxUsageCount: 4, maxConcurrency: 10 },
    });
    const controller = new AbortController();
    const leases: Lease[] = [];
    const tries = Array.from({ length: 10 }, () =>
      pool.lease({ signal: controller.signal }).then((lease) => leases.push(lease)),
    );
    await Promise.resolve();
    controller.abort(new Error('enough'));
    await Promise.allSettled(tries);
    expect(leases).toHaveLength(4);
    expect(leases[0]?.session.usageCount).toBe(4);
  });
});

describe('rule 2: retirement is terminal', () => {
  it('keeps a session retired through marks and further retirements', async () => {
    const { pool } = await openPool();
    const session = await pool.addSession();
    session.retire();
    session.markGood();
    session.retire('blocked');
    expect(session.isUsable()).toBe(false);
    expect(session.retiredReason).toBe('manual');
    expect(pool.retiredSessionsCount).toBe(1);
  });
});

describe('rule 3: no second penalty on self-retirement', () => {
  it('has usage 3 and score 3 after three bad marks', async () => {
    const { pool } = await openPool();
    const session = await pool.addSession();
    session.markBad();
    session.markBad();
    expect(session.isUsable()).toBe(true);
    session.markBad();
    expect(session).toMatchObject({ usageCount: 3, errorScore: 3, retiredReason: 'error-score' });
  });
});

describe('rule 4: being used up or old is no blame', () => {
  it('retires as exhausted with score 0 and not blocked', async () => {
    const { pool } = await openPool({ sessionOptions: { maxUsageCount: 3 } });
    const session = await pool.addSession();
    for (let n = 0; n < 3; n++) session.markGood();
    expect(session).toMatchObject({ errorScore: 0, retiredReason: 'exhausted' });
    expect(session.isBlocked()).toBe(false);
  });

  it('retires as expired when its time is up', async () => {
    const { pool, clock } = await openPool({ sessionOptions: { maxAgeSecs: 60 } });
    const session = await pool.addSession();
    await clock.advance(59_999);
    expect(pool.usableSessionsCount).toBe(1);
    await clock.advance(1);
    expect(pool.usableSessionsCount).toBe(0);
    expect(session.retiredReason).toBe('expired');
    expect(session.isBlocked()).toBe(false);
  });
});

describe('rule 5: the error score is never negative', () => {
  it('forgives no more than there is', async () => {
    const { pool } = await openPool({ sessionOptions: { errorScoreDecrement: 2 } });
    const session = await pool.addSession();
    session.markBad();
    session.markGood();
    expect(session.errorScore).toBe(0);
  });
});

describe('rules 6 and 7: throttling rests a session', () => {
  it('keeps the session and lets nothing out on it for the time asked', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    lease.report({ kind: 'throttled', status: 429, retryAfterSecs: 20 });
    const next = pool.lease();
    await clock.advance(19_999);
    expect(await isSettled(next, clock)).toBe(false);
    expect(pool.coolingSessionsCount).toBe(1);
    await clock.advance(5002);
    expect((await next).session).toBe(lease.session);
    expect(lease.session.errorScore).toBe(0);
  });

  it('takes one backoff step for eight answers to one burst', async () => {
    const { pool, clock } = await openPool({
      maxPoolSize: 1,
      sessionOptions: { maxConcurrency: 8 },
    });
    const leases = await Promise.all(Array.from({ length: 8 }, () => pool.lease()));
    for (const lease of leases) {
      await clock.advance(1);
      lease.report({ kind: 'throttled', status: 429 });
    }
    const restMs = (leases[0]?.session.restsUntil?.getTime() ?? 0) - clock.now();
    expect(restMs).toBeGreaterThan(4900);
    expect(restMs).toBeLessThanOrEqual(6250);
  });

  it('backs off further each time, also when the site says Retry-After: 0', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 1, sessionOptions: { maxAgeSecs: 1e6 } });
    const rests: number[] = [];
    for (let n = 0; n < 9; n++) {
      const waiting = pool.lease();
      await clock.advance(600_000);
      const lease = await waiting;
      lease.report({ kind: 'throttled', status: 429, retryAfterSecs: 0 });
      rests.push(((lease.session.restsUntil?.getTime() ?? 0) - clock.now()) / 1000);
    }
    expect(rests[0]).toBeGreaterThanOrEqual(5);
    for (let n = 1; n < 6; n++) expect(rests[n]).toBeGreaterThan((rests[n - 1] as number) * 1.5);
    expect(Math.max(...rests)).toBeLessThanOrEqual(375);
  });

  it('begins anew after a page went well', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 1 });
    for (const kind of ['throttled', 'throttled', 'ok', 'throttled'] as const) {
      const waiting = pool.lease();
      await clock.advance(60_000);
      (await waiting).report({ kind });
    }
    const [session] = pool.sessions;
    expect((session?.restsUntil?.getTime() ?? 0) - clock.now()).toBeLessThanOrEqual(6250);
  });
});

describe('rules 8 and 9: what is not the session’s fault', () => {
  it.each(['user', 'target', 'neutral'] as const)(
    'leaves the score alone after `%s`',
    async (kind) => {
      const { pool } = await openPool({ maxPoolSize: 1 });
      for (let n = 0; n < 3; n++) (await pool.lease()).report({ kind });
      const [session] = pool.sessions;
      expect(session).toMatchObject({ errorScore: 0, usageCount: 3, retiredReason: null });
    },
  );

  it('marks a timeout bad, once', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    lease.report({ kind: 'timeout' });
    lease.report({ kind: 'timeout' });
    expect(lease.session).toMatchObject({ errorScore: 1, usageCount: 1 });
  });

  it('retires at once on `blocked`', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    lease.report({ kind: 'blocked', status: 403 });
    expect(lease.session.retiredReason).toBe('blocked');
    expect(lease.session.isBlocked()).toBe(true);
  });

  it('gives up a fresh session whose proxy failed, without calling it blocked', async () => {
    const proxyConfiguration = proxies();
    const { pool } = await openPool({ maxPoolSize: 1, proxyConfiguration });
    const lease = await pool.lease();
    lease.report({ kind: 'proxy', status: 407 });
    expect(lease.session).toMatchObject({ retiredReason: 'proxy', errorScore: 0 });
    expect(lease.session.isBlocked()).toBe(false);
    expect(proxyConfiguration.verdicts).toEqual(['failed']);
    expect((await pool.lease()).session.proxyInfo?.port).toBe(9001);
  });

  it('lets a session that has served pages rest through two proxy failures, and keeps its IP', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 1, proxyConfiguration: proxies() });
    (await pool.lease()).report({ kind: 'ok' });
    for (let n = 0; n < 2; n++) {
      const waiting = pool.lease();
      await clock.advance(30_000);
      const lease = await waiting;
      expect(lease.session.proxyInfo?.port).toBe(9000);
      lease.report({ kind: 'proxy' });
      expect(lease.session.retiredReason).toBeNull();
    }
    const waiting = pool.lease();
    await clock.advance(30_000);
    const last = await waiting;
    last.report({ kind: 'proxy' });
    expect(last.session.retiredReason).toBe('proxy');
  });
});

describe('the user’s verdict wins', () => {
  it('over a good outcome', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    lease.session.markBad();
    lease.report({ kind: 'ok' });
    expect(lease.session).toMatchObject({ errorScore: 1, usageCount: 1 });
  });

  it('over a bad outcome', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    lease.session.markGood();
    lease.report({ kind: 'timeout' });
    expect(lease.session).toMatchObject({ errorScore: 0, usageCount: 1 });
  });

  it('and retiring ends it, whatever comes', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    lease.session.retire();
    lease.report({ kind: 'ok' });
    expect(lease.session).toMatchObject({ retiredReason: 'manual', usageCount: 1, errorScore: 0 });
  });

  it('is none when a lease is given back without one', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    let session: Lease['session'];
    {
      await using lease = await pool.lease();
      session = lease.session;
    }
    expect(session).toMatchObject({ usageCount: 1, errorScore: 0, retiredReason: null });
    expect((await pool.lease()).session).toBe(session);
  });
});

describe('rule 10: a full pool says so', () => {
  it('makes two of ten and refuses eight', async () => {
    const { pool } = await openPool({ maxPoolSize: 2 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => pool.addSession()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(results[9]).toMatchObject({ reason: { code: 'TROUPE_POOL_FULL', maxPoolSize: 2 } });
  });

  it('refuses an id that is taken', async () => {
    const { pool } = await openPool();
    await pool.addSession({ id: 'alice' });
    await expect(pool.addSession({ id: 'alice' })).rejects.toMatchObject({
      code: 'TROUPE_DUPLICATE_SESSION',
      sessionId: 'alice',
    });
  });
});

describe('rule 11: the dead hold no place and no memory', () => {
  it('makes room for new sessions as soon as old ones retire', async () => {
    const { pool } = await openPool({ maxPoolSize: 100 });
    for (let n = 0; n < 100; n++) await pool.addSession();
    for (const session of [...pool.sessions].slice(1)) session.retire();
    expect(pool.usableSessionsCount).toBe(1);
    expect([...pool.sessions]).toHaveLength(1);
    for (let n = 0; n < 99; n++) await pool.addSession();
    expect(pool.usableSessionsCount).toBe(100);
  });

  it('does not grow while thirty thousand sessions come and go', async () => {
    const { pool } = await openPool({ maxPoolSize: 10 });
    const churn = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        const lease = await pool.lease();
        lease.session.setCookie('a=b', 'http://site.example/');
        lease.report({ kind: 'blocked' });
      }
    };
    await churn(5000);
    const before = process.memoryUsage().arrayBuffers;
    await churn(30_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(pool.retiredSessionsCount).toBe(35_000);
  });

  it('shows a handle kept by the user its own session, not the one that took the slot', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const old = await pool.addSession({ id: 'old', userData: { name: 'old' } });
    old.setCookie('a=1', 'http://site.example/');
    old.retire();
    const fresh = await pool.addSession({ id: 'fresh' });
    fresh.markBad();
    expect(old).toMatchObject({ id: 'old', errorScore: 0, userData: { name: 'old' } });
    expect(old.getCookieString('http://site.example/')).toBe('a=1');
    expect(fresh.getCookieString('http://site.example/')).toBe('');
  });
});

describe('a lease', () => {
  it('shows its session after settling too, also when that ended it', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    for (const kind of ['ok', 'blocked'] as const) {
      const lease = await pool.lease();
      lease.report({ kind });
      expect(lease.session.usageCount).toBe(kind === 'ok' ? 1 : 2);
    }
  });

  it('never shows another session: read too late, it says so', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const early = await pool.lease();
    early.report({ kind: 'ok' });
    (await pool.lease()).report({ kind: 'blocked' });
    await pool.addSession();
    expect(() => early.session).toThrow(expect.objectContaining({ code: 'TROUPE_SESSION_GONE' }));
  });
});

describe('rule 12: a slow createSessionFunction holds nobody up', () => {
  it('gives another session while one is in the making', async () => {
    const clock = new FakeClock();
    let isSlow = false;
    const { pool } = await openPool({
      clock,
      createSessionFunction: async () => {
        if (isSlow) await clock.sleep(60_000);
        return { id: isSlow ? 'slow' : 'other' };
      },
    });
    await pool.getSession();
    isSlow = true;
    const slow = pool.lease();
    expect((await pool.getSession('other'))?.id).toBe('other');
    expect(await isSettled(slow, clock)).toBe(false);
    await clock.advance(60_000);
    expect((await slow).session.id).toBe('slow');
  });

  it('counts sessions in the making, so that the pool never overflows', async () => {
    const clock = new FakeClock();
    let made = 0;
    const { pool } = await openPool({
      clock,
      maxPoolSize: 2,
      createSessionFunction: async () => {
        await clock.sleep(100);
        return { id: `s${made++}` };
      },
    });
    const leases = Array.from({ length: 5 }, () => pool.lease());
    await clock.advance(1000);
    expect(made).toBe(2);
    for (const lease of leases.slice(0, 4)) (await lease).report({ kind: 'ok' });
    expect((await leases[4])?.session.id).toMatch(/^s[01]$/);
  });

  it('reports what it threw and goes on', async () => {
    let isBroken = true;
    const { pool } = await openPool({
      maxPoolSize: 1,
      createSessionFunction: () => {
        if (isBroken) throw new Error('no account left');
        return {};
      },
    });
    await expect(pool.lease()).rejects.toMatchObject({
      code: 'TROUPE_SESSION_CREATION',
      cause: { message: 'no account left' },
    });
    isBroken = false;
    await expect(pool.lease()).resolves.toBeDefined();
  });
});

describe('rule 15: user data is each session’s own', () => {
  it('copies the shared object', async () => {
    const userData = { nested: { hits: 0 } };
    const { pool } = await openPool({ sessionOptions: { userData } });
    const a = await pool.addSession();
    const b = await pool.addSession();
    (a.userData['nested'] as { hits: number }).hits = 5;
    userData.nested.hits = 9;
    expect(b.userData).toEqual({ nested: { hits: 0 } });
  });
});

describe('rule 18: a million sessions', () => {
  it('takes about as long for a use at 200,000 sessions as at 2,000', async () => {
    const perUse = async (count: number): Promise<number> => {
      const { pool } = await openPool({
        maxPoolSize: count,
        sessionOptions: { maxUsageCount: 1_000_000 },
      });
      for (let n = 0; n < count; n++) await pool.addSession();
      const uses = 40_000;
      const turn = async (): Promise<number> => {
        const start = performance.now();
        for (let n = 0; n < uses; n++) {
          const lease = await pool.lease();
          if (n % 10 === 0) lease.session.retire();
          lease.report({ kind: 'ok' });
          if (pool.usableSessionsCount < 0) throw new Error('impossible');
        }
        return (performance.now() - start) / uses;
      };
      return Math.min(await turn(), await turn(), await turn());
    };
    const small = await perUse(2000);
    const large = await perUse(200_000);
    // Linear work would make it a hundred times as long; caches alone make it some times as long.
    expect(large / small).toBeLessThan(25);
  });
});

describe('rule 20: the cap is reached while a page is open', () => {
  it('lets the page finish and calls nobody blocked', async () => {
    const { pool } = await openPool({ maxPoolSize: 1, sessionOptions: { maxUsageCount: 1 } });
    const lease = await pool.lease();
    expect(lease.session.retiredReason).toBeNull();
    expect(lease.session.isBlocked()).toBe(false);
    expect(pool.usableSessionsCount).toBe(0);
    lease.session.setCookie('late=1', 'http://site.example/');
    lease.report({ kind: 'ok' });
    expect(lease.session.retiredReason).toBe('exhausted');
    expect(lease.session.isBlocked()).toBe(false);
    expect(lease.session.getCookieString('http://site.example/')).toBe('late=1');
  });
});

describe('rule 22: foreign cookies', () => {
  it.each([
    ['a foreign domain', 'a=1; Domain=other.example'],
    ['a public suffix', 'a=1; Domain=co.uk'],
  ])('refuses %s, logs it once and stores nothing', async (_what, raw) => {
    const lines: string[] = [];
    const { pool } = await openPool({ log: quietLog(lines) });
    const session = await pool.addSession();
    for (let n = 0; n < 5; n++) session.setCookie(raw, 'http://www.site.co.uk/');
    expect(session.getCookies('http://www.site.co.uk/')).toEqual([]);
    expect(session.getCookies('http://other.example/')).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('a=1');
  });
});
