import { expect, test } from 'vitest';
import { Log } from '../../core/log.ts';
import type { BrowserCookie } from '../../session/cookies.ts';
import { Session } from '../../session/session.ts';
import { CookieSync } from './cookie-sync.ts';

const URL = 'https://shop.example/';
const HERE = { domain: 'shop.example', path: '/' };

/** The cookies of a browser context, and what it was given. */
class Cookies {
  readonly given: BrowserCookie[][] = [];
  all: BrowserCookie[] = [];

  async cookies(): Promise<BrowserCookie[]> {
    return this.all;
  }

  async addCookies(cookies: readonly BrowserCookie[]): Promise<void> {
    this.given.push([...cookies]);
    if (cookies.some(({ value }) => value === 'odd')) throw new Error('Invalid cookie fields');
    const names = new Set(cookies.map(({ name }) => name));
    this.all = [
      ...this.all.filter(({ name }) => !names.has(name)),
      ...cookies.filter(({ expires = -1 }) => expires !== 1),
    ];
  }
}

function together(): { session: Session; browser: Cookies; sync: CookieSync } {
  const session = new Session();
  return {
    session,
    browser: new Cookies(),
    sync: new CookieSync(session, new Log({ level: 'off' })),
  };
}

test('only what has changed in the jar goes to the browser', async () => {
  const { session, browser, sync } = together();
  session.setCookie('a=1', URL);
  session.setCookie('b=1; Domain=shop.example', URL);
  await sync.toBrowser(browser);
  await sync.toBrowser(browser);
  session.setCookie('a=2', URL);
  await sync.toBrowser(browser);
  expect(browser.given.map((cookies) => cookies.map(({ name, value }) => name + value))).toEqual([
    ['a1', 'b1'],
    ['a2'],
  ]);
  expect(browser.all.map(({ domain }) => domain)).toEqual(['.shop.example', 'shop.example']);
});

test('a change in the jar is not undone by the older cookie of the browser', async () => {
  const { session, browser, sync } = together();
  session.setCookie('a=1', URL);
  await sync.toBrowser(browser);
  session.setCookie('a=2', URL);
  await sync.toJar(browser, URL);
  expect(session.getCookieString(URL)).toBe('a=2');
});

test('what one side has removed is removed on the other', async () => {
  const { session, browser, sync } = together();
  session.setCookie('a=1', URL);
  session.setCookie('b=1', URL);
  await sync.toBrowser(browser);
  browser.all = browser.all.filter(({ name }) => name !== 'a');
  await sync.toJar(browser, URL);
  expect(session.getCookieString(URL)).toBe('b=1');
  session.setCookie('b=; Max-Age=0', URL);
  await sync.toBrowser(browser);
  expect(browser.all).toEqual([]);
});

test('one cookie the browser does not take keeps out no other, and stays in the jar', async () => {
  const { session, browser, sync } = together();
  session.setCookie('a=odd', URL);
  session.setCookie('b=1', URL);
  await sync.toBrowser(browser);
  await sync.toJar(browser, URL);
  await sync.toBrowser(browser);
  expect(browser.all.map(({ name }) => name)).toEqual(['b']);
  expect(session.getCookieString(URL)).toBe('a=odd; b=1');
  expect(browser.given).toHaveLength(3);
});

test('a cookie the jar refuses stays in the browser', async () => {
  const { session, browser, sync } = together();
  browser.all = [
    { name: 'wide', value: '1', domain: '.co.uk', path: '/' },
    { name: 'a', value: '1', ...HERE },
  ];
  await sync.toJar(browser, URL);
  await sync.toBrowser(browser);
  expect(browser.given).toEqual([]);
  expect(session.getAllCookies().map(({ name }) => name)).toEqual(['a']);
});
