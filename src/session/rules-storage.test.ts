import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closePools,
  isSettled,
  openPool,
  proxies,
  proxy,
  quietLog,
} from '../../test/support/session-pools.ts';
import { SeededRandom } from '../core/random.ts';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import { SqliteStorage } from '../storage/sqlite/sqlite-storage.ts';

/** The rules of a pool that remembers. */

afterEach(closePools);

describe.each([
  ['memory', (_path: string) => new MemoryStorage()],
  ['SQLite', (path: string) => new SqliteStorage({ path })],
] as const)('on %s storage', (_name, make) => {
  let folder = '';

  function open(): ReturnType<typeof make> {
    folder = mkdtempSync(join(tmpdir(), 'troupe-session-'));
    return make(join(folder, 'state.sqlite'));
  }

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('rule 13: two pools on one key both survive, and retirements are kept', async () => {
    await using storage = open();
    const { pool: one, clock } = await openPool({ storage });
    const { pool: two } = await openPool({ storage, clock, random: new SeededRandom(2) });
    await one.addSession({ id: 'one' });
    await two.addSession({ id: 'two' });
    const gone = await one.addSession({ id: 'gone' });
    await one.persistState();
    gone.retire('blocked');
    await one.persistState();
    await two.persistState();
    const { pool: third } = await openPool({ storage, clock, random: new SeededRandom(3) });
    expect([...third.sessions].map(({ id }) => id).sort()).toEqual(['one', 'two']);
  });

  it('writes a use when it begins, and what it comes to only if that changes anything', async () => {
    await using storage = open();
    const { pool, clock } = await openPool({ storage, maxPoolSize: 1 });
    const session = await pool.addSession();
    (await pool.lease()).report({ kind: 'ok' });
    await pool.persistState();
    const idle = clock.pendingTimersCount;
    const good = await pool.lease();
    expect(clock.pendingTimersCount).toBe(idle + 1);
    await pool.persistState();
    good.report({ kind: 'ok' });
    expect(clock.pendingTimersCount).toBe(idle);
    session.markBad();
    await pool.persistState();
    expect(clock.pendingTimersCount).toBe(idle);
    session.markGood();
    expect(clock.pendingTimersCount).toBe(idle + 1);
    await pool.persistState();
  });

  it('rule 13: a pool that still holds a session cannot bring it back', async () => {
    await using storage = open();
    const { pool: one, clock } = await openPool({ storage });
    await one.addSession({ id: 'shared' });
    await one.persistState();
    const { pool: two } = await openPool({ storage, clock });
    (await one.getSession('shared'))?.retire();
    await one.persistState();
    (await two.getSession('shared'))?.markBad();
    await two.persistState();
    const { pool: third } = await openPool({ storage, clock });
    expect([...third.sessions]).toHaveLength(0);
  });

  it('rule 14: a corrupt row is put aside with a warning and the others load', async () => {
    await using storage = open();
    const store = await storage.openSessionStore('SDK_SESSION_POOL_STATE');
    const hot = { usageCount: 0, errorScore: 0, lastUsedAt: 0, cooldownUntil: 0, cooldownStep: 0 };
    const { pool, clock } = await openPool({ storage });
    await pool.addSession({ id: 'sound' });
    await pool.persistState();
    await store.save({
      hot: [
        { id: 'torn', ...hot },
        { id: 'odd', ...hot },
      ],
      cold: [
        { id: 'torn', body: '{"version":1,"crea' },
        { id: 'odd', body: JSON.stringify({ version: 1, createdAt: 'yesterday' }) },
      ],
      retired: [],
    });
    const lines: string[] = [];
    const { pool: again } = await openPool({ storage, clock, log: quietLog(lines) });
    expect([...again.sessions].map(({ id }) => id)).toEqual(['sound']);
    expect(lines.join('\n')).toContain('2 stored sessions could not be read');
    const { pool: third } = await openPool({ storage, clock, log: quietLog(lines) });
    expect([...third.sessions]).toHaveLength(1);
  });

  it.each([
    ['stored', { maxUsageCount: 10, maxErrorScore: 5, maxAgeSecs: 100 }],
    ['current', { maxUsageCount: 20, maxErrorScore: 2, maxAgeSecs: 1000 }],
    ['min', { maxUsageCount: 10, maxErrorScore: 2, maxAgeSecs: 100 }],
  ] as const)('rule 16: restores limits as `%s`', async (restore, expected) => {
    await using storage = open();
    const { pool, clock } = await openPool({
      storage,
      sessionOptions: { maxUsageCount: 10, maxErrorScore: 5, maxAgeSecs: 100 },
    });
    await pool.addSession({ id: 'it' });
    await pool.close();
    const { pool: again } = await openPool({
      storage,
      clock,
      restore,
      sessionOptions: { maxUsageCount: 20, maxErrorScore: 2, maxAgeSecs: 1000 },
    });
    const [session] = again.sessions;
    expect(session).toMatchObject(expected);
    expect((session?.expiresAt.getTime() ?? 0) - (session?.createdAt.getTime() ?? 0)).toBe(
      expected.maxAgeSecs * 1000,
    );
  });

  it('a session without a limit of age comes back too, and can be shown', async () => {
    await using storage = open();
    const { pool, clock } = await openPool({ storage });
    const session = await pool.addSession({ id: 'old', maxAgeSecs: Number.POSITIVE_INFINITY });
    await pool.persistState();
    await clock.advance(1e12);
    const { pool: next } = await openPool({ storage, clock });
    expect((await next.getSession('old'))?.isUsable()).toBe(true);
    expect(next.getState().sessions[0]?.expiresAt).toBe(session.getState().expiresAt);
  });

  it('rule 21: a restored session is the same identity', async () => {
    await using storage = open();
    const { pool, clock } = await openPool({ storage, proxyConfiguration: proxies() });
    const session = await pool.addSession({
      id: 'it',
      maxAgeSecs: 777,
      userData: { token: 't', list: [1, 2] },
      fingerprint: { browser: 'firefox', platform: 'linux', locale: 'de-AT' },
    });
    session.setCookie('login=yes; Path=/', 'http://site.example/');
    session.markBad();
    session.userData['seen'] = true;
    session.markGood();
    await pool.close();
    const { pool: again } = await openPool({ storage, clock, proxyConfiguration: proxies() });
    const restored = await again.getSession('it');
    expect(restored?.getState()).toEqual(session.getState());
    expect(restored?.proxyInfo).toEqual(proxy(0));
    expect(restored?.fingerprint).toEqual({
      browser: 'firefox',
      platform: 'linux',
      locale: 'de-AT',
    });
    expect(restored?.getCookieString('http://site.example/a')).toBe('login=yes');
    expect(restored).toMatchObject({ maxAgeSecs: 777, usageCount: 2, errorScore: 0.5 });
    expect(restored?.userData).toEqual({ token: 't', list: [1, 2], seen: true });
  });

  it('keeps a rest after a 429 across a restart', async () => {
    await using storage = open();
    const { pool, clock } = await openPool({ storage, maxPoolSize: 1 });
    (await pool.lease()).report({ kind: 'throttled', retryAfterSecs: 100 });
    await pool.close();
    const { pool: again } = await openPool({ storage, clock, maxPoolSize: 1 });
    expect(again.coolingSessionsCount).toBe(1);
    const lease = again.lease();
    await clock.advance(99_000);
    expect(await isSettled(lease, clock)).toBe(false);
    await clock.advance(30_000);
    expect(await isSettled(lease, clock)).toBe(true);
  });

  it('takes the sessions used last when more are stored than fit', async () => {
    await using storage = open();
    const { pool, clock } = await openPool({ storage });
    for (let n = 0; n < 10; n++) {
      await clock.advance(1000);
      (await pool.addSession({ id: `s${n}` })).markGood();
    }
    await pool.close();
    const { pool: small } = await openPool({ storage, clock, maxPoolSize: 3, log: quietLog() });
    expect([...small.sessions].map(({ id }) => id).sort()).toEqual(['s7', 's8', 's9']);
  });
});
