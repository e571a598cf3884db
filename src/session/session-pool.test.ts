import { afterEach, describe, expect, it } from 'vitest';
import { closePools, openPool } from '../../test/support/session-pools.ts';
import { FakeClock } from '../core/fake-clock.ts';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import type { SessionChanges, SessionStore } from '../storage/session-store.ts';
import type { SelectionName } from './selection.ts';
import { Session } from './session.ts';
import { SessionPool } from './session-pool.ts';

afterEach(closePools);

/** Uses the pool one after the other and says which sessions were lent. */
async function lend(pool: SessionPool, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const lease = await pool.lease();
    ids.push(lease.session.id);
    lease.report({ kind: 'ok' });
  }
  return ids;
}

async function poolOf(selection: SelectionName, count: number): Promise<SessionPool> {
  const { pool } = await openPool({
    selection,
    maxPoolSize: count,
    sessionOptions: { maxUsageCount: 100_000 },
  });
  for (let n = 0; n < count; n++) await pool.addSession({ id: `s${n}` });
  return pool;
}

describe('selection', () => {
  it('`random` is uniform', async () => {
    const pool = await poolOf('random', 10);
    const ids = await lend(pool, 20_000);
    for (let n = 0; n < 10; n++) {
      const share = ids.filter((id) => id === `s${n}`).length / ids.length;
      expect(share).toBeGreaterThan(0.09);
      expect(share).toBeLessThan(0.11);
    }
  });

  it('`round-robin` takes each in turn', async () => {
    const pool = await poolOf('round-robin', 3);
    expect(await lend(pool, 7)).toEqual(['s0', 's1', 's2', 's0', 's1', 's2', 's0']);
  });

  it('`least-used` evens out', async () => {
    const pool = await poolOf('least-used', 3);
    const first = [...pool.sessions].find(({ id }) => id === 's0') as Session;
    first.markGood();
    first.markGood();
    await lend(pool, 7);
    expect([...pool.sessions].map(({ usageCount }) => usageCount)).toEqual([3, 3, 3]);
  });

  it('`use-until-failure` keeps to one until it fails, and makes no others meanwhile', async () => {
    const { pool } = await openPool({ selection: 'use-until-failure', maxPoolSize: 5 });
    const ids = await lend(pool, 10);
    expect(new Set(ids).size).toBe(1);
    (await pool.lease()).report({ kind: 'blocked' });
    const after = await lend(pool, 5);
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(ids[0]);
    expect(pool.createdSessionsCount).toBe(2);
  });

  it('`use-until-failure` turns to another after a timeout', async () => {
    const pool = await poolOf('use-until-failure', 2);
    const lease = await pool.lease();
    lease.report({ kind: 'timeout' });
    const ids = await lend(pool, 5);
    expect(ids).not.toContain(lease.session.id);
  });

  it('takes a policy of the user’s own', async () => {
    const { pool } = await openPool({
      maxPoolSize: 4,
      selection: {
        name: 'alphabet',
        pick({ count, at }) {
          const ids = Array.from({ length: count }, (_, index) => at(index));
          return ids.sort((a, b) => b.id.localeCompare(a.id))[0] as Session;
        },
      },
    });
    for (const id of ['a', 'd', 'c', 'b']) await pool.addSession({ id });
    expect(await lend(pool, 2)).toEqual(['d', 'd']);
  });

  it('waits when a policy picks nobody, and does not spin', async () => {
    let isWilling = false;
    const { pool, clock } = await openPool({
      maxPoolSize: 1,
      selection: { name: 'moody', pick: ({ at }) => (isWilling ? at(0) : null) },
    });
    const session = await pool.addSession();
    const lease = pool.lease({ timeoutSecs: 10 });
    const refused = expect(lease).rejects.toMatchObject({ code: 'TROUPE_LEASE_TIMEOUT' });
    session.markGood();
    await clock.advance(5000);
    isWilling = true;
    await clock.advance(5000);
    await refused;
    expect((await pool.lease()).session).toBe(session);
  });

  it('refuses a name it does not know', async () => {
    await expect(SessionPool.open({ selection: 'best' as never })).rejects.toThrow(
      "Expected `selection` to be one of `random`, `round-robin`, `least-used`, `use-until-failure`, `adaptive` or a policy with a `pick` function, got `'best'` (string)",
    );
  });
});

describe('lease()', () => {
  it('by id gives that session, waiting for it alone', async () => {
    const { pool, clock } = await openPool();
    await pool.addSession({ id: 'alice' });
    const first = await pool.lease({ sessionId: 'alice' });
    const second = pool.lease({ sessionId: 'alice' });
    const other = await pool.lease();
    expect(other.session.id).not.toBe('alice');
    await clock.advance(1000);
    first.report({ kind: 'ok' });
    expect((await second).session.id).toBe('alice');
  });

  it('by id fails at once when there is none, and when it retires meanwhile', async () => {
    const { pool } = await openPool();
    await expect(pool.lease({ sessionId: 'nobody' })).rejects.toMatchObject({
      code: 'TROUPE_SESSION_MISSING',
      sessionId: 'nobody',
    });
    const session = await pool.addSession({ id: 'alice' });
    const first = await pool.lease({ sessionId: 'alice' });
    const second = pool.lease({ sessionId: 'alice' });
    session.retire();
    await expect(second).rejects.toThrow('it was retired (manual)');
    first.report({ kind: 'ok' });
  });

  it('by key keeps to one session while it lives', async () => {
    const { pool } = await openPool({ maxPoolSize: 20 });
    const use = async (sessionKey: string): Promise<Session> => {
      const lease = await pool.lease({ sessionKey });
      lease.report({ kind: 'ok' });
      return lease.session;
    };
    const session = await use('cart-1');
    await lend(pool, 30);
    expect(await use('cart-1')).toBe(session);
    session.retire();
    expect(await use('cart-1')).not.toBe(session);
  });

  it('avoids sessions where another can be had, and takes them where not', async () => {
    const { pool } = await openPool({ maxPoolSize: 2 });
    await pool.addSession({ id: 'a' });
    await pool.addSession({ id: 'b' });
    for (let n = 0; n < 20; n++) {
      const lease = await pool.lease({ avoid: ['a'] });
      expect(lease.session.id).toBe('b');
      lease.report({ kind: 'ok' });
    }
    await pool.lease({ sessionId: 'b' });
    expect((await pool.lease({ avoid: ['a'] })).session.id).toBe('a');
  });

  it('ends waiting when the signal aborts or the pool closes', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    await pool.lease();
    const controller = new AbortController();
    const aborted = pool.lease({ signal: controller.signal });
    const closed = pool.lease();
    controller.abort(new Error('changed my mind'));
    await expect(aborted).rejects.toThrow('changed my mind');
    const closing = pool.close();
    expect(pool.close()).toBe(closing);
    await expect(closed).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
    await expect(pool.lease()).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
  });

  it('keeps the pause between two uses', async () => {
    const { pool, clock } = await openPool({
      maxPoolSize: 1,
      sessionOptions: { minIntervalSecs: 2 },
    });
    const starts: number[] = [];
    const work = Array.from({ length: 3 }, async () => {
      const lease = await pool.lease();
      starts.push(clock.monotonicMs());
      lease.report({ kind: 'ok' });
    });
    await clock.advance(10_000);
    await Promise.all(work);
    expect(starts).toEqual([0, 2000, 4000]);
    expect(pool.coolingSessionsCount).toBe(0);
  });

  it('gives cookies asked for without a URL the site of the lease', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const session = await pool.addSession();
    session.setCookie('a=1', 'http://a.example/');
    session.setCookie('b=2', 'http://b.example/');
    await using lease = await pool.lease({ url: 'http://b.example/page' });
    expect(lease.session.getCookieString()).toBe('b=2');
  });
});

describe('getSession()', () => {
  it('makes sessions until the pool is full, then gives one of them', async () => {
    const { pool } = await openPool({ maxPoolSize: 3 });
    const first = new Set<Session | undefined>();
    for (let n = 0; n < 3; n++) first.add(await pool.getSession());
    expect(first.size).toBe(3);
    for (let n = 0; n < 20; n++) expect(first.has(await pool.getSession())).toBe(true);
  });

  it('gives a session in use, and counts a use only when it is marked', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const lease = await pool.lease();
    const shared = await pool.getSession();
    expect(shared).toBe(lease.session);
    lease.report({ kind: 'ok' });
    expect(shared?.usageCount).toBe(1);
    shared?.markGood();
    expect(shared?.usageCount).toBe(2);
  });

  it('passes over sessions at rest', async () => {
    const { pool } = await openPool({ maxPoolSize: 2 });
    const resting = await pool.lease();
    resting.report({ kind: 'throttled' });
    await pool.addSession({ id: 'fresh' });
    for (let n = 0; n < 50; n++) expect((await pool.getSession())?.id).toBe('fresh');
  });
});

describe('createSessionFunction', () => {
  it('may return a Session, which stays the very object', async () => {
    let made: Session | undefined;
    const { pool } = await openPool({
      createSessionFunction: async (view, { sessionOptions }) => {
        made = new Session({ ...sessionOptions, id: `n${view.usableSessionsCount}` });
        made.setCookie('a=1', 'http://a.example/');
        return made;
      },
      sessionOptions: { maxUsageCount: 7 },
    });
    const session = await pool.getSession();
    expect(session).toBe(made);
    session?.markBad();
    expect(made).toMatchObject({ id: 'n0', errorScore: 1, maxUsageCount: 7 });
    expect(made?.getCookieString('http://a.example/')).toBe('a=1');
    made?.retire();
    expect(pool.retiredByReason).toEqual({ manual: 1 });
  });

  it('that returns nonsense is refused by name', async () => {
    const { pool } = await openPool({ createSessionFunction: (() => ({ maxAge: 5 })) as never });
    await expect(pool.getSession()).rejects.toThrow(
      'Unknown option `maxAge` in the result of createSessionFunction; did you mean `maxAgeSecs`?',
    );
  });
});

describe('explain()', () => {
  it('tells what happened, and why it ended, without secrets', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 1 });
    const session = await pool.addSession({
      id: 'it',
      proxyInfo: {
        url: 'http://user:secret@proxy.example:8000',
        protocol: 'http',
        hostname: 'proxy.example',
        port: 8000,
        username: 'user',
        password: 'secret',
      },
    });
    (await pool.lease()).report({ kind: 'ok', status: 200 });
    await clock.advance(1000);
    (await pool.lease()).report({ kind: 'blocked', status: 403 });
    const told = pool.explain('it');
    expect(told).toMatchObject({
      id: 'it',
      state: 'retired',
      retiredReason: 'blocked',
      summary: 'Retired: the site answered 403, which means blocked.',
      usageCount: 2,
      proxy: 'http://proxy.example:8000',
    });
    expect(told?.timeline.map(({ event }) => event)).toEqual([
      'leased',
      'ok',
      'leased',
      'blocked',
      'retired',
    ]);
    expect(JSON.stringify(told)).not.toContain('secret');
    expect(session.retiredReason).toBe('blocked');
  });

  it('is bounded: the last events of a session, and the last thousand sessions', async () => {
    const { pool } = await openPool({ maxPoolSize: 1, sessionOptions: { maxUsageCount: 1000 } });
    const first = await pool.addSession();
    await lend(pool, 100);
    const told = pool.explain(first.id);
    expect(told?.timeline).toHaveLength(16);
    expect(told?.forgottenCount).toBe(184);
    first.retire();
    for (let n = 0; n < 1000; n++) (await pool.addSession()).retire();
    expect(pool.explain(first.id)).toBeNull();
    expect(pool.explain('never was')).toBeNull();
  });
});

describe('persistence', () => {
  /** A store that keeps a list of what it was asked to save. */
  async function watched(clock: FakeClock): Promise<{
    pool: SessionPool;
    saves: { at: number; changes: SessionChanges }[];
    fail: (error: Error | null) => void;
  }> {
    const storage = new MemoryStorage();
    const saves: { at: number; changes: SessionChanges }[] = [];
    let failure: Error | null = null;
    const open = storage.openSessionStore.bind(storage);
    storage.openSessionStore = async (name) => {
      const store: SessionStore = await open(name);
      const save = store.save.bind(store);
      store.save = async (changes) => {
        if (failure) throw failure;
        saves.push({ at: clock.monotonicMs(), changes });
        await save(changes);
      };
      return store;
    };
    const { pool } = await openPool({ storage, clock });
    return {
      pool,
      saves,
      fail: (error) => {
        failure = error;
      },
    };
  }

  it('writes marks within a second, cookies and retirements within a tenth', async () => {
    const clock = new FakeClock();
    const { pool, saves } = await watched(clock);
    const session = await pool.addSession({ id: 'it' });
    await clock.advance(1000);
    expect(saves).toHaveLength(1);
    session.markGood();
    await clock.advance(1000);
    expect(saves.at(-1)).toMatchObject({ changes: { hot: [{ usageCount: 1 }], cold: [] } });
    session.setCookie('login=1', 'http://a.example/');
    await clock.advance(100);
    expect(saves.at(-1)?.changes.cold[0]?.body).toContain('login');
    session.retire();
    await clock.advance(100);
    expect(saves.at(-1)?.changes.retired).toMatchObject([{ id: 'it', reason: 'manual' }]);
    const count = saves.length;
    await clock.advance(60_000);
    expect(saves).toHaveLength(count);
  });

  it('writes only what changed', async () => {
    const clock = new FakeClock();
    const { pool, saves } = await watched(clock);
    for (let n = 0; n < 500; n++) await pool.addSession({ id: `s${n}` });
    await pool.persistState();
    saves.length = 0;
    (await pool.getSession('s7'))?.markGood();
    await pool.persistState();
    expect(saves).toHaveLength(1);
    expect(saves[0]?.changes.hot.map(({ id }) => id)).toEqual(['s7']);
    await pool.persistState();
    expect(saves).toHaveLength(1);
  });

  it('keeps what could not be written, and writes it when that is possible again', async () => {
    const clock = new FakeClock();
    const { pool, saves, fail } = await watched(clock);
    await pool.addSession({ id: 'it' });
    fail(new Error('the disk is full'));
    await expect(pool.persistState()).rejects.toThrow('the disk is full');
    fail(null);
    await clock.advance(6000);
    expect(saves.at(-1)?.changes.hot.map(({ id }) => id)).toEqual(['it']);
  });
});

describe('getSessionNow', () => {
  it('answers at once where nothing asynchronous stands in the way', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    const session = pool.getSessionNow();
    expect(session).toBeInstanceOf(Session);
    expect(pool.getSessionNow()).toBe(session);
    expect(pool.getSessionNow((session as Session).id)).toBe(session);
    expect(pool.getSessionNow('nobody')).toBeUndefined();
  });

  it('answers at once with what a synchronous createSessionFunction makes', async () => {
    const made = new Session({ id: 'mine' });
    const { pool } = await openPool({ createSessionFunction: () => made });
    expect(pool.getSessionNow()).toBe(made);
  });

  it('gives a promise where createSessionFunction does', async () => {
    const { pool } = await openPool({ createSessionFunction: async () => ({ id: 'late' }) });
    const promise = pool.getSessionNow();
    expect(promise).toBeInstanceOf(Promise);
    expect((await promise)?.id).toBe('late');
  });

  it('shares what is there once a synchronous createSessionFunction has none to give', async () => {
    const ids = ['only'];
    const { pool } = await openPool({
      createSessionFunction: () => {
        const id = ids.pop();
        return id === undefined ? null : { id };
      },
    });
    const created: string[] = [];
    pool.events.on('sessionCreated', ({ session }) => created.push(session.id));
    const session = pool.getSessionNow();
    expect(pool.getSessionNow()).toBe(session);
    await using lease = await pool.lease();
    expect(lease.session).toBe(session);
    expect(created).toEqual(['only']);
  });
});

describe('a session made outside', () => {
  it('is taken in as it is: the same object, with its counters', async () => {
    const { pool } = await openPool();
    const made = new Session({ id: 'mine', errorScore: 2, usageCount: 7 });
    expect(await pool.addSession(made)).toBe(made);
    expect(await pool.getSession('mine')).toBe(made);
    made.markBad();
    expect(made.retiredReason).toBe('error-score');
    expect(pool.retiredSessionsCount).toBe(1);
  });

  it('exceeds maxPoolSize only where that is asked for', async () => {
    const { pool } = await openPool({ maxPoolSize: 1 });
    await pool.addSession({ id: 'first' });
    await expect(pool.addSession(new Session({ id: 'second' }))).rejects.toThrow('maxPoolSize');
    await pool.addSession(new Session({ id: 'second' }), { evenIfFull: true });
    expect(pool.usableSessionsCount).toBe(2);
  });
});
