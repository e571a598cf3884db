import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { globalAgent } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type {
  ContextIdentity,
  DrivenBrowser,
  DrivenContext,
  DrivenPage,
  LaunchOptions,
} from '../../src/crawler/browser/browser-driver.ts';
import { outcomeOfBrowserError } from '../../src/crawler/browser/browser-errors.ts';
import type { DriverOptions } from '../../src/crawler/browser/driver-options.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import { bundleFixture } from '../support/bundle-fixture.ts';
import { TEST_TLS } from '../support/certificates.ts';
import { type LocalProxy, openProxy, openRawProxy, proxyInfo } from '../support/local-proxy.ts';
import { refusedPort } from '../support/local-server.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { openSocks5Proxy } from '../support/socks5-server.ts';
import type { AnyPage, DriverContract } from './browser-drivers.ts';

type Browser = DrivenBrowser<AnyPage, unknown>;
type Context = DrivenContext<AnyPage, unknown>;
type Page = DrivenPage<AnyPage, unknown>;

const PLAIN: ContextIdentity = {
  userAgent: undefined,
  locale: 'en-US',
  viewport: { width: 800, height: 600 },
  proxy: null,
};
const CREDENTIALS = { username: 'user-é', password: 'p@ss:w/rd#%' };
const TIMEOUT_MS = 20_000;
/** For what a browser does in its own time. */
const PATIENCE = { timeout: 15_000 };
const WORKER = fileURLToPath(new URL('./browser-driver-worker.ts', import.meta.url));

export function describeBrowserDriver({ name, create, library, pidOf }: DriverContract): void {
  // Several tests start browsers and programs of their own, which takes long on a busy machine.
  describe(`${name} drives Chromium`, { timeout: 90_000 }, () => {
    let temporary: string;
    let temporaryBefore: string | undefined;
    let site: LocalSite;
    let secureSite: LocalSite;
    let browser: Browser;
    const asked: string[] = [];

    const launch = (
      options: Partial<LaunchOptions> = {},
      driver?: DriverOptions,
    ): Promise<Browser> =>
      create(driver).launch({
        executablePath: undefined,
        launcher: undefined,
        headless: true,
        launchOptions: {},
        ...options,
      });

    beforeAll(async () => {
      temporaryBefore = process.env['TMPDIR'];
      temporary = await mkdtemp(path.join(tmpdir(), 'troupe-driver-test-'));
      process.env['TMPDIR'] = temporary;
      site = await openSite((request, response) =>
        answer(asked, request.url ?? '', request, response),
      );
      secureSite = await openSite(
        (request, response) => answer(asked, request.url ?? '', request, response),
        { protocol: 'https' },
      );
      const dead = `http://127.0.0.1:${await refusedPort()}`;
      browser = await launch({
        launchOptions: {
          args: [
            '--ignore-certificate-errors',
            '--host-resolver-rules=MAP *.test 127.0.0.1, MAP nowhere.invalid ~NOTFOUND',
          ],
          env: { ...process.env, http_proxy: dead, https_proxy: dead },
        },
      });
    });

    afterAll(async () => {
      await browser?.close();
      await site?.close();
      await secureSite?.close();
      const left = await readdir(temporary);
      await rm(temporary, { recursive: true, force: true });
      if (temporaryBefore === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = temporaryBefore;
      expect(left).toEqual([]);
    });

    /** Opens a page in a context of its own and hands both to the test; closes them after it. */
    const inPage = async <T>(
      identity: Partial<ContextIdentity>,
      act: (page: Page, context: Context) => Promise<T>,
    ): Promise<T> => {
      const context = await browser.openContext({ ...PLAIN, ...identity });
      try {
        return await act(await context.openPage(), context);
      } finally {
        await context.close();
      }
    };

    const visit = (page: Page, url: string, timeoutMs: number = TIMEOUT_MS): Promise<unknown> =>
      page.goto(url, { timeoutMs });

    const statusAt = async (page: Page, url: string): Promise<number> => {
      const response = await visit(page, url);
      return page.facts(response).statusCode;
    };

    const outcomeAt = async (
      url: string,
      identity: Partial<ContextIdentity> = {},
      timeoutMs: number = TIMEOUT_MS,
    ): Promise<Outcome | null> =>
      inPage(identity, async (page) => {
        const error = await visit(page, url, timeoutMs).then(
          (response) => {
            throw new Error(`was answered with ${page.facts(response).statusCode}`);
          },
          (thrown: unknown) => thrown,
        );
        const outcome = outcomeOfBrowserError(error, { hasProxy: identity.proxy != null });
        if (outcome === null) throw error;
        return outcome;
      });

    it('answers with status, headers and the URL after redirects', async () => {
      await inPage({}, async (page) => {
        const facts = page.facts(await visit(page, `${site.url}/redirect`));
        expect(facts).toMatchObject({ statusCode: 200, url: `${site.url}/end` });
        expect(facts.headers['content-type']).toBe('text/html');
        expect(page.url()).toBe(`${site.url}/end`);
        expect(await page.content()).toContain('<h1>/end</h1>');
        expect(await statusAt(page, `${site.url}/status/503`)).toBe(503);
        expect(await statusAt(page, `${site.url}/status/404`)).toBe(404);
        expect(await statusAt(page, `${site.url}/empty/403`)).toBe(403);
        expect(await statusAt(page, `${site.url}/login`)).toBe(401);
      });
    });

    it('goes directly without a proxy, whatever the environment says', async () => {
      await inPage({}, async (page) => {
        expect(await statusAt(page, `${site.url}/`)).toBe(200);
        expect(await statusAt(page, `http://named.test:${site.port}/`)).toBe(200);
      });
    });

    it('keeps two contexts apart: cookies, and proxies with credentials of any characters', async () => {
      await using first = await openProxy(CREDENTIALS);
      await using second = await openProxy({ username: 'b', password: ':@/?#[]&=+ %41' });
      await inPage({ proxy: first.info }, (a) =>
        inPage({ proxy: second.info }, async (b) => {
          await Promise.all([visit(a, `${site.url}/set?who=a`), visit(b, `${site.url}/set?who=b`)]);
          await Promise.all([visit(a, `${site.url}/cookies`), visit(b, `${site.url}/cookies`)]);
          expect(await a.content()).toContain('[who=a]');
          expect(await b.content()).toContain('[who=b]');
          await Promise.all([visit(a, `${secureSite.url}/`), visit(b, `${secureSite.url}/`)]);
        }),
      );
      const tunnel = `CONNECT ${new URL(secureSite.url).host}`;
      expect(first.seen).toContain(`GET ${site.url}/set?who=a`);
      expect(first.seen).toContain(tunnel);
      expect(first.seen.join()).not.toContain('who=b');
      expect(second.seen).toContain(`GET ${site.url}/set?who=b`);
      expect(second.seen).toContain(tunnel);
      expect(second.seen.join()).not.toContain('who=a');
    });

    it('shares one listener among the contexts of a proxy, and closes it with the last', async () => {
      await using proxy = await openProxy(CREDENTIALS);
      const before = await listeners();
      const contexts = await Promise.all(
        [1, 2, 3].map(() => browser.openContext({ ...PLAIN, proxy: proxy.info })),
      );
      expect(await listeners()).toBe(before + 1);
      await contexts[0]?.close();
      await contexts[0]?.close();
      await contexts[1]?.close();
      const page = await (contexts[2] as Context).openPage();
      expect(await statusAt(page, `${site.url}/`)).toBe(200);
      await contexts[2]?.close();
      expect(await listeners()).toBe(before);
    });

    it.each([
      ['SOCKS5', () => openSocks5Proxy()],
      ['SOCKS5 with credentials', () => openSocks5Proxy(CREDENTIALS)],
      ['HTTP without credentials', () => openProxy()],
    ] satisfies [string, () => Promise<LocalProxy>][])('goes through %s', async (_what, open) => {
      await using proxy = await open();
      await inPage({ proxy: proxy.info }, async (page) => {
        expect(await statusAt(page, `${site.url}/`)).toBe(200);
        expect(await statusAt(page, `${secureSite.url}/`)).toBe(200);
      });
      expect(proxy.seen.length).toBeGreaterThanOrEqual(2);
    });

    it('goes through proxies over TLS, with the certificate authorities of the program', async () => {
      await using proxy = await openProxy({ protocol: 'https', ...CREDENTIALS });
      expect(await outcomeAt(`${site.url}/`, { proxy: proxy.info })).toEqual({ kind: 'proxy' });
      const { ca } = globalAgent.options;
      globalAgent.options.ca = TEST_TLS.cert;
      try {
        await inPage({ proxy: proxy.info }, async (page) => {
          expect(await statusAt(page, `${site.url}/`)).toBe(200);
          expect(await statusAt(page, `${secureSite.url}/`)).toBe(200);
        });
      } finally {
        if (ca === undefined) delete globalAgent.options.ca;
        else globalAgent.options.ca = ca;
      }
      expect(proxy.seen).toContain(`GET ${site.url}/`);
    });

    it('blames a proxy that refuses the credentials', async () => {
      await using http = await openProxy(CREDENTIALS);
      await using socks = await openSocks5Proxy(CREDENTIALS);
      const wrong = proxyInfo('http', http.port, 'user', 'wrong');
      const wrongSocks = proxyInfo('socks5', socks.port, 'user', 'wrong');
      expect(await outcomeAt(`${site.url}/`, { proxy: wrong })).toEqual({
        kind: 'proxy',
        status: 407,
      });
      expect(await outcomeAt(`${secureSite.url}/`, { proxy: wrong })).toMatchObject({
        kind: 'proxy',
      });
      expect(await outcomeAt(`${site.url}/`, { proxy: wrongSocks })).toEqual({ kind: 'proxy' });
      expect(await outcomeAt(`${secureSite.url}/`, { proxy: wrongSocks })).toEqual({
        kind: 'proxy',
      });
    });

    it('passes on the 407 of a proxy that asks for credentials nobody gave', async () => {
      await using proxy = await openProxy(CREDENTIALS);
      const none = proxyInfo('http', proxy.port);
      await inPage({ proxy: none }, async (page) => {
        expect(await statusAt(page, `${secureSite.url}/`)).toBe(407);
        expect(await statusAt(page, `${site.url}/`)).toBe(407);
      });
    });

    it('blames a proxy that is dead, or cuts the connection', async () => {
      const port = await refusedPort();
      await using cutting = await openRawProxy((socket) =>
        socket.once('data', () => socket.destroy()),
      );
      const dead = [
        proxyInfo('http', port),
        proxyInfo('http', port, 'user', 'x'),
        proxyInfo('socks5', port),
        proxyInfo('socks5', port, 'user', 'x'),
        cutting.info,
        proxyInfo('http', cutting.port, 'user', 'x'),
      ];
      const outcomes = dead.flatMap((proxy) =>
        [site, secureSite].map(({ url }) => outcomeAt(`${url}/`, { proxy })),
      );
      expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => ({ kind: 'proxy' })));
    });

    it('blames a site that fails without a proxy', async () => {
      const refused = `http://127.0.0.1:${await refusedPort()}/`;
      expect(await outcomeAt(refused)).toEqual({ kind: 'target' });
      expect(await outcomeAt('http://nowhere.invalid/')).toEqual({ kind: 'target' });
      expect(await outcomeAt(`${site.url}/cut`)).toEqual({ kind: 'target' });
      expect(await outcomeAt(`${site.url}/loop`)).toEqual({ kind: 'target' });
      expect(await outcomeAt(`https://127.0.0.1:${site.port}/`)).toEqual({ kind: 'target' });
    });

    it('calls a page that does not come a timeout', async () => {
      expect(await outcomeAt(`${site.url}/never`, {}, 200)).toEqual({ kind: 'timeout' });
      await using proxy = await openProxy(CREDENTIALS);
      const through = await outcomeAt(`${site.url}/never`, { proxy: proxy.info }, 500);
      expect(through).toEqual({ kind: 'timeout' });
    });

    it('shows the identity on every page before anything loads', async () => {
      const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Troupe/1.0';
      const viewport = { width: 1111, height: 777 };
      await inPage({ userAgent, locale: 'cs-CZ', viewport }, async (first, context) => {
        for (const page of [first, await context.openPage()]) {
          await visit(page, `${site.url}/headers`);
          const content = await page.content();
          expect(content).toContain(`[user-agent: ${userAgent}]`);
          expect(content).toMatch(/\[accept-language: cs-CZ\b/);
          expect(
            await page.page.evaluate(
              '[navigator.userAgent, navigator.language, Intl.DateTimeFormat().resolvedOptions().locale, innerWidth, innerHeight]',
            ),
          ).toEqual([userAgent, 'cs-CZ', 'cs-CZ', 1111, 777]);
        }
      });
    });

    it('keeps the browser’s own user agent when none is given', async () => {
      await inPage({}, async (page) => {
        await visit(page, `${site.url}/headers`);
        expect(await page.content()).toMatch(/\[user-agent: Mozilla\/5\.0 [^\]]*Chrome\/\d+/);
      });
    });

    it('does not make requests of blocked kinds', async () => {
      asked.length = 0;
      await inPage({}, async (page) => {
        await page.blockResources(['image', 'stylesheet']);
        await visit(page, `${site.url}/assets`);
        expect(await page.page.evaluate('window.scripted')).toBe(true);
      });
      expect(asked).toContain('/asset.js');
      expect(asked).not.toContain('/asset.png');
      expect(asked).not.toContain('/asset.css');
      await inPage({}, async (page) => {
        await expect(page.blockResources(['pictures'])).rejects.toMatchObject({
          code: 'TROUPE_INVALID_OPTION',
        });
      });
    });

    it('gives out the cookies of all domains, and takes them back as they were', async () => {
      const far = `http://far.test:${site.port}`;
      const cookies = await inPage({}, async (page, context) => {
        await visit(page, `${site.url}/set?near=1`);
        await visit(page, `${far}/set?far=2`);
        await visit(page, `${far}/set?wide=3&domain=far.test&keep=1`);
        return context.cookies();
      });
      const byName = new Map(cookies.map((cookie) => [cookie.name, cookie]));
      expect([...byName.keys()].sort()).toEqual(['far', 'near', 'wide']);
      expect(byName.get('near')).toMatchObject({ domain: '127.0.0.1', path: '/', expires: -1 });
      expect(byName.get('far')).toMatchObject({ domain: 'far.test', value: '2' });
      expect(byName.get('wide')).toMatchObject({ domain: '.far.test', httpOnly: true });
      expect(byName.get('wide')?.expires).toBeGreaterThan(Date.now() / 1000);

      await inPage({}, async (page, context) => {
        await context.addCookies(cookies);
        const again = await context.cookies();
        expect(again.map(shape).sort()).toEqual(cookies.map(shape).sort());
        await visit(page, `${site.url}/cookies`);
        expect(await page.content()).toContain('[near=1]');
        await visit(page, `http://sub.far.test:${site.port}/cookies`);
        expect(await page.content()).toContain('[wide=3]');
      });
    });

    it('tells of a page that crashes, and of nothing else; the browser goes on', async () => {
      const crashed: string[] = [];
      await inPage({}, async (page, context) => {
        const other = await context.openPage();
        page.onCrash(() => crashed.push('page'));
        other.onCrash(() => crashed.push('other'));
        await visit(page, `${site.url}/`);
        const crash = new Promise<void>((resolve) => page.onCrash(resolve));
        const going = visit(page, 'chrome://crash').catch((thrown: unknown) => thrown);
        await crash;
        expect(outcomeOfBrowserError(await going, { hasProxy: false })).toEqual({ kind: 'target' });
        await expect(visit(page, `${site.url}/`)).rejects.toMatchObject({
          code: 'TROUPE_PAGE_CRASHED',
        });
        await expect(page.content()).rejects.toMatchObject({ code: 'TROUPE_PAGE_CRASHED' });
        await page.close();
        expect(await statusAt(other, `${site.url}/`)).toBe(200);
      });
      expect(crashed).toEqual(['page']);
    });

    it('closes a page whose script never ends, and its renderer with it', async () => {
      const pid = await pidOf(browser.browser);
      const before = renderers(pid);
      const context = await browser.openContext(PLAIN);
      const page = await context.openPage();
      await visit(page, `${site.url}/`);
      const hanging = page.page.evaluate('while (true);').catch((error: unknown) => error);
      await page.close();
      await context.close();
      expect(outcomeOfBrowserError(await hanging, { hasProxy: false })).toEqual({ kind: 'target' });
      await vi.waitFor(() => expect(renderers(pid)).toBeLessThanOrEqual(before), PATIENCE);
    });

    it('lets go of everything: sixteen contexts leave nothing open', async () => {
      await using proxy = await openProxy(CREDENTIALS);
      const round = async (): Promise<void> => {
        const context = await browser.openContext({ ...PLAIN, proxy: proxy.info });
        const page = await context.openPage();
        await visit(page, `${site.url}/`);
        await page.close();
        await page.close();
        await context.close();
      };
      await round();
      const before = handles();
      for (let i = 0; i < 8; i++) await Promise.all([round(), round()]);
      await vi.waitFor(() => expect(handles()).toBeLessThanOrEqual(before), PATIENCE);
    });

    it('ends without a trace when it is closed, and has called nobody of its own accord', async () => {
      const calls: string[] = [];
      await using recorder = await openRawProxy((socket) => {
        socket.once('data', (bytes) => {
          calls.push(String(bytes));
          socket.destroy();
        });
      });
      const args = [`--proxy-server=${recorder.info.url}`, '--proxy-bypass-list=<-loopback>'];
      const own = await launch({ launchOptions: { args } });
      const pid = await pidOf(own.browser);
      let gone = 0;
      own.onGone(() => gone++);
      const context = await own.openContext(PLAIN);
      const page = await context.openPage();
      await expect(visit(page, `${site.url}/only-this`)).rejects.toThrow();
      await Promise.all([own.close(), own.close()]);
      expect(calls.filter((call) => !call.includes('/only-this'))).toEqual([]);
      expect(calls).not.toEqual([]);
      expect(own.isConnected).toBe(false);
      expect(gone).toBe(1);
      expect(hasGroup(pid)).toBe(false);
      expect(await readdir(temporary)).toHaveLength(foldersWhileOpen);
    });

    it('is killed when it does not end by itself, also when the user’s launcher started it', async () => {
      const own = await launch({ launcher: await library() }, { closeGraceMs: 200 });
      const pid = await pidOf(own.browser);
      process.kill(pid, 'SIGSTOP');
      await own.close();
      expect(hasGroup(pid)).toBe(false);
      expect(await readdir(temporary)).toHaveLength(foldersWhileOpen);
    });

    it('that is killed fails its pages at once and leaves nothing behind', async () => {
      await using proxy = await openProxy(CREDENTIALS);
      const before = await listeners();
      const own = await launch();
      const pid = await pidOf(own.browser);
      const gone = new Promise<void>((resolve) => own.onGone(resolve));
      const context = await own.openContext({ ...PLAIN, proxy: proxy.info });
      const page = await context.openPage();
      expect(await listeners()).toBe(before + 1);
      const failures = [
        visit(page, `${site.url}/never`, 60_000),
        page.page.evaluate('new Promise(() => {})'),
      ].map((call) =>
        call.then(
          () => 'no error',
          (error: unknown) => error,
        ),
      );
      await vi.waitFor(() => expect(proxy.seen).toContain(`GET ${site.url}/never`), PATIENCE);
      process.kill(pid, 'SIGKILL');
      await gone;
      const [navigation, evaluation] = await Promise.all(failures);
      expect(outcomeOfBrowserError(navigation, { hasProxy: true })).toEqual({ kind: 'target' });
      expect(outcomeOfBrowserError(evaluation, { hasProxy: true })).toEqual({ kind: 'target' });
      await expect(own.openContext(PLAIN)).rejects.toThrow();
      await expect(context.openPage()).rejects.toThrow();
      await Promise.all([page.close(), context.close(), own.close()]);
      expect(own.isConnected).toBe(false);
      expect(hasGroup(pid)).toBe(false);
      expect(await listeners()).toBe(before);
      expect(await readdir(temporary)).toHaveLength(foldersWhileOpen);
    });

    it('leaves nothing behind when the program dies, however it does', async () => {
      const worker = await bundleFixture(WORKER);
      const deaths = ['SIGKILL', 'SIGTERM', 'throw'].map(async (death) => {
        const child = fork(worker, [name], { env: process.env, stdio: 'pipe' });
        const [pid] = (await once(child, 'message')) as [number];
        const exit = once(child, 'exit');
        if (death === 'throw') child.send('throw');
        else child.kill(death as 'SIGKILL');
        await exit;
        return pid;
      });
      const pids = await Promise.all(deaths);
      await vi.waitFor(async () => {
        expect(pids.filter(hasGroup)).toEqual([]);
        expect(await readdir(temporary)).toHaveLength(foldersWhileOpen);
      }, PATIENCE);
    });

    it('says why it does not start', async () => {
      await expect(launch({ executablePath: '/nowhere/chromium' })).rejects.toMatchObject({
        code: 'TROUPE_BROWSER_MISSING',
      });
      await expect(launch({ executablePath: '/bin/false' })).rejects.toMatchObject({
        code: 'TROUPE_BROWSER_FAILED',
      });
      await expect(launch({ launcher: {} })).rejects.toMatchObject({
        code: 'TROUPE_INVALID_OPTION',
      });
      // Playwright tidies up in its own time.
      await vi.waitFor(async () => {
        expect(await readdir(temporary)).toHaveLength(foldersWhileOpen);
      }, PATIENCE);
    });

    /** Temporary folders of the browser that all tests share. */
    const foldersWhileOpen = name === 'PuppeteerDriver' ? 1 : 2;
  });
}

function answer(
  asked: string[],
  target: string,
  request: import('node:http').IncomingMessage,
  response: import('node:http').ServerResponse,
): void {
  asked.push(target);
  const { pathname, searchParams } = new URL(target, 'http://site');
  const status = /^\/(?:status|empty)\/(\d+)$/.exec(pathname)?.[1];
  if (pathname === '/never') return;
  if (pathname === '/cut') {
    request.socket.destroy();
    return;
  }
  if (pathname === '/redirect') response.writeHead(302, { location: '/end' });
  else if (pathname === '/loop') response.writeHead(302, { location: '/loop' });
  else if (pathname === '/login')
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' });
  else response.writeHead(status ? Number(status) : 200, headersOf(pathname, searchParams));
  response.end(bodyOf(pathname, request));
}

function headersOf(pathname: string, search: URLSearchParams): Record<string, string> {
  if (pathname.endsWith('.js')) return { 'content-type': 'text/javascript' };
  if (pathname.endsWith('.css')) return { 'content-type': 'text/css' };
  const type = { 'content-type': 'text/html' };
  if (pathname !== '/set') return type;
  const [name, value] = [...search][0] as [string, string];
  const domain = search.get('domain');
  const attributes = `${domain ? `; Domain=${domain}` : ''}${search.has('keep') ? '; Max-Age=3600; HttpOnly' : ''}`;
  return { ...type, 'set-cookie': `${name}=${value}; Path=/${attributes}` };
}

function bodyOf(pathname: string, request: import('node:http').IncomingMessage): string {
  if (pathname === '/asset.js') return 'window.scripted = true;';
  if (pathname === '/assets') {
    return '<link rel="stylesheet" href="/asset.css"><img src="/asset.png"><script src="/asset.js"></script>';
  }
  if (pathname === '/cookies') return `[${request.headers.cookie ?? ''}]`;
  if (pathname === '/headers') {
    return Object.entries(request.headers)
      .map(([name, value]) => `[${name}: ${value}]`)
      .join('\n');
  }
  return pathname.startsWith('/empty') ? '' : `<h1>${pathname}</h1>`;
}

function shape(cookie: {
  name: string;
  value: string;
  domain?: string;
  path?: string;
  expires?: number;
  httpOnly?: boolean;
}): string {
  const { name, value, domain, path: folder, expires = -1, httpOnly } = cookie;
  return JSON.stringify([name, value, domain, folder, Math.round(expires), httpOnly]);
}

/** Servers that listen in this thread, when those that are closing have closed. */
async function listeners(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;
}

function handles(): number {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => /Wrap$/.test(kind) && !/^(?:FS|TTY)/.test(kind)).length;
}

/** Whether a process of the browser is left. */
function hasGroup(pid: number): boolean {
  return groupOf(pid).length > 0;
}

function renderers(pid: number): number {
  return groupOf(pid).filter((member) => read(`/proc/${member}/cmdline`).includes('=renderer'))
    .length;
}

/** A browser leads a group of its own. Zombies wait for init, not for us. */
function groupOf(pid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const stat = read(`/proc/${name}/stat`);
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === String(pid) && state !== 'Z';
  });
}

/** Empty for a process that has just ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
