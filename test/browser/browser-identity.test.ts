import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PlaywrightCrawler } from '../../src/crawler/browser/playwright-crawler.ts';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { createFetch } from '../../src/http/create-fetch.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { QUIET } from '../integration/crawler-harness.ts';
import { type LocalProxy, openProxy } from '../support/local-proxy.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';

const FORM = `<!doctype html><title>Log in</title><form method="post" action="/in">
  <input id="user" name="user"><input id="password" name="password" type="password">
  <button id="go">Log in</button></form>`;

let site: LocalSite;
let proxy: LocalProxy;
/** How each page was asked for. */
const seen: { path: string; cookie: string }[] = [];

beforeAll(async () => {
  proxy = await openProxy({ username: 'ann', password: 'p@ss:w/rd#' });
  site = await openSite((request, response) => {
    const path = request.url ?? '';
    if (path === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    seen.push({ path, cookie: request.headers.cookie ?? '' });
    response.setHeader('content-type', 'text/html');
    if (path === '/in') {
      response.writeHead(303, { 'set-cookie': 'login=ann; Path=/; HttpOnly', location: '/home' });
      response.end();
      return;
    }
    const isKnown = request.headers.cookie?.includes('login=ann') ?? false;
    response.end(
      path === '/form' ? FORM : `<title>${isKnown ? 'Hello ann' : 'Who are you?'}</title>`,
    );
  });
});
afterAll(async () => {
  await site.close();
  await proxy.close();
});

it('a session logged in by initSession in a browser serves Cheerio and fetch with its jar and proxy', async () => {
  let logins = 0;
  await using pool = await SessionPool.open({
    maxPoolSize: 1,
    log: QUIET,
    proxyConfiguration: new ProxyConfiguration({ proxyUrls: [proxy.info.url] }),
    initSession: async ({ page }) => {
      logins++;
      const form = page as Page;
      await form.goto(`${site.url}/form`);
      await form.fill('#user', 'ann');
      await form.fill('#password', 'secret');
      await form.click('#go');
      await form.waitForURL('**/home');
    },
  });
  const titles: string[] = [];
  const browser = new PlaywrightCrawler({
    sessionPool: pool,
    log: QUIET,
    requestHandler: async ({ page }) => {
      titles.push(await page.title());
    },
  });
  await browser.run([`${site.url}/browser`]);
  const cheerio = new CheerioCrawler({
    sessionPool: pool,
    log: QUIET,
    requestHandler: ({ $ }) => {
      titles.push($('title').text());
    },
  });
  await cheerio.run([`${site.url}/cheerio`]);
  const lease = await pool.lease();
  const response = await createFetch(lease.session)(`${site.url}/fetch`);
  titles.push(/<title>(.*)<\/title>/.exec(await response.text())?.[1] ?? '');
  lease.report({ kind: 'ok' });

  expect(titles).toEqual(['Hello ann', 'Hello ann', 'Hello ann']);
  expect(logins).toBe(1);
  expect(pool.createdSessionsCount).toBe(1);
  for (const path of ['/form', '/in', '/home', '/browser', '/cheerio', '/fetch']) {
    expect(seen.filter((page) => page.path === path)).toHaveLength(1);
    // Nobody came past the proxy.
    expect(proxy.seen.filter((asked) => asked.endsWith(path))).toHaveLength(1);
  }
});
