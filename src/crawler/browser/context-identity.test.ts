import { expect, test } from 'vitest';
import { Session } from '../../session/session.ts';
import { contextIdentity } from './context-identity.ts';
import { ownUserAgent } from './own-user-agent.ts';

test('what a session shows follows from the session alone', () => {
  const fingerprint = { browser: 'safari', platform: 'macos', locale: 'de-DE' } as const;
  const look = (): unknown =>
    contextIdentity({ session: new Session({ id: 'ann', fingerprint }), proxyInfo: null }, 'UA');
  expect(look()).toEqual(look());
  expect(look()).toMatchObject({ userAgent: 'UA', locale: 'de-DE', proxy: null });
});

test('sessions differ in the size of their pages', () => {
  const sizes = Array.from({ length: 30 }, (_, n) => {
    const session = new Session({ id: `session ${n}` });
    return contextIdentity({ session, proxyInfo: null }, undefined).viewport.width;
  });
  expect(new Set(sizes).size).toBeGreaterThan(2);
});

test("the user agent is the browser's own, without a word about having no window", async () => {
  const puppeteer = { userAgent: async () => 'Mozilla/5.0 (X11) HeadlessChrome/140.0.0.0' };
  expect(await ownUserAgent(puppeteer)).toBe('Mozilla/5.0 (X11) Chrome/140.0.0.0');
  expect(await ownUserAgent({ userAgent: async () => 'Chrome/140' })).toBeUndefined();
  const playwright = (name: string): unknown => ({
    version: () => '140.0.7339.80',
    browserType: () => ({ name: () => name }),
  });
  expect(await ownUserAgent(playwright('chromium'))).toContain(' Chrome/140.0.0.0 Safari/');
  expect(await ownUserAgent(playwright('firefox'))).toBeUndefined();
});
