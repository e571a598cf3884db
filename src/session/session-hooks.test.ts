import { afterEach, describe, expect, it } from 'vitest';
import { closePools, isSettled, openPool, quietLog } from '../../test/support/session-pools.ts';
import { FakeClock } from '../core/fake-clock.ts';
import { SeededRandom } from '../core/random.ts';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import type { SessionPoolOptions } from './pool-options.ts';
import type { Session } from './session.ts';
import type { InitSessionContext } from './session-hooks.ts';

afterEach(closePools);

/** Logins that end when the test says so, with a record of what ran when. */
function logins(): {
  readonly initSession: (context: InitSessionContext) => Promise<void>;
  readonly begun: string[];
  readonly running: Map<string, { succeed(): void; fail(error?: unknown): void }>;
  readonly most: { count: number };
} {
  const begun: string[] = [];
  const running = new Map<string, { succeed(): void; fail(error?: unknown): void }>();
  const most = { count: 0 };
  const initSession = ({ session, signal }: InitSessionContext): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const { id } = session;
      expect(running.has(id)).toBe(false);
      begun.push(id);
      running.set(id, { succeed: resolve, fail: (error = new Error('no')) => reject(error) });
      signal.addEventListener('abort', () => reject(signal.reason));
      most.count = Math.max(most.count, running.size);
    }).finally(() => running.delete(session.id));
  return { initSession, begun, running, most };
}

async function poolOf(
  ids: readonly string[],
  options: SessionPoolOptions,
): ReturnType<typeof openPool> {
  const opened = await openPool({
    maxPoolSize: Math.max(1, ids.length),
    log: quietLog(),
    ...options,
  });
  for (const id of ids) await opened.pool.addSession({ id });
  return opened;
}

describe('initSession', () => {
  it('runs once, before the first lease is handed out, and not before somebody wants the session', async () => {
    const { initSession, begun, running } = logins();
    const { pool, clock } = await poolOf(['ann'], { initSession });
    await clock.advance(1000);
    expect(begun).toEqual([]);
    const first = pool.lease();
    const second = pool.lease({ sessionId: 'ann' });
    expect(await isSettled(first, clock)).toBe(false);
    expect(pool.explain('ann')).toMatchObject({ state: 'preparing', summary: 'Being prepared.' });
    running.get('ann')?.succeed();
    (await first).report({ kind: 'ok' });
    (await second).report({ kind: 'ok' });
    (await pool.lease()).release();
    expect(begun).toEqual(['ann']);
    expect(pool.explain('ann')?.timeline.map(({ event }) => event)).toContain('initialized');
  });

  it('is bounded in parallel over the whole pool', async () => {
    const { initSession, begun, running, most } = logins();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const { pool, clock } = await poolOf(ids, { initSession, maxConcurrentInits: 2 });
    const leases = ids.map((sessionId) => pool.lease({ sessionId }));
    await clock.advance(0);
    expect(begun).toEqual(['a', 'b']);
    while (running.size > 0) {
      for (const { succeed } of running.values()) succeed();
      await clock.advance(0);
    }
    expect(begun).toEqual(ids);
    expect(most.count).toBe(2);
    expect(await Promise.all(leases)).toHaveLength(5);
  });

  it('holds up nobody who can have another session', async () => {
    const { initSession, running } = logins();
    const { pool, clock } = await poolOf(['ann', 'ben'], { initSession });
    const ann = pool.lease({ sessionId: 'ann' });
    const any = pool.lease();
    await clock.advance(0);
    running.get('ben')?.succeed();
    expect((await any).session.id).toBe('ben');
    expect(await isSettled(ann, clock)).toBe(false);
    running.get('ann')?.succeed();
    expect((await ann).session.id).toBe('ann');
  });

  it('is tried again after growing pauses, within its own budget, without ending the lease', async () => {
    const { initSession, begun, running } = logins();
    const { pool, clock } = await poolOf(['ann'], { initSession, maxInitRetries: 2 });
    const lease = pool.lease();
    const begunAt: number[] = [];
    const start = clock.now();
    for (let n = 1; n <= 2; n++) {
      await clock.advance(0);
      running.get('ann')?.fail();
      await clock.advance(0);
      expect(pool.explain('ann')?.summary).toMatch(/^To be prepared again at .*after \d failed/);
      await clock.advance(clock.nextTimerInMs as number);
      begunAt.push(clock.now() - start);
    }
    expect(begun).toEqual(['ann', 'ann', 'ann']);
    expect(begunAt[0]).toBeGreaterThanOrEqual(1000);
    expect((begunAt[1] as number) - (begunAt[0] as number)).toBeGreaterThanOrEqual(2000);
    running.get('ann')?.succeed();
    expect((await lease).session.errorScore).toBe(0);
  });

  it('puts a session into quarantine when it keeps failing, tries again later, and gives it up in the end', async () => {
    let tries = 0;
    const lines: string[] = [];
    const { pool, clock } = await poolOf(['ann'], {
      log: quietLog(lines),
      maxInitRetries: 1,
      quarantineSecs: 60,
      initSession: () => {
        tries++;
        throw new Error('the site says http://ann:secret@site.example is unknown');
      },
    });
    const lease = pool.lease({ sessionId: 'ann' });
    lease.catch(() => {});
    await clock.advance(5000);
    expect(tries).toBe(2);
    expect(pool.quarantinedSessionsCount).toBe(1);
    expect(pool.usableSessionsCount).toBe(0);
    expect(pool.explain('ann')).toMatchObject({
      state: 'quarantined',
      summary: expect.stringMatching(/^In quarantine until .*failed 2 times.*ann:\*\*\*@/),
    });
    expect(lines.join('\n')).toContain('"ann" is set aside');
    expect(lines.join('\n')).not.toContain('secret');
    await clock.advance(80_000);
    expect(tries).toBe(4);
    await clock.advance(1_000_000);
    await expect(lease).rejects.toMatchObject({ code: 'TROUPE_SESSION_MISSING' });
    expect(tries).toBe(8);
    expect(pool.quarantinedSessionsCount).toBe(0);
    expect(pool.retiredByReason).toEqual({ invalid: 1 });
    expect(pool.explain('ann')?.summary).toMatch(/its hooks kept failing.*the last time: the site/);
  });

  it('gives those who wait for any session another one in the place of one in quarantine', async () => {
    const { pool, clock } = await poolOf(['ann', 'ben'], {
      maxInitRetries: 0,
      initSession: ({ session }) => {
        if (session.id === 'ann') throw new Error('wrong password');
      },
    });
    const lease = pool.lease();
    await clock.advance(0);
    expect((await lease).session.id).toBe('ben');
    expect(pool.lastInitFailure).toBeUndefined();
  });

  it('stops making further sessions when one after the other fails', async () => {
    let tries = 0;
    const { pool, clock } = await openPool({
      maxPoolSize: 500,
      log: quietLog(),
      maxInitRetries: 0,
      initSession: () => {
        tries++;
        throw new Error('the site is down');
      },
    });
    const lease = pool.lease({ timeoutSecs: 30 });
    const refused = expect(lease).rejects.toThrow('10 of them in quarantine');
    await clock.advance(30_000);
    await refused;
    expect(tries).toBe(10);
    expect(pool.lastInitFailure).toBe('the site is down');
  });

  it('ends after its time, and never runs twice at once for one id, even when it does not heed the signal', async () => {
    let begun = 0;
    let end = (): void => {};
    const { pool, clock } = await poolOf(['ann'], {
      initTimeoutSecs: 10,
      initSession: () => {
        begun++;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
    });
    const lease = pool.lease({ sessionId: 'ann', onMissing: 'wait' });
    await clock.advance(60_000);
    expect(begun).toBe(1);
    expect(pool.explain('ann')?.summary).toContain('timed out after 10 s');
    const session = await pool.getSession('ann');
    session?.retire();
    await pool.addSession({ id: 'ann' });
    await clock.advance(1000);
    expect(begun).toBe(1);
    end();
    await clock.advance(0);
    expect(begun).toBe(2);
    end();
    expect((await lease).session.id).toBe('ann');
  });

  it('is not repeated after a restart', async () => {
    const storage = new MemoryStorage();
    const { initSession, begun, running } = logins();
    const first = await poolOf(['ann', 'ben'], { initSession, storage });
    const lease = first.pool.lease({ sessionId: 'ann' });
    await first.clock.advance(0);
    running.get('ann')?.succeed();
    (await lease).report({ kind: 'ok' });
    await first.pool.close();
    const second = await openPool({ initSession, storage, maxPoolSize: 2, clock: first.clock });
    expect((await second.pool.lease({ sessionId: 'ann' })).session.id).toBe('ann');
    expect(begun).toEqual(['ann']);
    void second.pool.lease({ sessionId: 'ben' }).catch(() => {});
    await first.clock.advance(0);
    expect(begun).toEqual(['ann', 'ben']);
  });

  it('begins anew, without a failure, with the next tools when those it used are taken back', async () => {
    const used: string[] = [];
    const { pool, clock } = await poolOf(['ann'], {
      maxInitRetries: 0,
      initSession: async ({ sendRequest, signal }) => {
        const { url } = await sendRequest({ url: 'http://site.example/login' });
        used.push(url);
        if (url === 'first') {
          await new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          });
        }
      },
    });
    const tools = (url: string) => ({ sendRequest: async () => ({ url }) as never });
    const takeBack = pool.lendTools(tools('first'));
    const lease = pool.lease();
    await clock.advance(0);
    pool.lendTools(tools('second'));
    takeBack();
    expect((await lease).session.id).toBe('ann');
    expect(used).toEqual(['first', 'second']);
    expect(pool.quarantinedSessionsCount).toBe(0);
  });

  it('gets a page where there is one, and closes it whatever happens', async () => {
    const seen: unknown[] = [];
    const { pool, clock } = await poolOf(['ann'], {
      initSession: ({ page }) => {
        seen.push(page);
        if (seen.length === 2) throw new Error('once');
      },
    });
    pool.lendTools({
      sendRequest: () => Promise.reject(new Error('unused')),
      openPage: async () => ({
        page: 'a page',
        close: async () => {
          seen.push('closed');
        },
      }),
    });
    const lease = pool.lease();
    await clock.advance(0);
    await lease;
    expect(seen).toEqual(['a page', 'closed']);
  });

  it('says what to do when there is nobody to send its requests', async () => {
    const { pool, clock } = await poolOf(['ann'], {
      maxInitRetries: 0,
      initSession: ({ sendRequest }) => sendRequest({ url: 'http://site.example/' }),
    });
    pool.lease().catch(() => {});
    await clock.advance(0);
    expect(pool.lastInitFailure).toContain('createFetch(session)');
  });
});

describe('checkSession', () => {
  it('is asked before a lease, at most every checkIntervalSecs', async () => {
    let checks = 0;
    const { pool, clock } = await poolOf(['ann'], {
      initSession: () => {},
      checkSession: () => {
        checks++;
        return true;
      },
      checkIntervalSecs: 100,
    });
    const use = async (): Promise<void> => {
      const lease = pool.lease();
      await clock.advance(0);
      (await lease).report({ kind: 'ok' });
    };
    await use();
    await use();
    expect(checks).toBe(0);
    await clock.advance(100_000);
    expect(checks).toBe(0);
    await use();
    await use();
    expect(checks).toBe(1);
  });

  it('has the session refreshed when it says no, and by initSession where there is nothing else', async () => {
    for (const hasRefresh of [true, false]) {
      const calls: string[] = [];
      const { pool, clock } = await poolOf(['ann'], {
        initSession: () => void calls.push('init'),
        checkSession: () => calls.push('check') < 0,
        ...(hasRefresh ? { refreshSession: () => void calls.push('refresh') } : {}),
      });
      const first = pool.lease();
      await clock.advance(0);
      (await first).report({ kind: 'ok' });
      await clock.advance(300_000);
      const second = pool.lease({ sessionId: 'ann' });
      await clock.advance(0);
      (await second).report({ kind: 'ok' });
      expect(calls).toEqual(['init', 'check', hasRefresh ? 'refresh' : 'init']);
    }
  });

  it('ends a session that is no longer good and cannot be refreshed', async () => {
    const { pool, clock } = await poolOf(['ann'], { checkSession: () => false });
    const lease = pool.lease({ sessionId: 'ann' });
    const refused = expect(lease).rejects.toMatchObject({ code: 'TROUPE_SESSION_MISSING' });
    await clock.advance(0);
    await refused;
    expect(pool.explain('ann')?.summary).toContain('no longer good');
  });

  it('asks once after a restart', async () => {
    const storage = new MemoryStorage();
    let checks = 0;
    const options: SessionPoolOptions = {
      storage,
      initSession: () => {},
      checkSession: () => ++checks > 0,
    };
    const first = await poolOf(['ann'], options);
    const lease = first.pool.lease();
    await first.clock.advance(0);
    (await lease).report({ kind: 'ok' });
    await first.pool.close();
    const { pool, clock } = await openPool({ ...options, maxPoolSize: 1, clock: first.clock });
    for (let n = 0; n < 3; n++) {
      const again = pool.lease();
      await clock.advance(0);
      (await again).report({ kind: 'ok' });
    }
    expect(checks).toBe(1);
  });

  it('lends a session that needs no look while another is looked at', async () => {
    const { pool, clock } = await poolOf(['ann', 'ben'], {
      selection: 'round-robin',
      initSession: () => {},
      checkSession: () => new Promise<boolean>(() => {}),
    });
    const warm = async (sessionId: string): Promise<void> => {
      const lease = pool.lease({ sessionId });
      await clock.advance(0);
      (await lease).report({ kind: 'ok' });
    };
    await warm('ann');
    await clock.advance(200_000);
    await warm('ben');
    await clock.advance(100_000);
    expect((await pool.lease()).session.id).toBe('ben');
    expect(pool.explain('ann')?.state).toBe('preparing');
  });
});

describe('a pool without a further session to make', () => {
  it('waits while createSessionFunction gives null, and fails once nobody can come any more', async () => {
    let left = 1;
    const { pool, clock } = await openPool({
      createSessionFunction: () => (left-- > 0 ? { id: 'only' } : null),
    });
    const first = await pool.lease();
    const second = pool.lease();
    const third = pool.lease();
    expect(await isSettled(second, clock)).toBe(false);
    first.report({ kind: 'ok' });
    (await second).report({ kind: 'blocked' });
    await expect(third).rejects.toMatchObject({ code: 'TROUPE_NO_SESSION_LEFT' });
  });

  it('lends a session that was to be avoided when there is no other', async () => {
    for (const hooks of [{}, { initSession: () => {} }]) {
      let left = 1;
      const { pool, clock } = await openPool({
        ...hooks,
        createSessionFunction: () => (left-- > 0 ? { id: 'only' } : null),
      });
      const first = pool.lease();
      await clock.advance(0);
      (await first).report({ kind: 'ok' });
      const second = pool.lease({ avoid: ['only'] });
      await clock.advance(0);
      expect((await second).session.id).toBe('only');
    }
  });
});

describe('onMissing', () => {
  it('`wait` waits until a session of that id is added', async () => {
    const { pool, clock } = await openPool();
    const lease = pool.lease({ sessionId: 'ann', onMissing: 'wait' });
    expect(await isSettled(lease, clock)).toBe(false);
    await pool.addSession({ id: 'ann' });
    expect((await lease).session.id).toBe('ann');
  });

  it('`wait` goes on when the session retires meanwhile, `replace` takes another, `fail` fails', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 3 });
    const session = await pool.addSession({ id: 'ann' });
    const held = await pool.lease({ sessionId: 'ann' });
    const waiting = pool.lease({ sessionId: 'ann', onMissing: 'wait' });
    const replaced = pool.lease({ sessionId: 'ann', onMissing: 'replace' });
    const failing = pool.lease({ sessionId: 'ann' });
    session.retire();
    held.release();
    await expect(failing).rejects.toMatchObject({ code: 'TROUPE_SESSION_MISSING' });
    expect((await replaced).session.id).not.toBe('ann');
    expect(await isSettled(waiting, clock)).toBe(false);
    await pool.addSession({ id: 'ann' });
    expect((await waiting).session.id).toBe('ann');
  });

  it('gives leases of one key that come at once the same session, and its successor when it retires', async () => {
    const { pool, clock } = await openPool({ maxPoolSize: 20 });
    const useAll = async (): Promise<Set<string>> => {
      const ids = new Set<string>();
      const uses = Array.from({ length: 5 }, async () => {
        const lease = await pool.lease({ sessionKey: 'cart' });
        ids.add(lease.session.id);
        await clock.sleep(10);
        lease.report({ kind: 'ok' });
      });
      await clock.advance(1000);
      await Promise.all(uses);
      return ids;
    };
    const [first, ...others] = await useAll();
    expect(others).toEqual([]);
    (await pool.getSession(first))?.retire();
    const successors = await useAll();
    expect(successors.size).toBe(1);
    expect(successors).not.toContain(first);
    await expect(async () => {
      (await pool.getSession([...successors][0]))?.retire();
      await pool.lease({ sessionKey: 'cart', onMissing: 'fail' });
    }).rejects.toMatchObject({ code: 'TROUPE_SESSION_MISSING' });
  });

  it('knows the session of a key after a restart', async () => {
    const storage = new MemoryStorage();
    const first = await openPool({ storage, maxPoolSize: 20 });
    const lease = await first.pool.lease({ sessionKey: 'cart' });
    const { id } = lease.session;
    lease.report({ kind: 'ok' });
    for (let n = 0; n < 5; n++) await first.pool.addSession();
    await first.pool.close();
    const { pool } = await openPool({ storage, maxPoolSize: 20, clock: first.clock });
    expect((await pool.lease({ sessionKey: 'cart' })).session.id).toBe(id);
  });
});

describe('under any mix of leases, failures, checks and retirements', () => {
  it.each([1, 2, 3, 4, 5])(
    'serves everybody and never runs two hooks for one id (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const chance = (share: number): boolean => random.next() < share;
      const clock = new FakeClock();
      const running = new Set<string>();
      let most = 0;
      const hook = async ({ session }: { session: Session }): Promise<boolean> => {
        expect(running.has(session.id)).toBe(false);
        running.add(session.id);
        most = Math.max(most, running.size);
        await clock.sleep(random.next() * 2000);
        running.delete(session.id);
        if (chance(0.3)) throw new Error('no luck');
        return chance(0.8);
      };
      const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
      const { pool } = await openPool({
        clock,
        random,
        log: quietLog(),
        maxPoolSize: 10,
        initialSessions: ids.map((id) => ({ id })),
        sessionOptions: { maxUsageCount: 5 },
        initSession: hook,
        checkSession: hook,
        checkIntervalSecs: 5,
        quarantineSecs: 5,
        maxInitRetries: 1,
        maxConcurrentInits: 3,
      });
      const uses = Array.from({ length: 150 }, async (_, n) => {
        await clock.sleep(random.next() * 30_000);
        const id = ids[n % ids.length] as string;
        const lease = await pool.lease(
          chance(0.3)
            ? { sessionId: id, onMissing: 'replace' }
            : chance(0.3)
              ? { sessionKey: `key ${id}` }
              : chance(0.3)
                ? { avoid: [id] }
                : {},
        );
        expect(running.has(lease.session.id)).toBe(false);
        await clock.sleep(random.next() * 500);
        lease.report({ kind: chance(0.1) ? 'blocked' : 'ok' });
      });
      let isDone = false;
      const all = Promise.all(uses).then(() => {
        isDone = true;
      });
      for (let turn = 0; turn < 200 && !isDone; turn++) await clock.advance(10_000);
      expect(isDone).toBe(true);
      await all;
      expect(most).toBeLessThanOrEqual(3);
      expect(most).toBeGreaterThan(1);
    },
  );
});
