import { describe, expect, it } from 'vitest';
import { TroupeError } from '../../core/errors.ts';
import { HttpError } from '../../http/http-error.ts';
import { BrowserCrashError, outcomeOfBrowserError } from './browser-errors.ts';

const URL = 'http://127.0.0.1:40123/';

/** As Chromium 156 said it through Puppeteer 24 and Playwright 1.65. */
const both = (code: string): string[] => [
  `net::${code} at ${URL}`,
  `page.goto: net::${code} at ${URL}\nCall log:\n  - navigating to "${URL}", waiting until "load"\n`,
];

describe('errors of a browser', () => {
  const outcome = (message: string, hasProxy: boolean): unknown =>
    outcomeOfBrowserError(new Error(message), { hasProxy });
  const kinds = (codes: readonly string[], hasProxy: boolean): unknown[] => [
    ...new Set(
      codes.flatMap(both).map((text) => (outcome(text, hasProxy) as { kind: string } | null)?.kind),
    ),
  ];

  it('are the proxy’s where they say so', () => {
    const codes = [
      'ERR_PROXY_CONNECTION_FAILED',
      'ERR_TUNNEL_CONNECTION_FAILED',
      'ERR_SOCKS_CONNECTION_FAILED',
      'ERR_SOCKS_CONNECTION_HOST_UNREACHABLE',
      'ERR_PROXY_AUTH_UNSUPPORTED',
      'ERR_PROXY_CERTIFICATE_INVALID',
      'ERR_UNEXPECTED_PROXY_AUTH',
    ];
    expect(kinds(codes, true)).toEqual(['proxy']);
  });

  it('of a connection that fails are the proxy’s when there is one, else the site’s', () => {
    const codes = [
      'ERR_CONNECTION_REFUSED',
      'ERR_CONNECTION_RESET',
      'ERR_CONNECTION_CLOSED',
      'ERR_EMPTY_RESPONSE',
      'ERR_NAME_NOT_RESOLVED',
      'ERR_ADDRESS_UNREACHABLE',
    ];
    expect(kinds(codes, true)).toEqual(['proxy']);
    expect(kinds(codes, false)).toEqual(['target']);
  });

  it('that only the site can make are the site’s, proxy or not', () => {
    const codes = [
      'ERR_SSL_PROTOCOL_ERROR',
      'ERR_CERT_AUTHORITY_INVALID',
      'ERR_TOO_MANY_REDIRECTS',
      'ERR_ABORTED',
      'ERR_HTTP2_PROTOCOL_ERROR',
    ];
    expect(kinds(codes, true)).toEqual(['target']);
    expect(kinds(codes, false)).toEqual(['target']);
  });

  it('are a timeout when no answer came, whoever counted the time', () => {
    const messages = [
      'Navigation timeout of 200 ms exceeded',
      `page.goto: Timeout 200ms exceeded.\nCall log:\n  - navigating to "${URL}", waiting until "load"\n`,
      ...both('ERR_TIMED_OUT'),
      ...both('ERR_CONNECTION_TIMED_OUT'),
    ];
    for (const message of messages) expect(outcome(message, true)).toEqual({ kind: 'timeout' });
  });

  it('of credentials nobody has tell who asked for them', () => {
    for (const message of both('ERR_INVALID_AUTH_CREDENTIALS')) {
      expect(outcome(message, false)).toEqual({ kind: 'blocked', status: 401 });
      expect(outcome(message, true)).toEqual({ kind: 'proxy', status: 407 });
    }
  });

  it('of our own program are the user’s', () => {
    expect(kinds(['ERR_UNSAFE_PORT', 'ERR_BLOCKED_BY_CLIENT'], true)).toEqual(['user']);
    const invalid = 'Protocol error (Page.navigate): Cannot navigate to invalid URL';
    expect(outcome(invalid, false)).toEqual({ kind: 'user' });
    expect(outcome(`page.goto: ${invalid}`, false)).toEqual({ kind: 'user' });
  });

  it('of a page or browser that went away blame no session', () => {
    const messages = [
      'Protocol error (Runtime.callFunctionOn): Target closed',
      'Protocol error: Connection closed.',
      'Navigating frame was detached',
      'Page crashed!',
      'page.goto: Target page, context or browser has been closed',
      'page.goto: Page crashed',
    ];
    for (const message of messages) expect(outcome(message, true)).toEqual({ kind: 'target' });
    const gone = new BrowserCrashError('browser', URL);
    expect(gone.code).toBe('TROUPE_BROWSER_GONE');
    expect(outcomeOfBrowserError(gone, { hasProxy: true })).toEqual({ kind: 'target' });
  });

  it('found by the forwarder keep the proxy’s status', () => {
    const refused = new HttpError('proxy', 'refused', { url: URL, proxyStatus: 407 });
    expect(outcomeOfBrowserError(refused, { hasProxy: true })).toEqual({
      kind: 'proxy',
      status: 407,
    });
  });

  it('are not what the user’s code throws', () => {
    const others = [
      new TypeError('x is not a function'),
      new Error('Waiting for selector `h1` failed'),
      new Error('page.waitForSelector: Timeout 30000ms exceeded.'),
      new Error('locator.click: Timeout 30000ms exceeded.'),
      new Error('The price frame was detached from the wall'),
      new TroupeError('TROUPE_SESSION', 'The session is blocked'),
      'a text',
    ];
    for (const error of others) expect(outcomeOfBrowserError(error, { hasProxy: true })).toBeNull();
  });
});
