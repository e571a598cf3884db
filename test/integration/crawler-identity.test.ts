import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { BasicCrawler } from '../../src/crawler/basic-crawler.ts';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { createFetch } from '../../src/http/create-fetch.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { type Account, accountSessions } from '../../src/session/account-sessions.ts';
import type { SessionPoolOptions } from '../../src/session/pool-options.ts';
import type { InitSessionContext } from '../../src/session/session-hooks.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { type LocalProxy, openProxy } from '../support/local-proxy.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { quietLog } from '../support/session-pools.ts';
import { drive, QUIET, WatchedClient } from './crawler-harness.ts';

interface Login extends Account {
  readonly password: string;
}

interface Visit {
  readonly path: string;
  readonly user: string | undefined;
  readonly cookie: string | undefined;
  readonly userAgent: string | undefined;
  /** Sent headers that belong to the browser, in their order. */
  readonly headers: string;
}

const LOGINS: readonly Login[] = [
  { id: 'ann', password: 'correct-horse-of-ann' },
  { id: 'ben', password: 'battery-staple-of-ben' },
];

/** A site that shows pages to those who have accepted its terms and logged in, and remembers who came how. */
let site: LocalSite;
let visits: Visit[];
let loginCounts: Record<string, number>;
let banned: Set<string>;

beforeEach(async () => {
  visits = [];
  loginCounts = {};
  banned = new Set();
  site = await openSite((request, response) => void answer(request, response));
});

afterEach(() => site.close());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [pathname = ''] = request.url?.split('?') ?? [];
  const cookies = new URLSearchParams(request.headers.cookie?.replaceAll('; ', '&'));
  response.setHeader('content-type', 'text/html');
  if (pathname === '/consent') {
    response.setHeader('set-cookie', 'consent=yes; Path=/');
    response.end('thank you');
    return;
  }
  if (pathname === '/login') {
    const form = new URLSearchParams(await text(request));
    const user = form.get('user') ?? '';
    const isKnown = LOGINS.some(
      ({ id, password }) => id === user && password === form.get('password'),
    );
    if (!isKnown || cookies.get('consent') !== 'yes') {
      response.writeHead(403).end('who are you?');
      return;
    }
    loginCounts[user] = (loginCounts[user] ?? 0) + 1;
    response.setHeader('set-cookie', `sid=${user}; Path=/; HttpOnly`);
    response.writeHead(303, { location: '/welcome' }).end();
    return;
  }
  const user = cookies.get('sid') ?? undefined;
  visits.push({
    path: request.url ?? '',
    user,
    cookie: request.headers.cookie,
    userAgent: request.headers['user-agent'],
    headers: request.rawHeaders
      .filter((name, index) => index % 2 === 0 && !/^(host|connection|cookie|proxy-)/i.test(name))
      .join(),
  });
  const isBanned = user !== undefined && banned.has(user) && pathname !== '/welcome';
  response.statusCode = user === undefined || isBanned ? 403 : 200;
  response.end(`<title>${user}</title>`);
}

async function logIn({
  account,
  sendRequest,
}: InitSessionContext & { account: Login }): Promise<void> {
  await sendRequest({ url: `${site.url}/consent`, method: 'POST' });
  const { statusCode, body } = await sendRequest({
    url: `${site.url}/login`,
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ user: account.id, password: account.password }).toString(),
  });
  if (statusCode !== 200) throw new Error(`login with ${account.password} failed: ${body}`);
}

describe('one identity', () => {
  let folder: string;
  let proxies: LocalProxy[];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'troupe-identity-'));
    proxies = await Promise.all(
      ['one', 'two'].map((username) => openProxy({ username, password: 'p@ss:word' })),
    );
  });

  afterEach(async () => {
    for (const proxy of proxies) await proxy.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('logged in by one crawler serves another, sendRequest and fetch, and needs no second login after a restart', async () => {
    const lines: string[] = [];
    const log = quietLog(lines);
    const proxyConfiguration = new ProxyConfiguration({
      proxyUrls: proxies.map(({ info }) => info.url),
    });
    for (let run = 1; run <= 2; run++) {
      const storage = new SqliteStorage({ path: path.join(folder, 'troupe.sqlite'), log });
      const accounts = accountSessions(LOGINS, { initSession: logIn });
      const pool = await SessionPool.open({
        ...accounts.poolOptions,
        storage,
        proxyConfiguration,
        log,
      });
      const options = { storage, sessionPool: pool, log, statusIntervalSecs: 0 };
      const basic = new BasicCrawler({
        ...options,
        requestHandler: async ({ sendRequest, request }) => {
          await sendRequest({ url: `${request.url}&by=sendRequest` });
        },
      });
      await basic.run(
        LOGINS.map(({ id }) => ({ url: `${site.url}/basic?${run}${id}`, sessionId: id })),
      );
      const titles: string[] = [];
      const cheerio = new CheerioCrawler({
        ...options,
        requestHandler: ({ $ }) => {
          titles.push($('title').text());
        },
      });
      await cheerio.run(
        LOGINS.map(({ id }) => ({ url: `${site.url}/cheerio?${run}${id}`, sessionId: id })),
      );
      expect(titles.sort()).toEqual(['ann', 'ben']);
      for (const { id } of LOGINS) {
        await using lease = await pool.lease({ sessionId: id });
        const response = await createFetch(lease.session)(`${site.url}/fetch?${run}${id}`);
        expect(await response.text()).toBe(`<title>${id}</title>`);
        lease.report({ kind: 'ok' });
      }
      await pool.close();
      await storage.close();
    }
    expect(loginCounts).toEqual({ ann: 1, ben: 1 });
    for (const { id } of LOGINS) {
      const own = visits.filter(({ path: visited }) => visited.includes(id));
      expect(own).toHaveLength(6);
      expect(new Set(own.map(({ cookie }) => cookie))).toEqual(new Set([`consent=yes; sid=${id}`]));
      expect(new Set(own.map(({ userAgent }) => userAgent)).size).toBe(1);
      expect(new Set(own.map(({ headers }) => headers)).size).toBe(1);
      const used = proxies.filter(({ seen }) => seen.some((line) => line.includes(id)));
      expect(used).toHaveLength(1);
      expect(used[0]?.seen.filter((line) => line.includes(id))).toHaveLength(6);
    }
    const files = await Promise.all(
      (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'latin1')),
    );
    const written = [...files, ...lines].join('\n');
    expect(written).toContain('sid');
    for (const { password } of LOGINS) expect(written).not.toContain(password);
  });

  it('keeps secrets out of errors and the log when logins fail, and says why the crawl stalls', async () => {
    const lines: string[] = [];
    const clock = new FakeClock();
    const client = new WatchedClient(clock);
    const wrong = [{ id: 'ann', password: 'not-her-password' }];
    const accounts = accountSessions(wrong, { initSession: logIn });
    const crawler = new BasicCrawler({
      storage: new MemoryStorage(),
      sessionPoolOptions: { ...accounts.poolOptions, quarantineSecs: 1000 },
      httpClient: client,
      clock,
      log: quietLog(lines),
      requestHandler: () => {},
    });
    const error = await drive(
      clock,
      client,
      crawler.run([`${site.url}/`]).catch((thrown) => thrown),
    );
    await client.close();
    expect(error.code).toBe('TROUPE_STALLED');
    expect(error.message).toContain('no session gets ready: login with *** failed: who are you?');
    const shown = [...lines, error.stack].join('\n');
    expect(shown).toContain('"ann" is set aside');
    expect(shown).not.toContain('not-her-password');
    expect(crawler.stats).toMatchObject({ requestsFailed: 0, requestsRetries: 0 });
    expect(await (await crawler.getRequestQueue()).isEmpty()).toBe(false);
    await crawler.teardown();
  });

  it('lets a crawl stop in the middle of a login, and the login know it', async () => {
    let reason: unknown;
    const accounts = accountSessions(LOGINS, {
      initSession: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(reason);
          });
          crawler.stop();
        }),
    });
    const pool = await SessionPool.open({ ...accounts.poolOptions, log: QUIET });
    const crawler: BasicCrawler = new BasicCrawler({
      storage: new MemoryStorage(),
      sessionPool: pool,
      log: QUIET,
      requestHandler: () => {},
    });
    const stats = await crawler.run([`${site.url}/`]);
    expect(stats).toMatchObject({ requestsFinished: 0, requestsFailed: 0 });
    expect(reason).toMatchObject({ name: 'AbortError' });
    expect(pool.explain('ann')?.summary).toContain('Not prepared yet');
    await pool.close();
  });

  it('ends the crawl when every account is banned, and keeps what is left', async () => {
    banned = new Set(['ann', 'ben']);
    const accounts = accountSessions(LOGINS, { initSession: logIn });
    const crawler = new CheerioCrawler({
      storage: new MemoryStorage(),
      sessionPoolOptions: { ...accounts.poolOptions },
      log: QUIET,
      requestHandler: () => {},
    });
    await expect(crawler.run([`${site.url}/a`, `${site.url}/b`])).rejects.toMatchObject({
      code: 'TROUPE_NO_SESSION_LEFT',
    });
    expect(crawler.stats).toMatchObject({
      requestsFailed: 0,
      requestsRetries: 0,
      sessionsRetiredByReason: { blocked: 2 },
    });
    await crawler.teardown();
  });
});

describe('a request that names its session', () => {
  async function crawl(
    request: { sessionId?: string; sessionKey?: string; onMissing?: 'wait' | 'replace' | 'fail' },
    options: {
      pool?: SessionPoolOptions;
      handler?: (id: string, pool: SessionPool) => void;
      onStart?: (pool: SessionPool) => Promise<unknown>;
      onMissingSession?: 'wait' | 'replace' | 'fail';
    } = {},
  ): Promise<{ ids: string[]; stats: Awaited<ReturnType<BasicCrawler['run']>>; errors: string[] }> {
    const pool = await SessionPool.open({ log: QUIET, maxPoolSize: 10, ...options.pool });
    for (const id of ['ann', 'ben', 'eva']) await pool.addSession({ id });
    const ids: string[] = [];
    const errors: string[] = [];
    const { onMissingSession } = options;
    const crawler = new BasicCrawler({
      storage: new MemoryStorage(),
      sessionPool: pool,
      log: QUIET,
      ...(onMissingSession ? { onMissingSession } : {}),
      requestHandler: ({ session }) => {
        const { id } = session as NonNullable<typeof session>;
        ids.push(id);
        options.handler?.(id, pool);
      },
      failedRequestHandler: (_context, error) => {
        errors.push((error as Error & { code: string }).code);
      },
    });
    const running = crawler.run([{ url: `${site.url}/`, ...request }]);
    await options.onStart?.(pool);
    const stats = await running;
    await pool.close();
    return { ids, stats, errors };
  }

  it('is handled as that session, in its retries too', async () => {
    let tries = 0;
    const { ids, stats } = await crawl(
      { sessionId: 'ben' },
      {
        handler: () => {
          if (++tries < 3) throw new Error('again');
        },
      },
    );
    expect(ids).toEqual(['ben', 'ben', 'ben']);
    expect(stats.requestsFinished).toBe(1);
  });

  it('fails at once, without a retry, when there is none of that id', async () => {
    const { ids, errors, stats } = await crawl({ sessionId: 'nobody' });
    expect(ids).toEqual([]);
    expect(errors).toEqual(['TROUPE_SESSION_MISSING']);
    expect(stats).toMatchObject({ requestsFailed: 1, requestsRetries: 0, sessionRotations: 0 });
  });

  it('fails when its session is retired under it, unless it may be replaced', async () => {
    const retire = (id: string, pool: SessionPool): void => {
      if (id !== 'ben') return;
      for (const session of pool.sessions) if (session.id === 'ben') session.retire();
      throw new Error('again');
    };
    const failed = await crawl({ sessionId: 'ben' }, { handler: retire });
    expect(failed.ids).toEqual(['ben']);
    expect(failed.errors).toEqual(['TROUPE_SESSION_MISSING']);
    const replaced = await crawl({ sessionId: 'ben', onMissing: 'replace' }, { handler: retire });
    expect(replaced.ids).toHaveLength(2);
    expect(replaced.stats.requestsFinished).toBe(1);
  });

  it('waits until its session is added, when the crawler or the request says so', async () => {
    const onStart = (pool: SessionPool): Promise<unknown> => pool.addSession({ id: 'late' });
    const byCrawler = await crawl({ sessionId: 'late' }, { onMissingSession: 'wait', onStart });
    expect(byCrawler.ids).toEqual(['late']);
    const byRequest = await crawl({ sessionId: 'late', onMissing: 'wait' }, { onStart });
    expect(byRequest.ids).toEqual(['late']);
  });
});
