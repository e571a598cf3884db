import type { CookieJar, SerializedCookieJar } from 'tough-cookie';
import { messageOf, OptionError } from '../core/errors.ts';
import type { ColdState } from './cold-state.ts';
import {
  type BrowserCookie,
  emptyJar,
  fromBrowser,
  fromJson,
  jarOf,
  type PlacedCookie,
  storeCookie,
} from './cookies.ts';

/**
 * Cookies of all sites, as they were saved: a jar of tough-cookie, or its JSON, as `SessionPool.exportCookies()` and
 * `Session.getState()` give it; or a browser's cookies, as `Session.getAllCookies()` and a driver give them, bare or in
 * the storage state that Playwright saves.
 */
export type CookieSource =
  | CookieJar
  | Pick<SerializedCookieJar, 'cookies'>
  | { readonly cookies: readonly BrowserCookie[] }
  | readonly BrowserCookie[];

/** A whole jar that is to take the place of a session's own. */
export class ImportedCookies {
  readonly #cookies: readonly PlacedCookie[];

  /** @throws OptionError where one of them would not be taken from a server, either; never with its value */
  constructor(source: CookieSource) {
    const trial = emptyJar();
    this.#cookies = listOf(source).map((given, index) => {
      const why = refusalOf(trial, placed(given, index));
      if (why !== null) throw refused(index, why);
      return placed(given, index);
    });
  }

  /** Whoever holds the jar itself goes on holding it. */
  replace(cold: ColdState): void {
    const jar = jarOf(cold);
    jar.removeAllCookiesSync();
    for (const { cookie, url } of this.#cookies) storeCookie(jar, cookie, url);
  }
}

function listOf(source: CookieSource): readonly unknown[] {
  if (typeof (source as CookieJar | null)?.serializeSync === 'function') {
    return (source as CookieJar).serializeSync()?.cookies ?? [];
  }
  const list = Array.isArray(source) ? source : (source as { cookies?: unknown } | null)?.cookies;
  if (Array.isArray(list)) return list;
  throw new OptionError(
    'cookieJar',
    'Expected `cookieJar` to be a CookieJar of tough-cookie, its JSON, or a list of cookies',
  );
}

function placed(given: unknown, index: number): PlacedCookie {
  const found = isOfBrowser(given) ? fromBrowser(given, '') : fromJson(given);
  if (!found || found.url === '') throw refused(index, 'it has no domain');
  if (found.cookie.key === '') throw refused(index, 'it has no name');
  return found;
}

function isOfBrowser(given: unknown): given is BrowserCookie {
  return typeof (given as BrowserCookie | null)?.name === 'string';
}

function refusalOf(jar: CookieJar, { cookie, url }: PlacedCookie): string | null {
  try {
    return storeCookie(jar, cookie, url);
  } catch (error) {
    return messageOf(error);
  }
}

function refused(index: number, why: string): OptionError {
  return new OptionError('cookieJar', `Cookie ${index} of \`cookieJar\` cannot be taken: ${why}`);
}
