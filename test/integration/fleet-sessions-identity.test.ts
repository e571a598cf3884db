import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountSessions } from '../../src/session/account-sessions.ts';
import type { SessionPoolOptions } from '../../src/session/pool-options.ts';
import { Session } from '../../src/session/session.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';

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

async function joinAll(count: number, options: () => SessionPoolOptions): Promise<SessionPool[]> {
  const pools: SessionPool[] = [];
  for (let n = 0; n < count; n++) pools.push(await fleet.join(options()));
  return pools;
}

async function work(pool: SessionPool, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const lease = await pool.lease();
    await fleet.clock.sleep(20);
    lease.report({ kind: 'ok' });
  }
}

describe('accounts that workers share', () => {
  it('are logged in once each, and never twice at once', async () => {
    const begun: string[] = [];
    const checked: string[] = [];
    const running = new Set<string>();
    const accounts = (): SessionPoolOptions =>
      accountSessions(
        ['ann', 'bob'].map((id) => ({ id, password: `${id}'s` })),
        {
          initSession: async ({ session }) => {
            expect(running).not.toContain(session.id);
            running.add(session.id);
            begun.push(session.id);
            await fleet.clock.sleep(700);
            session.setCookie('login=yes; Path=/', 'https://site.example/');
            running.delete(session.id);
          },
          checkSession: ({ session }) => {
            checked.push(session.id);
            return session.getCookieString('https://site.example/') === 'login=yes';
          },
        },
      ).poolOptions;
    const pools = await joinAll(3, accounts);
    await fleet.until(Promise.all(pools.map((pool) => work(pool, 6))));
    expect(begun.toSorted()).toEqual(['ann', 'bob']);
    expect(checked.length).toBeGreaterThan(0);
  });

  it('are logged in anew by another worker when the first one is lost at it', async () => {
    const begun: string[] = [];
    const login = (name: string, ms: number) => (): SessionPoolOptions =>
      accountSessions([{ id: 'ann' }], {
        initSession: async ({ signal }) => {
          begun.push(name);
          await fleet.clock.sleep(ms, { signal });
        },
      }).poolOptions;
    const [first] = (await joinAll(1, login('first', 30_000))) as [SessionPool];
    first.lease().catch(() => {});
    await fleet.pass(500);
    expect(begun).toEqual(['first']);
    fleet.clock.jumpTo(fleet.clock.now() + 11_000);
    const [second] = (await joinAll(1, login('second', 100))) as [SessionPool];
    const lease = await fleet.until(second.lease());
    expect(lease.session.id).toBe('ann');
    expect(begun).toEqual(['first', 'second']);
  });
});

describe('the limits of a session that another worker made', () => {
  const made = { maxPoolSize: 1, sessionOptions: { maxUsageCount: 100, maxErrorScore: 9 } };
  const now = { maxPoolSize: 1, sessionOptions: { maxUsageCount: 10, maxErrorScore: 20 } };

  it.each([
    ['stored', [100, 9]],
    ['current', [10, 20]],
    ['min', [10, 9]],
  ] as const)('are as `restore: %s` says', async (restore, expected) => {
    const one = await fleet.join(made);
    (await one.lease()).report({ kind: 'ok' });
    await one.close();
    const other = await fleet.join({ ...now, restore });
    const { session } = await other.lease();
    expect([session.maxUsageCount, session.maxErrorScore]).toEqual(expected);
  });

  it('hold for the server too, which counts uses of workers that are lost', async () => {
    const one = await fleet.join(made);
    (await one.lease()).report({ kind: 'ok' });
    await one.close();
    const other = await fleet.join({ ...now, restore: 'current' });
    (await other.lease()).report({ kind: 'ok' });
    await fleet.pass(1000);
    // Two uses, and a fifth of ten that nobody knows of.
    fleet.clock.jumpTo(fleet.clock.now() + 11_000);
    const third = await fleet.join({ maxPoolSize: 1 });
    const { session } = await fleet.until(third.lease());
    expect([session.maxUsageCount, session.usageCount]).toEqual([10, 5]);
  });
});

describe('a key with a createSessionFunction', () => {
  it('means one session for all workers, made by the function', async () => {
    let made = 0;
    const options = (): SessionPoolOptions => ({
      createSessionFunction: (_pool, { sessionOptions }) => {
        made++;
        return { ...sessionOptions, userData: { plan: 'gold' } };
      },
    });
    const [one, other] = (await joinAll(2, options)) as [SessionPool, SessionPool];
    const lease = await one.lease({ sessionKey: 'cart' });
    expect(lease.session.userData).toEqual({ plan: 'gold' });
    const waiting = other.lease({ sessionKey: 'cart' });
    await fleet.pass(100);
    lease.report({ kind: 'ok' });
    expect((await fleet.until(waiting)).session.id).toBe(lease.session.id);
    expect(made).toBe(1);
  });

  it('means one session a worker where the function chooses the ids', async () => {
    let made = 0;
    const options = (): SessionPoolOptions => ({
      createSessionFunction: async () => new Session({ id: `own${made++}` }),
    });
    const [one, other] = (await joinAll(2, options)) as [SessionPool, SessionPool];
    const ids: string[] = [];
    for (const pool of [one, one, other, other]) {
      const lease = await pool.lease({ sessionKey: 'cart' });
      ids.push(lease.session.id);
      lease.report({ kind: 'ok' });
    }
    expect(ids).toEqual(['own0', 'own0', 'own1', 'own1']);
  });

  it('means any session where the function has none to give', async () => {
    const options = (): SessionPoolOptions => ({
      initialSessions: [{ id: 'ann' }],
      createSessionFunction: () => null,
    });
    const [one] = (await joinAll(1, options)) as [SessionPool];
    expect((await fleet.until(one.lease({ sessionKey: 'cart' }))).session.id).toBe('ann');
  });
});

describe('a createSessionFunction that has none to give', () => {
  it('keeps no worker from the sessions that are there', async () => {
    const options = (): SessionPoolOptions => ({
      initialSessions: [{ id: 'ann' }],
      createSessionFunction: () => null,
    });
    const [one, other] = (await joinAll(2, options)) as [SessionPool, SessionPool];
    const lease = await fleet.until(one.lease());
    const waiting = other.lease();
    await fleet.pass(3000);
    lease.report({ kind: 'ok' });
    expect((await fleet.until(waiting)).session.id).toBe('ann');
  });
});
