import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as Apify from '../../src/apify/names.ts';
import type { SavedPool } from '../../src/apify/session-pool-state.ts';
import { withActorFolder } from './actor-folder.ts';

const folder = withActorFolder();
const SITE = 'https://shop.example/';

describe('a session', () => {
  it('has the documented defaults, state and methods of cookies', () => {
    const session = new Apify.Session();
    const { id, createdAt, expiresAt, ...state } = session.getState();
    expect(state).toEqual({
      cookieJar: { cookies: [] },
      userData: {},
      errorScore: 0,
      maxErrorScore: 3,
      errorScoreDecrement: 0.5,
      usageCount: 0,
      maxUsageCount: 50,
      maxAgeSecs: 3000,
    });
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(3_000_000);
    expect(id).toMatch(/^session_/);
    session.setPuppeteerCookies([{ name: 'a', value: '1' }], SITE);
    expect(session.getCookieString(SITE)).toBe('a=1');
    expect(session.getPuppeteerCookies(SITE)).toMatchObject([{ name: 'a', value: '1' }]);
    expect(session.getPuppeteerCookies('https://other.example/')).toEqual([]);
  });

  it('takes cookies from responses of Node and of browsers', () => {
    const session = new Apify.Session();
    session.setCookiesFromResponse({ url: SITE, headers: { 'set-cookie': ['a=1', 'b=2'] } });
    session.setCookiesFromResponse({
      url: () => SITE,
      headers: () => ({ 'set-cookie': 'c=3\nd=4' }),
    });
    session.setCookiesFromResponse({ url: () => SITE, headers: () => ({}) });
    expect(session.getCookieString(SITE)).toBe('a=1; b=2; c=3; d=4');
  });

  it('gives cookies without a URL only where one site can be meant', () => {
    const session = new Apify.Session();
    expect(session.getCookieString()).toBe('');
    session.setCookie('a=1', SITE);
    expect(session.getCookieString()).toBe('a=1');
    session.setCookie('b=2', 'https://other.example/');
    expect(() => session.getCookieString()).toThrow(
      /shop\.example.*other\.example|other\.example.*shop\.example/,
    );
    expect(session.getCookieString('https://third.example/')).toBe('');
  });

  it('retires on 401, 403 and 429, and on what else is said to mean a block', () => {
    const retires = (status: number, extra?: number[]): boolean =>
      new Apify.Session().retireOnBlockedStatusCodes(status, extra);
    expect([401, 403, 429, 404, 503].map((status) => retires(status))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(retires(503, [503])).toBe(true);
  });

  it('leaves behind the faults of the original', () => {
    const session = new Apify.Session({ errorScoreDecrement: 2 });
    session.markBad();
    session.markGood();
    expect(session.errorScore).toBe(0);
    for (let n = 0; n < 3; n++) session.markBad();
    expect([session.usageCount, session.errorScore]).toEqual([5, 3]);
    session.markGood();
    expect([session.errorScore, session.isUsable(), session.retiredReason]).toEqual([
      3,
      false,
      'error-score',
    ]);
  });
});

describe('the pool', () => {
  it('gives a session at once, and to those who wait, also by its id', async () => {
    const pool = await Apify.openSessionPool({ maxPoolSize: 1 });
    const session = pool.getSession();
    expect(session).toBeInstanceOf(Apify.Session);
    session.markBad();
    expect(await pool.getSession()).toBe(session);
    expect(pool.getSession(session.id)).toBe(session);
    expect(await pool.getSession(session.id)).toBe(session);
    expect(pool.getSession('nobody')).toBeUndefined();
    expect(await pool.getSession('nobody')).toBeUndefined();
    session.retire();
    expect(pool.getSession(session.id)).toBeUndefined();
    expect(pool.getSession()).not.toBe(session);
  });

  it('gives a new session while it has room, then one of those at random', async () => {
    const pool = await Apify.openSessionPool({ maxPoolSize: 3 });
    const first = new Set([1, 2, 3].map(() => pool.getSession().id));
    expect(first.size).toBe(3);
    const later = new Set(Array.from({ length: 100 }, () => pool.getSession().id));
    expect(later).toEqual(first);
    expect([pool.maxPoolSize, pool.usableSessionsCount, pool.retiredSessionsCount]).toEqual([
      3, 3, 0,
    ]);
    expect((await Apify.openSessionPool()).maxPoolSize).toBe(1000);
  });

  it('emits sessionRetired with the session, once', async () => {
    const pool = await Apify.openSessionPool();
    const retired: unknown[] = [];
    pool.on('sessionRetired', (session) => retired.push(session));
    const session = pool.getSession();
    session.retire();
    session.retire();
    expect(retired).toEqual([session]);
    expect(pool.retiredSessionsCount).toBe(1);
  });

  it('makes sessions by createSessionFunction, at once unless the function is asynchronous', async () => {
    const pool = await Apify.openSessionPool({
      createSessionFunction: (sessionPool) => new Apify.Session({ sessionPool, maxUsageCount: 2 }),
    });
    expect(pool.getSession().maxUsageCount).toBe(2);
    const slow = await Apify.openSessionPool({
      createSessionFunction: async (sessionPool) => new Apify.Session({ sessionPool, id: 'late' }),
    });
    expect((await slow.getSession()).id).toBe('late');
    const wrong = await Apify.openSessionPool({ createSessionFunction: () => ({}) as never });
    expect(() => wrong.getSession()).toThrow(
      'Expected `the result of createSessionFunction` to be a Session',
    );
  });

  it('gives each session its own copy of sessionOptions', async () => {
    const pool = await Apify.openSessionPool({
      sessionOptions: { maxAgeSecs: 7, userData: { n: 1 } },
    });
    const [a, b] = [pool.getSession(), pool.getSession()];
    a.userData['n'] = 2;
    expect([b.userData, b.maxAgeSecs]).toEqual([{ n: 1 }, 7]);
  });

  it('takes in sessions even when it is full, but no id twice', async () => {
    const pool = await Apify.openSessionPool({ maxPoolSize: 1 });
    pool.getSession();
    await pool.addSession({ id: 'mine', maxErrorScore: 1 });
    const made = new Apify.Session({ id: 'made' });
    expect(await pool.addSession(made)).toBe(made);
    expect(pool.sessions).toHaveLength(3);
    expect(pool.getSession('mine')).toBeInstanceOf(Apify.Session);
    await expect(pool.addSession({ id: 'mine' })).rejects.toMatchObject({
      code: 'TROUPE_DUPLICATE_SESSION',
    });
  });

  it('must be initialized, and refuses what it does not know', async () => {
    const pool = new Apify.SessionPool();
    expect(() => pool.getSession()).toThrow('is not initialized');
    expect(() => new Apify.SessionPool({ maxPoolSize: 0 })).toThrow('Expected `maxPoolSize`');
    expect(() => new Apify.SessionPool({ size: 1 } as never)).toThrow('Unknown option `size`');
    await expect(Apify.openSessionPool({ selection: 'best' as never })).rejects.toThrow(
      'Expected `selection`',
    );
  });
});

describe('what the pool saves', () => {
  it('stands under the documented key in the documented shape', async () => {
    const pool = await Apify.openSessionPool();
    pool.getSession().markBad();
    pool.getSession().retire();
    await pool.persistState();
    const saved = (await Apify.getValue<SavedPool>('SDK_SESSION_POOL_STATE')) as SavedPool;
    expect(saved).toMatchObject({ usableSessionsCount: 1, retiredSessionsCount: 1 });
    expect(Object.keys(saved.sessions[0] as object).sort()).toEqual([
      'cookieJar',
      'createdAt',
      'errorScore',
      'errorScoreDecrement',
      'expiresAt',
      'fingerprint',
      'id',
      'maxAgeSecs',
      'maxErrorScore',
      'maxUsageCount',
      'usageCount',
      'userData',
    ]);
    expect(pool.getState().sessions[0]).not.toHaveProperty('fingerprint');
  });

  it('stands under another key and in another store where that is asked for', async () => {
    const pool = await Apify.openSessionPool({
      persistStateKey: 'mine',
      persistStateKeyValueStoreId: 'pools',
    });
    await pool.teardown();
    expect(await readdir(path.join(folder.path, 'key_value_stores/pools'))).toEqual(['mine.json']);
  });

  it('is saved at persistState, and brings back the same identities: proxy, age, cookies, data, scores', async () => {
    const proxyUrls = ['http://u:p@a.example:1', 'http://u:p@b.example:2'];
    const open = async (): Promise<Apify.SessionPool> =>
      Apify.openSessionPool({
        sessionOptions: { maxAgeSecs: 77 },
        proxyConfiguration: (await Apify.createProxyConfiguration({
          proxyUrls,
        })) as Apify.ProxyConfiguration,
      });
    const pool = await open();
    const sessions = [pool.getSession(), pool.getSession(), pool.getSession()];
    const [first] = sessions as [Apify.Session];
    first.setCookie('a=1', SITE);
    first.userData['account'] = 'ann';
    first.markBad();
    Apify.events.emit('persistState', { isMigrating: false });
    const before = sessions.map((s) => [
      s.id,
      s.proxyInfo?.url,
      s.fingerprint,
      s.maxAgeSecs,
      s.expiresAt,
    ]);
    await pool.teardown();

    const restored = await open();
    const after = sessions.map(({ id }) => restored.getSession(id) as Apify.Session);
    expect(
      after.map((s) => [s.id, s.proxyInfo?.url, s.fingerprint, s.maxAgeSecs, s.expiresAt]),
    ).toEqual(before);
    expect(after[0]?.getCookieString(SITE)).toBe('a=1');
    expect(after[0]).toMatchObject({ userData: { account: 'ann' }, errorScore: 1, usageCount: 1 });
    expect(after[0]).toBeInstanceOf(Apify.Session);
  });

  it('leaves out sessions that are used up, expired or blocked', async () => {
    const state = (id: string, own: object): object => ({
      id,
      cookieJar: { cookies: [] },
      userData: {},
      errorScore: 0,
      maxErrorScore: 3,
      errorScoreDecrement: 0.5,
      usageCount: 0,
      maxUsageCount: 50,
      createdAt: new Date(Date.now()).toISOString(),
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
      ...own,
    });
    await Apify.setValue('SDK_SESSION_POOL_STATE', {
      sessions: [
        state('fresh', {}),
        state('used', { usageCount: 50 }),
        state('bad', { errorScore: 6 }),
        state('old', { expiresAt: new Date(Date.now() - 1).toISOString() }),
      ],
    });
    const pool = await Apify.openSessionPool();
    expect(pool.sessions.map(({ id }) => id)).toEqual(['fresh']);
    expect(pool.sessions[0]?.maxAgeSecs).toBeCloseTo(60, 0);
  });

  it.each([
    ['no JSON', '{"sessions":[{'],
    ['no pool', '{"foo":1}'],
    ['a session that is none', '{"sessions":[{"id":"a","createdAt":"x","expiresAt":"y"}]}'],
    ['a way to the prototype', '{"sessions":[{"id":5,"__proto__":{"polluted":true}}]}'],
  ])('is put aside when it is %s, and the pool begins empty', async (_what, text) => {
    const place = path.join(folder.path, 'key_value_stores/default');
    await mkdir(place, { recursive: true });
    await writeFile(path.join(place, 'SDK_SESSION_POOL_STATE.json'), text);
    const pool = await Apify.openSessionPool();
    expect(pool.sessions).toEqual([]);
    expect(await Apify.getValue('SDK_SESSION_POOL_STATE-CORRUPT')).toBe(text);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
