import fc from 'fast-check';
import { CookieJar } from 'tough-cookie';
import { describe, expect, it } from 'vitest';
import { Session } from './session.ts';

const SITE = 'https://www.site.example/shop/cart';

describe('a session outside any pool', () => {
  it('stores cookies in a jar of another copy of tough-cookie', () => {
    const cookieJar = new CookieJar();
    const session = new Session({ cookieJar });
    session.setCookie('a=1; Path=/', SITE);
    session.setCookies([{ name: 'b', value: '2' }], SITE);
    expect(cookieJar.getCookieStringSync(SITE)).toBe('a=1; b=2');
    expect(session.getCookieString(SITE)).toBe('a=1; b=2');
  });

  it('has the documented defaults', () => {
    const session = new Session();
    expect(session.id).toMatch(/^session_[A-Za-z0-9]{10}$/);
    expect(session).toMatchObject({
      maxAgeSecs: 3000,
      userData: {},
      maxErrorScore: 3,
      errorScoreDecrement: 0.5,
      maxUsageCount: 50,
      usageCount: 0,
      errorScore: 0,
      proxyInfo: null,
      retiredReason: null,
    });
    expect(session.expiresAt.getTime() - session.createdAt.getTime()).toBe(3_000_000);
    expect(session.isUsable()).toBe(true);
  });

  it('takes the documented options', () => {
    const createdAt = new Date(Date.UTC(2030, 0, 1));
    const expiresAt = new Date(Date.UTC(2030, 0, 2));
    const session = new Session({ id: 'it', createdAt, expiresAt, usageCount: 4, errorScore: 1.5 });
    expect(session).toMatchObject({
      id: 'it',
      createdAt,
      expiresAt,
      usageCount: 4,
      errorScore: 1.5,
    });
  });

  it.each([
    [{ maxUsageCount: 0 }, 'Expected `maxUsageCount` to be an integer ≥ 1, got `0` (number)'],
    [{ maxAgeSecs: '5' }, "Expected `maxAgeSecs` to be a number ≥ 0.001, got `'5'` (string)"],
    [
      { maxErorScore: 3 },
      'Unknown option `maxErorScore` in SessionOptions; did you mean `maxErrorScore`?',
    ],
    [
      { createdAt: new Date(Number.NaN) },
      'Expected `createdAt` to be a valid Date, got an object (Date)',
    ],
  ])('refuses %j by name', (options, message) => {
    expect(() => new Session(options as never)).toThrow(message);
  });

  it.each([
    [401, true],
    [403, true],
    [429, true],
    [404, false],
    [500, false],
  ])('on status %i retires: %s', (status, expected) => {
    const session = new Session();
    expect(session.retireOnBlockedStatusCodes(status)).toBe(expected);
    expect(session.retiredReason).toBe(expected ? 'blocked' : null);
  });

  it('retires on additional status codes too', () => {
    const session = new Session();
    expect(session.retireOnBlockedStatusCodes(404, [404, 418])).toBe(true);
    expect(session.isBlocked()).toBe(true);
  });

  it('gives its state as plain JSON', () => {
    const session = new Session({ id: 'it', userData: { a: 1 } });
    session.setCookie('a=1', SITE);
    const state = session.getState();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(state).toMatchObject({ id: 'it', userData: { a: 1 }, usageCount: 0, maxUsageCount: 50 });
    expect(state.cookieJar).toMatchObject({ cookies: [{ key: 'a', value: '1' }] });
  });
});

describe('cookies of a session', () => {
  it('go back to the site and path they came from, and to no other', () => {
    const session = new Session();
    session.setCookie('cart=1; Path=/shop', SITE);
    session.setCookie('all=1; Domain=site.example; Path=/', SITE);
    expect(session.getCookieString('https://www.site.example/shop/x')).toBe('cart=1; all=1');
    expect(session.getCookieString('https://site.example/')).toBe('all=1');
    expect(session.getCookieString('https://other.example/')).toBe('');
  });

  it('come from every shape of response', () => {
    const session = new Session();
    session.setCookiesFromResponse({ url: SITE, headers: { 'set-cookie': ['a=1', 'b=2'] } });
    session.setCookiesFromResponse({ url: SITE, headers: { 'set-cookie': 'c=3' } });
    session.setCookiesFromResponse({ url: SITE, headers: new Headers([['set-cookie', 'd=4']]) });
    expect(session.getCookieString(SITE)).toBe('a=1; b=2; c=3; d=4');
  });

  it('travel to a browser and back, other domains included', () => {
    const session = new Session();
    const cookies = [
      {
        name: 'a',
        value: '1',
        domain: '.site.example',
        path: '/',
        secure: true,
        sameSite: 'Lax' as const,
      },
      {
        name: 'b',
        value: '2',
        domain: 'login.other.example',
        path: '/in',
        httpOnly: true,
        expires: 4_000_000_000,
      },
    ];
    session.setCookies(cookies, SITE);
    expect(session.getCookies('https://x.site.example/')).toMatchObject([cookies[0]]);
    expect(session.getCookies('https://login.other.example/in')).toMatchObject([cookies[1]]);
    const again = new Session();
    again.setCookies(session.getCookies('https://login.other.example/in'), SITE);
    expect(again.getCookieString('https://login.other.example/in')).toBe('b=2');
  });

  it('without a URL mean the only site the jar knows', () => {
    const session = new Session();
    expect(session.getCookieString()).toBe('');
    session.setCookie('a=1; Path=/', SITE);
    expect(session.getCookieString()).toBe('a=1');
    session.setCookie('b=2', 'https://other.example/');
    expect(() => session.getCookieString()).toThrow(
      expect.objectContaining({ code: 'TROUPE_COOKIE_URL_NEEDED' }),
    );
  });

  it('survive ten thousand malformed headers: nothing throws and sound cookies stay', () => {
    const session = new Session();
    session.setCookie('sound=1; Path=/', SITE);
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '=',
        ';',
        '; ',
        'Domain=',
        'Domain=.',
        'Path=',
        'Expires=',
        'Max-Age=',
        '\0',
        '__proto__',
        'Secure',
        ',',
        '"',
        '%',
        '\r\n',
        '🍪',
      ),
    );
    const header = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const url = fc.oneof(fc.constant(SITE), fc.constant('http://127.0.0.1:80/'), fc.string());
    fc.assert(
      fc.property(header, url, (raw, from) => {
        session.setCookie(raw, from);
      }),
      { numRuns: 10_000 },
    );
    expect(session.getCookieString(SITE)).toContain('sound=1');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('are bounded in size and number', () => {
    const session = new Session();
    session.setCookie(`big=${'x'.repeat(9000)}`, SITE);
    expect(session.getCookies(SITE)).toEqual([]);
    for (let n = 0; n < 3100; n++) session.setCookie(`c${n}=1`, SITE);
    expect(session.getCookies(SITE).length).toBeLessThanOrEqual(3000);
  });
});
