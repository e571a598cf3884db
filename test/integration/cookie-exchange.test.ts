import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CookieJar } from 'tough-cookie';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { CookieConflictError, SessionMissingError } from '../../src/session/errors.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';
import { quietLog } from '../support/session-pools.ts';

const SITE = 'https://site.example/';
const OTHER = 'https://other.example/';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

let storagesCount = 0;
const STORAGES: Record<string, (folder: string, clock: FakeClock) => Storage> = {
  memory: () => new MemoryStorage(),
  sqlite: (folder) => new SqliteStorage({ path: join(folder, 'state.db') }),
  redis: (_folder, clock) =>
    new RedisStorage({ url: server.url, clock, prefix: `jars${storagesCount++}` }),
};

describe.each(Object.keys(STORAGES))('whole jars of a pool on %s', (kind) => {
  const clock = new FakeClock();
  let folder: string;
  let storage: Storage;
  let pool: SessionPool;
  async function open(): Promise<SessionPool> {
    return SessionPool.open({ storage, clock, log: quietLog() });
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-jars-'));
    storage = (STORAGES[kind] as (typeof STORAGES)[string])(folder, clock);
    pool = await open();
    const session = await pool.addSession({ id: 'ann' });
    session.setCookie('login=old; Path=/', SITE);
    session.setCookie('theme=dark; Path=/', OTHER);
  });
  afterEach(async () => {
    await pool.close();
    await storage.close();
    await rm(folder, { recursive: true });
  });

  async function cookiesNow(): Promise<(string | undefined)[]> {
    const session = await pool.getSession('ann');
    return [session?.getCookieString(SITE), session?.getCookieString(OTHER)];
  }

  it('take the place of all cookies, and are stored when the import is done', async () => {
    const { version } = await pool.exportCookies('ann');
    const jar = new CookieJar();
    jar.setCookieSync('login=new; Path=/; Max-Age=3600; Secure', SITE);
    const next = await pool.importCookies('ann', jar, { version });
    expect(next).not.toBe(version);
    expect(await cookiesNow()).toEqual(['login=new', '']);
    await pool.close();
    pool = await open();
    expect(await cookiesNow()).toEqual(['login=new', '']);
    expect((await pool.exportCookies('ann')).version).toBe(next);
  });

  it('come back as they were exported', async () => {
    const saved = await pool.exportCookies('ann');
    await pool.importCookies('ann', [], { version: saved.version });
    const empty = await pool.exportCookies('ann');
    expect(empty.cookieJar.cookies).toEqual([]);
    const back = await pool.importCookies('ann', saved.cookieJar, { version: empty.version });
    expect(back).toBe(saved.version);
    expect(await cookiesNow()).toEqual(['login=old', 'theme=dark']);
  });

  it('are refused where a cookie has come since they were read, and nothing is lost', async () => {
    const { version, cookieJar } = await pool.exportCookies('ann');
    const session = await pool.getSession('ann');
    session?.setCookie('login=renewed; Path=/', SITE);
    const importing = pool.importCookies('ann', cookieJar, { version });
    await expect(importing).rejects.toThrow(CookieConflictError);
    await expect(importing).rejects.toMatchObject({
      code: 'TROUPE_COOKIE_CONFLICT',
      sessionId: 'ann',
    });
    expect(await cookiesNow()).toEqual(['login=renewed', 'theme=dark']);
  });

  it('are imported once where two name the same version', async () => {
    const { version } = await pool.exportCookies('ann');
    const imports = ['one', 'two'].map((value) =>
      pool.importCookies('ann', [{ name: 'login', value, domain: 'site.example' }], { version }),
    );
    const settled = await Promise.allSettled(imports);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await cookiesNow()).toEqual(['login=one', '']);
  });

  it('have the same version however often they are looked at', async () => {
    const { version } = await pool.exportCookies('ann');
    await clock.advance(5000);
    expect(await cookiesNow()).toEqual(['login=old', 'theme=dark']);
    expect((await pool.exportCookies('ann')).version).toBe(version);
  });

  it('are those of a session that is there', async () => {
    await expect(pool.exportCookies('nobody')).rejects.toThrow(SessionMissingError);
    await expect(pool.importCookies('nobody', [], { version: '' })).rejects.toThrow(
      SessionMissingError,
    );
    (await pool.getSession('ann'))?.retire();
    await expect(pool.exportCookies('ann')).rejects.toThrow(/retired \(manual\)/);
  });
});

describe('a jar that is imported', () => {
  let pool: SessionPool;
  let version: string;
  beforeEach(async () => {
    pool = await SessionPool.open();
    await pool.addSession({ id: 'ann' });
    ({ version } = await pool.exportCookies('ann'));
  });
  afterEach(() => pool.close());

  it('may be the storage state of a browser', async () => {
    const base = { path: '/', httpOnly: true, secure: true, sameSite: 'Lax' as const };
    const state = {
      cookies: [
        { ...base, name: 'sid', value: '1', domain: '.site.example', expires: -1 },
        { ...base, name: 'host', value: '2', domain: 'site.example', expires: 4_000_000_000 },
      ],
      origins: [],
    };
    await pool.importCookies('ann', state, { version });
    const session = await pool.getSession('ann');
    expect(session?.getAllCookies()).toEqual(state.cookies);
    expect(session?.getCookieString('https://www.site.example/')).toBe('sid=1');
  });

  it('ends when it would have ended where it was saved', async () => {
    const clock = new FakeClock();
    const other = await SessionPool.open({ clock });
    const session = await other.addSession({ id: 'bob' });
    const expires = Math.floor(Date.now() / 1000) + 3600;
    session.setCookies([{ name: 'a', value: '1', domain: 'site.example', expires }], SITE);
    const { cookieJar } = await other.exportCookies('bob');
    await other.close();
    await pool.importCookies('ann', cookieJar, { version });
    expect((await pool.getSession('ann'))?.getAllCookies()[0]?.expires).toBe(expires);
  });

  it.each([
    ['a public suffix', [{ name: 'a', value: 'secret', domain: '.co.uk' }], /Cookie 0 .*suffix/],
    ['no domain', [{ name: 'a', value: 'secret' }], /Cookie 0 .*no domain/],
    ['no cookie', [{ name: 'a', value: '1', domain: 'a.example' }, 7], /Cookie 1 /],
    ['JSON of no cookie', { cookies: [{ value: 'secret' }] }, /Cookie 0 /],
    ['no jar', 'login=secret', /Expected `cookieJar`/],
    ['nothing', null, /Expected `cookieJar`/],
  ])('is refused whole where it holds %s, and tells no value', async (_what, jar, message) => {
    const importing = pool.importCookies('ann', jar as never, { version });
    await expect(importing).rejects.toThrow(message);
    await expect(importing).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
    await expect(importing).rejects.not.toThrow(/secret/);
    expect((await pool.exportCookies('ann')).version).toBe(version);
  });

  it('names the version it is to replace', async () => {
    const importing = pool.importCookies('ann', [], {} as never);
    await expect(importing).rejects.toThrow(/version/);
    await expect(importing).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
  });

  it('is the same jar for whoever holds it', async () => {
    const jar = (await pool.getSession('ann'))?.cookieJar as CookieJar;
    await pool.importCookies('ann', [{ name: 'a', value: '1', domain: 'site.example' }], {
      version,
    });
    expect(jar.getCookieStringSync(SITE)).toBe('a=1');
  });
});

describe('a session in the hand of another worker', () => {
  let fleet: Fleet;
  let one: SessionPool;
  let other: SessionPool;
  beforeEach(async () => {
    fleet = new Fleet(server.url);
    one = await fleet.join();
    other = await fleet.join();
    await one.addSession({ id: 'ann' });
  });
  afterEach(() => fleet[Symbol.asyncDispose]());

  it('tells its cookies, and gets others once it is not in use', async () => {
    const lease = await one.lease({ sessionId: 'ann' });
    lease.session.setCookie('login=old; Path=/', SITE);
    await fleet.pass(100);
    const { cookieJar, version } = await other.exportCookies('ann');
    expect(cookieJar.cookies).toMatchObject([{ key: 'login', value: 'old' }]);
    const jar = [{ name: 'login', value: 'new', domain: 'site.example' }];
    const importing = other.importCookies('ann', jar, { version });
    await fleet.pass(2000);
    expect(lease.session.getCookieString(SITE)).toBe('login=old');
    lease.report({ kind: 'ok' });
    await fleet.until(importing);
    const next = await fleet.until(one.lease({ sessionId: 'ann' }));
    expect(next.session.getCookieString(SITE)).toBe('login=new');
  });

  it('keeps what its holder got until then', async () => {
    const lease = await one.lease({ sessionId: 'ann' });
    await fleet.pass(100);
    const { version } = await other.exportCookies('ann');
    const importing = other.importCookies('ann', [], { version });
    lease.session.setCookie('login=late; Path=/', SITE);
    lease.report({ kind: 'ok' });
    await expect(fleet.until(importing)).rejects.toThrow(CookieConflictError);
    expect((await other.exportCookies('ann')).cookieJar.cookies).toHaveLength(1);
  });

  it('is waited for until the signal says stop, or it retires', async () => {
    const lease = await one.lease({ sessionId: 'ann' });
    await fleet.pass(100);
    const { version } = await other.exportCookies('ann');
    const stop = new AbortController();
    const stopped = other.importCookies('ann', [], { version, signal: stop.signal });
    const waiting = other.importCookies('ann', [], { version });
    stopped.catch(() => {});
    waiting.catch(() => {});
    await fleet.pass(500);
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    lease.report({ kind: 'blocked' });
    await expect(fleet.until(waiting)).rejects.toThrow(/retired \(blocked\)/);
  });
});
