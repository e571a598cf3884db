import type { BrowserCookie } from '../session/cookies.ts';
import { Session as EngineSession, type ResponseWithCookies } from '../session/session.ts';
import type { SessionOptions as EngineOptions } from '../session/session-options.ts';

export interface SessionOptions extends EngineOptions {
  /** The pool it is made for. It belongs to the pool once `createSessionFunction` has returned it. */
  readonly sessionPool?: object;
}

/** A response of Puppeteer or Playwright. */
interface BrowserResponse {
  headers(): Record<string, string>;
  url(): string;
}

/**
 * One identity: proxy, cookies, user data. It is the engine's session with two more methods of the documented names.
 * New name: `Session` of `troupe`.
 */
export class Session extends EngineSession {
  /** @throws OptionError */
  constructor(options: SessionOptions = {}) {
    const { sessionPool: _, ...own } = options;
    super(own);
  }

  /** New name: `setCookies()`. */
  setPuppeteerCookies(cookies: readonly BrowserCookie[], url: string): void {
    this.setCookies(cookies, url);
  }

  /** New name: `getCookies()`. */
  getPuppeteerCookies(url: string): BrowserCookie[] {
    return this.getCookies(url);
  }

  /** Stores every `Set-Cookie` of a response: of `requestAsBrowser()`, of `node:http`, or of a browser. */
  override setCookiesFromResponse(response: ResponseWithCookies | BrowserResponse): void {
    super.setCookiesFromResponse(isOfBrowser(response) ? plain(response) : response);
  }
}

function isOfBrowser(response: ResponseWithCookies | BrowserResponse): response is BrowserResponse {
  return typeof response.headers === 'function';
}

/** Browsers join what came several times by line ends. */
function plain(response: BrowserResponse): ResponseWithCookies {
  const { 'set-cookie': cookies } = response.headers();
  return { url: response.url(), headers: cookies ? { 'set-cookie': cookies.split('\n') } : {} };
}
