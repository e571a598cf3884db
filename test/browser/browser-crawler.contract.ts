import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { globalAgent } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserPageContext } from '../../src/crawler/browser/browser-context.ts';
import type { BrowserCrawlerOptions } from '../../src/crawler/browser/browser-options.ts';
import { findChromium } from '../../src/crawler/browser/find-chromium.ts';
import type { Crawler } from '../../src/crawler/crawler.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { QUIET } from '../integration/crawler-harness.ts';
import { TEST_TLS } from '../support/certificates.ts';
import { openProxy, proxyInfo } from '../support/local-proxy.ts';
import { openSocks5Proxy } from '../support/socks5-server.ts';
import { pidOf, processesOf } from './browser-processes.ts';
import { type CrawlSite, openCrawlSite } from './crawl-site.ts';

/** What both libraries' pages can do. */
interface AnyPage {
  title(): Promise<string>;
  evaluate<T>(expression: string): Promise<T>;
  goto(url: string): Promise<unknown>;
  isClosed(): boolean;
  /** Playwright's. */
  context?(): AnyFamily;
  /** Puppeteer's. */
  browserContext?(): AnyFamily;
}

interface AnyFamily {
  pages(): Promise<readonly unknown[]> | readonly unknown[];
}

interface AnyResponse {
  status(): number;
}

export type AnyContext = BrowserPageContext<AnyPage, AnyResponse>;

export type AnyOptions = BrowserCrawlerOptions<AnyContext, { timeout?: number }>;

/** The library, as a user's program imports it. */
export interface AnyLauncher {
  launch(options: Record<string, unknown>): Promise<unknown>;
}

/** What every browser crawler promises, on the real Chromium. */
export function browserCrawlerContract(
  name: string,
  make: (options: AnyOptions) => Crawler<AnyContext>,
  library: () => Promise<AnyLauncher>,
): void {
  describe(name, { timeout: 60_000 }, () => {
    let site: CrawlSite;
    let other: CrawlSite;

    beforeAll(async () => {
      site = await openCrawlSite();
      other = await openCrawlSite();
    });

    afterAll(async () => {
      await site.close();
      await other.close();
    });

    const crawlerWith = (options: AnyOptions): Crawler<AnyContext> =>
      make({ storage: new MemoryStorage(), log: QUIET, ...options });

    /** A pool of sessions that serve one page at a time, in turns. */
    const poolOf = (maxPoolSize: number): Promise<SessionPool> =>
      SessionPool.open({ maxPoolSize, selection: 'round-robin', log: QUIET });

    const told = (page: AnyPage): Promise<Record<string, string>> =>
      page.evaluate(`JSON.parse(document.getElementById('told').textContent)`);

    it('opens pages, follows the links scripts made, saves rows, and leaves no process', async () => {
      let pid = 0;
      const crawler = crawlerWith({
        requestHandler: async ({ page, response, browser, request, enqueueLinks, pushData }) => {
          pid ||= await pidOf(browser);
          await pushData({
            url: request.loadedUrl as string,
            title: await page.title(),
            status: response?.status() ?? 0,
          });
          // Not waited for, as handlers do.
          void enqueueLinks();
        },
      });
      const statistics = await crawler.run([`${site.url}/links`]);
      expect(statistics).toMatchObject({ requestsFinished: 3, requestsFailed: 0 });
      const { items } = await crawler.getData();
      expect(items).toHaveLength(3);
      expect(items).toContainEqual({
        url: `${site.url}/scripted`,
        title: 'Page /scripted',
        status: 200,
      });
      expect(processesOf(pid)).toEqual([]);
      await crawler.teardown();
    });

    it('keeps a login made in a handler, and what other sites have set', async () => {
      await using pool = await poolOf(1);
      const session = await pool.addSession({ id: 'ann' });
      session.setCookie('mine=1; Path=/; Max-Age=1000', `${other.url}/`);
      const hosts = { here: site.url.replace('127.0.0.1', 'localhost'), there: other.url };
      const crawler = crawlerWith({
        sessionPool: pool,
        requestHandler: async ({ page, request, sendRequest }) => {
          if (request.label !== 'login') return;
          await page.goto(`${hosts.here}/login?set=secret%3D2%3B%20Path%3D%2F%3B%20HttpOnly`);
          // The page's new cookies go along at once.
          const { body } = await sendRequest({ url: `${hosts.here}/sent` });
          expect(body).toContain('login=yes');
        },
      });
      await crawler.run([{ url: `${hosts.there}/start`, label: 'login' }]);
      expect(session.getCookieString(`${hosts.here}/`)).toMatch(
        /secret=2.*login=yes|login=yes.*secret=2/,
      );
      expect(session.getCookieString(`${hosts.there}/`)).toBe('mine=1');
      expect(other.seen).toContainEqual({ path: '/start', cookie: 'mine=1' });

      // In a new browser, from the jar alone.
      await crawler.run([`${hosts.here}/members`]);
      expect(site.seen.at(-1)?.cookie).toContain('login=yes');
      expect(site.seen.at(-1)?.cookie).toContain('secret=2');
    });

    it('logs each session in on a page of its own before its first request', async () => {
      const cookies: string[] = [];
      let logins = 0;
      const crawler = crawlerWith({
        sessionPoolOptions: {
          maxPoolSize: 2,
          selection: 'round-robin',
          initSession: async ({ page }) => {
            logins++;
            await (page as AnyPage).goto(`${site.url}/login`);
          },
        },
        requestHandler: async ({ page }) => {
          cookies.push((await told(page))['cookie'] as string);
        },
      });
      await crawler.run([1, 2, 3, 4].map((n) => `${site.url}/${n}`));
      expect(logins).toBeLessThanOrEqual(2);
      expect(cookies).toEqual(Array(4).fill('login=yes'));
    });

    it('takes a cookie away where it was taken away on the other side', async () => {
      await using pool = await poolOf(1);
      const session = await pool.addSession({ id: 'ann' });
      session.setCookies(
        [
          { name: 'a', value: '1' },
          { name: 'b', value: '1' },
        ],
        site.url,
      );
      const seen: string[] = [];
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 1,
        requestHandler: async ({ page, request }) => {
          seen.push((await told(page))['cookie'] as string);
          if (request.label === 'logout') {
            await page.evaluate(`document.cookie = 'a=; path=/; max-age=0'`);
          } else if (request.label === 'forget') {
            session.setCookie('b=; Path=/; Max-Age=0', site.url);
          }
        },
      });
      await crawler.run([
        { url: `${site.url}/1`, label: 'logout' },
        { url: `${site.url}/2`, label: 'forget' },
        `${site.url}/3`,
      ]);
      expect(seen).toEqual(['a=1; b=1', 'b=1', '']);
      expect(session.getCookieString(site.url)).toBe('');
    });

    it('shows each session as its own, with a proxy, cookies and an appearance that stay', async () => {
      const proxies = await Promise.all(
        ['p@ss:/?#1', 'pä ss%2'].map((password) => openProxy({ username: 'us@er', password })),
      );
      await using pool = await SessionPool.open({
        maxPoolSize: 2,
        selection: 'round-robin',
        log: QUIET,
        proxyConfiguration: new ProxyConfiguration({
          proxyUrls: proxies.map(({ info }) => info.url),
        }),
      });
      const shown = new Map<string, Set<string>>();
      const open = new Set<string>();
      let together = (): void => {};
      const bothOpen = new Promise<void>((resolve) => {
        together = resolve;
      });
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 2,
        requestHandler: async ({ page, session, proxyInfo }) => {
          const id = session?.id as string;
          open.add(id);
          if (open.size === 2) together();
          // Two contexts are there at once, or the crawl never gets further.
          await bothOpen;
          const { cookie = '', userAgent, language } = await told(page);
          await page.evaluate(`document.cookie = 'who=${id}; path=/'`);
          await page.evaluate(`localStorage.setItem('who', (localStorage.who ?? '') + '${id}')`);
          const looks = JSON.stringify([
            proxyInfo?.port,
            userAgent,
            language,
            await page.evaluate(
              '[navigator.userAgent, navigator.language, innerWidth, innerHeight]',
            ),
          ]);
          expect(['', `who=${id}`]).toContain(cookie);
          expect(await page.evaluate('localStorage.who')).toMatch(new RegExp(`^(${id})+$`));
          shown.set(id, (shown.get(id) ?? new Set()).add(looks));
          open.delete(id);
        },
      });
      const statistics = await crawler.run([1, 2, 3, 4, 5, 6].map((n) => `${site.url}/${n}`));
      expect(statistics).toMatchObject({ requestsFinished: 6, requestsRetries: 0 });
      expect([...shown.values()].map((looks) => looks.size)).toEqual([1, 1]);
      expect([...shown.values()].join()).not.toMatch(/headless/i);
      for (const proxy of proxies) {
        expect(proxy.seen.length).toBeGreaterThan(0);
        await proxy.close();
      }
    });

    it('goes out through proxies over TLS and through SOCKS5, with credentials', async () => {
      const credentials = { username: 'us@er', password: 'p@ss:/?#1' };
      await using secure = await openProxy({ protocol: 'https', ...credentials });
      await using socks = await openSocks5Proxy(credentials);
      await using pool = await SessionPool.open({
        maxPoolSize: 2,
        selection: 'round-robin',
        log: QUIET,
        proxyConfiguration: new ProxyConfiguration({
          proxyUrls: [secure.info.url, socks.info.url],
        }),
      });
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 2,
        requestHandler: () => {},
      });
      const { ca } = globalAgent.options;
      globalAgent.options.ca = TEST_TLS.cert;
      try {
        const statistics = await crawler.run([1, 2, 3, 4].map((n) => `${site.url}/up-${n}`));
        expect(statistics).toMatchObject({ requestsFinished: 4, requestsRetries: 0 });
      } finally {
        if (ca === undefined) delete globalAgent.options.ca;
        else globalAgent.options.ca = ca;
      }
      expect(secure.seen.join()).toContain(`GET ${site.url}/up-`);
      expect(socks.seen).toContain(`CONNECT ${new URL(site.url).host}`);
    });

    it('is started by the user’s own launcher, as Google Chrome when that is asked for', async () => {
      const { CHROME_PATH, PATH } = process.env;
      const folder = await mkdtemp(path.join(tmpdir(), 'troupe-chrome-'));
      const chrome = path.join(folder, 'google-chrome');
      await symlink(findChromium(), chrome);
      process.env['PATH'] = `${folder}${path.delimiter}${PATH}`;
      delete process.env['CHROME_PATH'];
      const launched: Record<string, unknown>[] = [];
      try {
        const own = await library();
        const crawler = crawlerWith({
          launchContext: {
            useChrome: true,
            launcher: {
              launch: (options: Record<string, unknown>) => {
                launched.push(options);
                return own.launch(options);
              },
            },
            launchOptions: { args: ['--lang=de'], slowMo: 1 },
          },
          requestHandler: async ({ page, pushData }) => pushData({ title: await page.title() }),
        });
        await crawler.run([`${site.url}/own`]);
        expect((await crawler.getData()).items).toEqual([{ title: 'Page /own' }]);
        await crawler.teardown();
      } finally {
        process.env['PATH'] = PATH;
        if (CHROME_PATH !== undefined) process.env['CHROME_PATH'] = CHROME_PATH;
        await rm(folder, { recursive: true });
      }
      expect(launched).toHaveLength(1);
      expect(launched[0]).toMatchObject({ executablePath: chrome, slowMo: 1, headless: true });
      expect(launched[0]?.['args']).toContain('--lang=de');
    });

    it('calls the hooks around the navigation, with its options', async () => {
      const calls: unknown[] = [];
      const crawler = crawlerWith({
        preNavigationHooks: [
          async ({ page, response }, gotoOptions) => {
            calls.push(['before', response, gotoOptions.timeout]);
            gotoOptions.timeout = 7_000;
            await page.evaluate('1');
          },
        ],
        postNavigationHooks: [
          ({ response }, gotoOptions) => {
            calls.push(['after', response?.status(), gotoOptions.timeout]);
          },
        ],
        navigationTimeoutSecs: 9,
        requestHandler: async ({ page }) => {
          calls.push((await told(page))['extra']);
        },
      });
      await crawler.run([{ url: `${site.url}/hooked`, headers: { 'x-extra': 'yes' } }]);
      expect(calls).toEqual([['before', null, 9_000], ['after', 200, 7_000], 'yes']);
    });

    it('lets `navigate` open the page, and judges what it brings', async () => {
      const timeouts: unknown[] = [];
      const crawler = crawlerWith({
        navigationTimeoutSecs: 9,
        maxRequestRetries: 0,
        navigate: async ({ page, request }, { timeout }) => {
          timeouts.push(timeout);
          return (await page.goto(`${request.url}&seen=1`)) as AnyResponse;
        },
        requestHandler: ({ response, request }) => {
          timeouts.push([response?.status(), request.loadedUrl]);
        },
      });
      const statistics = await crawler.run([
        `${site.url}/navigated?status=200`,
        `${site.url}/navigated?status=500`,
      ]);
      expect(statistics).toMatchObject({ requestsFinished: 1, requestsFailed: 1 });
      expect(timeouts).toContain(9_000);
      expect(timeouts).toContainEqual([200, `${site.url}/navigated?status=200&seen=1`]);
    });

    it('judges statuses and block pages as HTTP crawlers do, each use once', async () => {
      await using pool = await poolOf(20);
      const kinds = new Map<string, string>();
      const crawler = crawlerWith({
        sessionPool: pool,
        maxRequestRetries: 0,
        maxSessionRotations: 0,
        checkResponse: { selector: '#captcha', body: /robot/ },
        ignoreHttpErrorStatusCodes: [404],
        requestHandler: () => {},
        failedRequestHandler: ({ request, session }, error) => {
          const reason = session?.retiredReason ?? `score ${session?.errorScore}`;
          const { code, cause } = error as { code?: string; cause?: { code?: string } };
          kinds.set(
            new URL(request.url).pathname,
            `${cause?.code ?? code} ${reason} ${session?.usageCount}`,
          );
        },
      });
      await crawler.run([
        `${site.url}/forbidden?status=403`,
        `${site.url}/broken?status=500`,
        `${site.url}/captcha`,
        `${site.url}/missing?status=404`,
        'http://127.0.0.1:1/refused',
        { url: `${site.url}/posted`, method: 'POST' },
      ]);
      expect(Object.fromEntries(kinds)).toEqual({
        '/forbidden': 'TROUPE_BLOCKED blocked 1',
        '/broken': 'TROUPE_BAD_STATUS score 0 1',
        '/captcha': 'TROUPE_BLOCKED blocked 1',
        '/refused': 'TROUPE_NAVIGATION_FAILED score 0 1',
        '/posted': 'TROUPE_NON_RETRYABLE score 0 1',
      });
    });

    it('lets a session rest that is throttled, without blame', async () => {
      await using pool = await poolOf(1);
      const crawler = crawlerWith({
        sessionPool: pool,
        stallTimeoutSecs: 0.3,
        requestHandler: () => {},
      });
      const running = crawler.run([`${site.url}/throttled?status=429&retry-after=30`]);
      await expect(running).rejects.toMatchObject({ code: 'TROUPE_STALLED' });
      const [session] = pool.sessions;
      expect(session).toMatchObject({ errorScore: 0, usageCount: 1, retiredReason: null });
      expect(session?.restsUntil).not.toBeNull();
    });

    it('counts a navigation that times out as one use and one bad mark', async () => {
      await using pool = await poolOf(1);
      const crawler = crawlerWith({
        sessionPool: pool,
        navigationTimeoutSecs: 0.3,
        maxRequestRetries: 0,
        requestHandler: () => {},
      });
      const statistics = await crawler.run([`${site.url}/hang`]);
      expect(statistics.requestsFailed).toBe(1);
      const [session] = pool.sessions;
      expect(session).toMatchObject({ usageCount: 1, errorScore: 1 });
    });

    it('moves on from a proxy that refuses its credentials, and blames no session', async () => {
      await using good = await openProxy();
      await using strict = await openProxy({ username: 'ann', password: 'right' });
      await using pool = await SessionPool.open({
        maxPoolSize: 4,
        log: QUIET,
        proxyConfiguration: new ProxyConfiguration({
          proxyUrls: [strict.info.url.replace('right', 'wrong'), good.info.url],
        }),
      });
      const crawler = crawlerWith({ sessionPool: pool, requestHandler: () => {} });
      const statistics = await crawler.run([1, 2, 3].map((n) => `${site.url}/via-${n}`));
      expect(statistics).toMatchObject({ requestsFinished: 3, requestsRetries: 0 });
      expect(strict.seen.length).toBeGreaterThan(0);
      expect(Object.keys(pool.retiredByReason).filter((reason) => reason !== 'proxy')).toEqual([]);
    });

    it.each([
      ['refused the credentials', 'wrong'],
      ['was given no credentials', ''],
    ])('blames the proxy alone, and once, when it %s', async (_why, password) => {
      await using strict = await openProxy({ username: 'ann', password: 'right' });
      const { url } = proxyInfo('http', strict.port, password && 'ann', password);
      await using pool = await SessionPool.open({
        maxPoolSize: 1,
        log: QUIET,
        proxyConfiguration: new ProxyConfiguration({ proxyUrls: [url] }),
      });
      const used: string[] = [];
      const crawler = crawlerWith({
        sessionPool: pool,
        maxSessionRotations: 0,
        requestHandler: () => {},
        failedRequestHandler: ({ session }, error) => {
          used.push(session?.id as string);
          expect(String(error)).not.toContain('wrong');
        },
      });
      const statistics = await crawler.run([`${site.url}/kept-out`]);
      expect(statistics).toMatchObject({ requestsFailed: 1, requestsRetries: 0 });
      const explained = pool.explain(used[0] as string);
      expect(explained).toMatchObject({ retiredReason: 'proxy', usageCount: 1, errorScore: 0 });
      expect(explained?.timeline.filter(({ event }) => event === 'proxy')).toMatchObject([
        { status: 407 },
      ]);
    });

    it('lets the page of a retired session finish, then closes its context', async () => {
      await using pool = await poolOf(1);
      const seen: string[] = [];
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 1,
        requestHandler: async ({ page, session }) => {
          await page.evaluate(`localStorage.setItem('seen', Number(localStorage.seen ?? 0) + 1)`);
          seen.push(await page.evaluate('localStorage.seen'));
          if (seen.length !== 2) return;
          session?.retire();
          expect(await page.title()).toBe('Page /2');
          await page.evaluate(`document.cookie = 'late=1; path=/'`);
        },
      });
      await crawler.run([1, 2, 3].map((n) => `${site.url}/${n}`));
      // Warm for the second page, new for the third.
      expect(seen).toEqual(['1', '2', '1']);
      expect(site.seen.at(-1)?.cookie).toBe('');
    });

    it('closes the windows a page has opened, before the session goes on', async () => {
      await using pool = await poolOf(1);
      const counts: number[] = [];
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 1,
        requestHandler: async ({ page }) => {
          const { context, browserContext } = page;
          const family = (context ?? browserContext)?.call(page);
          counts.push((await family?.pages())?.length ?? 0);
          await page.evaluate(`window.open('/popup') !== null`);
        },
      });
      await crawler.run([1, 2].map((n) => `${site.url}/${n}`));
      expect(counts).toEqual([1, 1]);
    });

    it('replaces a browser after so many pages, and keeps so many contexts warm', async () => {
      await using pool = await poolOf(1);
      const pids: number[] = [];
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 1,
        retireBrowserAfterPages: 2,
        requestHandler: async ({ browser }) => {
          pids.push(await pidOf(browser));
        },
      });
      await crawler.run([1, 2, 3].map((n) => `${site.url}/${n}`));
      expect(pids[0]).toBe(pids[1]);
      expect(pids[2]).not.toBe(pids[1]);
      expect(pids.flatMap((pid) => processesOf(pid))).toEqual([]);

      const visits: string[] = [];
      await using pair = await poolOf(2);
      const cold = crawlerWith({
        sessionPool: pair,
        maxConcurrency: 1,
        maxWarmContexts: 1,
        maxPagesPerBrowser: 1,
        requestHandler: async ({ page }) => {
          await page.evaluate(`localStorage.setItem('seen', Number(localStorage.seen ?? 0) + 1)`);
          visits.push(await page.evaluate('localStorage.seen'));
        },
      });
      await cold.run([1, 2, 3, 4].map((n) => `${site.url}/${n}`));
      // Each is pushed out by the other before its turn comes again.
      expect(visits).toEqual(['1', '1', '1', '1']);
    });

    it('keeps nothing from page to page when it is told so', async () => {
      const cookies: string[] = [];
      const crawler = crawlerWith({
        persistCookiesPerSession: false,
        maxConcurrency: 1,
        sessionPoolOptions: { maxPoolSize: 1 },
        blockResources: ['image'],
        requestHandler: async ({ page }) => {
          cookies.push((await told(page))['cookie'] as string);
        },
      });
      await crawler.run([1, 2].map((n) => `${site.url}/picture?set=a%3D${n}`));
      expect(cookies).toEqual(['', '']);
      const paths = site.seen.map(({ path }) => path);
      expect(paths).toContain('/script.js');
      expect(paths).not.toContain('/image.png');
    });

    it('goes on in a new browser when the browser is killed: one retry, no blame', async () => {
      await using pool = await poolOf(2);
      const pids = new Set<number>();
      const errors: string[] = [];
      const crawler = crawlerWith({
        sessionPool: pool,
        maxConcurrency: 2,
        requestHandler: async ({ page, browser, request }) => {
          pids.add(await pidOf(browser));
          if (request.retryCount > 0 || request.label !== 'killer') return;
          process.kill([...pids][0] as number, 'SIGKILL');
          await page.evaluate('new Promise(() => {})');
        },
        errorHandler: (_context, error) => {
          errors.push(String(error));
        },
      });
      const statistics = await crawler.run([
        { url: `${site.url}/0`, label: 'killer' },
        ...[1, 2, 3, 4].map((n) => `${site.url}/${n}`),
      ]);
      expect(statistics).toMatchObject({ requestsFinished: 5, requestsFailed: 0 });
      expect(statistics.requestsRetries).toBeLessThanOrEqual(2);
      expect(errors.length).toBeGreaterThan(0);
      expect(pids.size).toBe(2);
      expect([...pids].flatMap((pid) => processesOf(pid))).toEqual([]);
      expect([...pool.sessions].map(({ errorScore }) => errorScore)).toEqual([0, 0]);
    });

    it('goes on after a page that crashes, a handler that throws and one that never ends', async () => {
      await using pool = await poolOf(3);
      const failed = new Map<string, string>();
      let pid = 0;
      let left: AnyPage | undefined;
      const crawler = crawlerWith({
        sessionPool: pool,
        maxRequestRetries: 0,
        requestHandlerTimeoutSecs: 1,
        requestHandler: async ({ page, browser, request }) => {
          pid ||= await pidOf(browser);
          if (request.label === 'throws') throw new TypeError('mine');
          if (request.label === 'crashes') await page.goto('chrome://crash');
          if (request.label !== 'hangs') return;
          left = page;
          // A page that is busy for ever, too.
          await page.evaluate('for (;;) {}');
        },
        failedRequestHandler: ({ request }, error) => {
          failed.set(request.label as string, (error as { code?: string }).code ?? error.name);
        },
      });
      const statistics = await crawler.run([
        { url: `${site.url}/1`, label: 'throws' },
        { url: `${site.url}/2`, label: 'crashes' },
        { url: `${site.url}/3`, label: 'hangs' },
        `${site.url}/4`,
      ]);
      expect(statistics).toMatchObject({ requestsFinished: 1, requestsFailed: 3 });
      expect(failed.get('throws')).toBe('TypeError');
      expect(failed.get('hangs')).toBe('TROUPE_TIMEOUT');
      expect([...pool.sessions].map(({ errorScore }) => errorScore)).toEqual([0, 0, 0]);
      expect(left?.isClosed()).toBe(true);
      expect(processesOf(pid)).toEqual([]);
    });

    it('ends everything on teardown, in the middle of a navigation and of a handler', async () => {
      let pid = 0;
      let begun = (): void => {};
      const inHandler = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const crawler = crawlerWith({
        maxConcurrency: 2,
        requestHandler: async ({ page, browser }) => {
          pid = await pidOf(browser);
          begun();
          await page.evaluate('new Promise(() => {})');
        },
      });
      const running = crawler.run([`${site.url}/hang`, `${site.url}/stays`]);
      await inHandler;
      await crawler.teardown();
      expect(await running).toMatchObject({ requestsFinished: 0, requestsFailed: 0 });
      expect(processesOf(pid)).toEqual([]);
    });

    it('stops when it is told, and opens blank pages where nothing is to be fetched', async () => {
      let pid = 0;
      const urls: string[] = [];
      const crawler = crawlerWith({
        maxConcurrency: 1,
        useSessionPool: false,
        requestHandler: async ({ page, browser, crawler: controls }) => {
          pid = await pidOf(browser);
          urls.push(await page.evaluate('location.href'));
          controls.stop();
        },
      });
      await crawler.run([
        { url: `${site.url}/skipped`, skipNavigation: true },
        `${site.url}/never`,
      ]);
      expect(urls).toEqual(['about:blank']);
      expect(processesOf(pid)).toEqual([]);
    });

    it('refuses options that do not exist, and says when there is no browser', async () => {
      expect(() => crawlerWith({ maxPages: 1 } as AnyOptions)).toThrow(/did you mean/);
      expect(() => crawlerWith({ launchContext: { launch: 1 } as object })).toThrow(/launcher/);
      expect(() => crawlerWith({ blockResources: ['pictures'] })).toThrow(/pictures/);
      const crawler = crawlerWith({
        launchContext: { executablePath: '/nowhere/chromium' },
        requestHandler: () => {},
      });
      await expect(crawler.run([site.url])).rejects.toMatchObject({
        code: 'TROUPE_BROWSER_MISSING',
      });
    });

    it('holds no more after thirty pages than after ten', { timeout: 120_000 }, async () => {
      const held: { handles: number; processes: number }[] = [];
      let count = 0;
      const crawler = crawlerWith({
        maxConcurrency: 4,
        maxWarmContexts: 4,
        sessionPoolOptions: { maxPoolSize: 100, sessionOptions: { maxUsageCount: 3 } },
        requestHandler: async ({ browser }) => {
          count++;
          if (count !== 10 && count !== 30) return;
          held.push({
            handles: process.getActiveResourcesInfo().length,
            processes: processesOf(await pidOf(browser)).length,
          });
        },
      });
      const statistics = await crawler.run(
        Array.from({ length: 30 }, (_, n) => `${site.url}/soak-${n}`),
      );
      expect(statistics.requestsFinished).toBe(30);
      const [early, late] = held as [(typeof held)[0], (typeof held)[0]];
      expect(late.handles).toBeLessThanOrEqual(early.handles + 10);
      expect(late.processes).toBeLessThanOrEqual(early.processes + 4);
    });
  });
}
