import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { BrowserCookie } from '../../session/cookies.ts';
import type { Session } from '../../session/session.ts';
import type { DrivenContext } from './browser-driver.ts';

type Context = Pick<DrivenContext<unknown, unknown>, 'cookies' | 'addCookies'>;

/** A date in the past: what a cookie is given to remove it. Seconds since 1970. */
const LONG_AGO = 1;

/**
 * Keeps the jar of a session and the cookies of its browser context the same. Both sides change on their own, so
 * only what has changed on one side since they last agreed is carried to the other.
 */
export class CookieSync {
  readonly #session: Session;
  readonly #log: Log;
  /** What both sides agreed on, by cookie. */
  readonly #agreed = new Map<string, string>();
  /** What the browser would not take, by cookie. */
  readonly #refusedByBrowser = new Map<string, string>();
  readonly #refusedByJar = new Map<string, string>();

  constructor(session: Session, log: Log) {
    this.#session = session;
    this.#log = log;
  }

  /** Carries what has changed in the jar to the browser. @throws what the driver throws */
  async toBrowser(context: Context): Promise<void> {
    const changed: BrowserCookie[] = [];
    const gone = new Set(this.#agreed.keys());
    for (const cookie of this.#session.getAllCookies()) {
      const [key, value] = entryOf(cookie);
      gone.delete(key);
      if (this.#agreed.get(key) === value || this.#refusedByBrowser.get(key) === value) continue;
      this.#agreed.set(key, value);
      changed.push(cookie);
    }
    for (const key of gone) {
      this.#agreed.delete(key);
      changed.push(removalOf(key));
    }
    if (changed.length > 0) await this.#add(context, changed);
  }

  /** Carries what has changed in the browser to the jar. `url` is the page's. @throws what the driver throws */
  async toJar(context: Context, url: string): Promise<void> {
    const cookies = await context.cookies();
    const changed: BrowserCookie[] = [];
    const gone = new Set(this.#agreed.keys());
    for (const cookie of cookies) {
      const [key, value] = entryOf(cookie);
      gone.delete(key);
      if (this.#agreed.get(key) === value || this.#refusedByJar.get(key) === value) continue;
      this.#agreed.set(key, value);
      changed.push(cookie);
    }
    for (const key of gone) {
      this.#agreed.delete(key);
      changed.push(removalOf(key));
    }
    if (changed.length === 0) return;
    this.#session.setCookies(changed, url);
    this.#noteRefusedByJar(changed);
  }

  /** What the jar would not take stays in the browser; it must not be taken for removed from the jar. */
  #noteRefusedByJar(stored: readonly BrowserCookie[]): void {
    const kept = new Set(this.#session.getAllCookies().map((cookie) => entryOf(cookie)[0]));
    for (const cookie of stored) {
      const [key, value] = entryOf(cookie);
      if (kept.has(key)) continue;
      this.#agreed.delete(key);
      this.#refusedByJar.set(key, value);
    }
  }

  async #add(context: Context, cookies: readonly BrowserCookie[]): Promise<void> {
    try {
      await context.addCookies(cookies);
    } catch (error) {
      if (cookies.length === 1) {
        this.#noteRefusedByBrowser(cookies[0] as BrowserCookie, error);
        return;
      }
      // Browsers take all of them or none; one that is odd must not keep out the others.
      for (const cookie of cookies) await this.#add(context, [cookie]);
    }
  }

  #noteRefusedByBrowser(cookie: BrowserCookie, error: unknown): void {
    const [key, value] = entryOf(cookie);
    this.#agreed.delete(key);
    this.#refusedByBrowser.set(key, value);
    this.#log.debug(`The browser does not take the cookie ${cookie.name}: ${messageOf(error)}`);
  }
}

function entryOf(cookie: BrowserCookie): [key: string, value: string] {
  const { name, domain = '', path = '/', value, expires = -1, httpOnly, secure } = cookie;
  // Browsers keep times more exactly than jars do.
  const until = expires < 0 ? 'session' : Math.floor(expires);
  return [
    JSON.stringify([name, domain, path]),
    JSON.stringify([value, until, httpOnly === true, secure === true]),
  ];
}

function removalOf(key: string): BrowserCookie {
  const [name, domain, path] = JSON.parse(key) as [string, string, string];
  return { name, domain, path, value: '', expires: LONG_AGO };
}
