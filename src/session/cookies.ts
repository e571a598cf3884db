import { createRequire } from 'node:module';
import type { Cookie, CookieJar } from 'tough-cookie';
import { messageOf } from '../core/errors.ts';
import type { ColdState } from './cold-state.ts';
import { CookieUrlNeededError } from './errors.ts';

/** A cookie as browsers' automation protocols show it. */
export interface BrowserCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: string;
  readonly path?: string;
  /** Seconds since 1970; -1 or absent for a cookie of the browser session. */
  readonly expires?: number;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
}

/** RFC 6265 asks for 4096 bytes at least; a longer one is an accident or an attack. */
const MAX_COOKIE_LENGTH = 8192;
/** Per session. RFC 6265 asks for 3000 over all domains at least. */
const MAX_COOKIES = 3000;

type ToughCookie = typeof import('tough-cookie');
let loaded: ToughCookie | undefined;

/** Loaded at the first cookie: most programs that import Troupe never see one. Synchronous, as a session's methods are. */
function toughCookie(): ToughCookie {
  loaded ??= createRequire(import.meta.url)('tough-cookie') as ToughCookie;
  return loaded;
}

export function jarOf(cold: ColdState): CookieJar {
  if (cold.jar) return cold.jar;
  const { CookieJar: Jar } = toughCookie();
  cold.jar = cold.jarJson === undefined ? new Jar() : Jar.deserializeSync(cold.jarJson);
  cold.jarJson = undefined;
  return cold.jar;
}

/** A jar as `Session.getState()` gives it, whole again. @throws what tough-cookie throws when it is none */
export function jarFrom(json: unknown): CookieJar {
  return toughCookie().CookieJar.deserializeSync(JSON.stringify(json));
}

/** The `Cookie` header for a URL; empty when there is none. */
export function cookieStringFor(cold: ColdState | undefined, url: string): string {
  if (!hasJar(cold)) return '';
  return jarOf(cold).getCookieStringSync(url);
}

export function cookiesFor(cold: ColdState | undefined, url: string): BrowserCookie[] {
  if (!hasJar(cold)) return [];
  return jarOf(cold).getCookiesSync(url).map(toBrowserCookie);
}

/** Every cookie that has not run out, whatever its site. */
export function allCookies(cold: ColdState | undefined, now: number): BrowserCookie[] {
  if (!hasJar(cold)) return [];
  const { Cookie: Tough } = toughCookie();
  const found: BrowserCookie[] = [];
  for (const raw of jarOf(cold).serializeSync()?.cookies ?? []) {
    const cookie = Tough.fromJSON(raw);
    if (cookie && !(expiresAt(cookie) <= now)) found.push(toBrowserCookie(cookie));
  }
  return found;
}

/**
 * Stores one raw `Set-Cookie` value. Returns why it was refused, `null` when it was stored. Never throws:
 * what servers send is not the caller's fault.
 */
export function storeRawCookie(cold: ColdState, raw: string, url: string): string | null {
  if (raw.length > MAX_COOKIE_LENGTH) return `it is longer than ${MAX_COOKIE_LENGTH} characters`;
  try {
    const cookie = toughCookie().Cookie.parse(raw, { loose: false });
    if (!cookie || cookie.key === '') return 'it is malformed';
    return storeCookie(jarOf(cold), cookie, url);
  } catch (error) {
    return messageOf(error);
  }
}

/** Stores a browser's cookie under its own domain, or the URL's host when it names none. */
export function storeBrowserCookie(
  cold: ColdState,
  cookie: BrowserCookie,
  url: string,
): string | null {
  try {
    const placed = fromBrowser(cookie, url);
    return storeCookie(jarOf(cold), placed.cookie, placed.url);
  } catch (error) {
    return messageOf(error);
  }
}

/** A cookie, and an address that may set it. One without a domain belongs to that host alone. */
export interface PlacedCookie {
  readonly cookie: Cookie;
  readonly url: string;
}

/** `url` is for one that names no domain. */
export function fromBrowser(cookie: BrowserCookie, url: string): PlacedCookie {
  const { Cookie: Tough } = toughCookie();
  const domain = cookie.domain?.replace(/^\./, '');
  const isHostOnly = !cookie.domain?.startsWith('.');
  const made = new Tough({
    key: cookie.name,
    value: cookie.value,
    path: cookie.path ?? '/',
    httpOnly: cookie.httpOnly ?? false,
    secure: cookie.secure ?? false,
    ...(cookie.sameSite ? { sameSite: cookie.sameSite.toLowerCase() } : {}),
    ...(cookie.expires !== undefined && cookie.expires >= 0
      ? { expires: new Date(cookie.expires * 1000) }
      : {}),
    ...(domain && !isHostOnly ? { domain } : {}),
  });
  return { cookie: made, url: domain ? `https://${domain}${cookie.path ?? '/'}` : url };
}

/** Of the JSON of a jar; `undefined` where it is no cookie, or none that says where it belongs. */
export function fromJson(json: unknown): PlacedCookie | undefined {
  const cookie = toughCookie().Cookie.fromJSON(json);
  if (!cookie?.domain) return undefined;
  const url = `https://${cookie.domain}${cookie.path ?? '/'}`;
  // Its age counts from when it was set, not from now.
  const endsAt = expiresAt(cookie);
  if (Number.isFinite(endsAt)) cookie.expires = new Date(endsAt);
  cookie.maxAge = null;
  if (cookie.hostOnly) cookie.domain = null;
  cookie.hostOnly = null;
  return { cookie, url };
}

export function emptyJar(): CookieJar {
  return new (toughCookie().CookieJar)();
}

/** The cookies of a jar that has been in use, as JSON; `undefined` where none has. */
export function serializedCookies(cold: ColdState): readonly unknown[] | undefined {
  return cold.jar?.serializeSync()?.cookies;
}

/** The jar as JSON text, for the store; `undefined` when there is nothing to keep. */
export function serializeJar(cold: ColdState | undefined): string | undefined {
  if (!cold) return undefined;
  if (!cold.jar) return cold.jarJson;
  const serialized = cold.jar.serializeSync();
  return serialized && serialized.cookies.length > 0 ? JSON.stringify(serialized) : undefined;
}

/**
 * The URL meant by a call without one: the only site the jar knows.
 *
 * @throws CookieUrlNeededError when the jar knows several
 */
export function onlySiteOf(cold: ColdState | undefined): string | null {
  if (!hasJar(cold)) return null;
  const sites = new Map<string, string>();
  for (const cookie of jarOf(cold).serializeSync()?.cookies ?? []) {
    const domain = String(cookie['domain'] ?? '');
    if (!sites.has(domain)) {
      sites.set(domain, `https://${domain}${String(cookie['path'] ?? '/')}`);
    }
  }
  if (sites.size > 1) throw new CookieUrlNeededError([...sites.keys()]);
  return sites.values().next().value ?? null;
}

function hasJar(cold: ColdState | undefined): cold is ColdState {
  return cold !== undefined && (cold.jar !== undefined || cold.jarJson !== undefined);
}

/** Returns why it was refused, `null` when it was stored. */
export function storeCookie(jar: CookieJar, cookie: Cookie, url: string): string | null {
  if (isFull(jar)) return `the session holds ${MAX_COOKIES} cookies already`;
  // A jar that was brought along may be of another copy of the package, which knows no cookies but its own.
  const isOurs = jar instanceof toughCookie().CookieJar;
  jar.setCookieSync(isOurs ? cookie : cookie.toString(), url);
  return null;
}

const countOf = new WeakMap<CookieJar, number>();

/** Counts what went in since the last look, and looks only when that could be too many. */
function isFull(jar: CookieJar): boolean {
  const upperBound = (countOf.get(jar) ?? 0) + 1;
  countOf.set(jar, upperBound);
  if (upperBound <= MAX_COOKIES) return false;
  const actual = jar.serializeSync()?.cookies.length ?? 0;
  countOf.set(jar, actual);
  return actual >= MAX_COOKIES;
}

/** Wall clock, ms; `Infinity` for a cookie of the browser session. `Max-Age` counts from when it was set. */
function expiresAt(cookie: Cookie): number {
  const setAt = cookie.creation instanceof Date ? cookie.creation : undefined;
  return cookie.expiryTime(setAt) ?? Number.POSITIVE_INFINITY;
}

function toBrowserCookie(cookie: Cookie): BrowserCookie {
  const expires = expiresAt(cookie);
  const domain = cookie.domain ?? '';
  const sameSite = cookie.sameSite;
  return {
    name: cookie.key,
    value: cookie.value,
    domain: cookie.hostOnly ? domain : `.${domain}`,
    path: cookie.path ?? '/',
    expires: Number.isFinite(expires) ? expires / 1000 : -1,
    httpOnly: cookie.httpOnly,
    secure: cookie.secure,
    ...(sameSite === 'strict' || sameSite === 'lax' || sameSite === 'none'
      ? {
          sameSite: (sameSite.charAt(0).toUpperCase() + sameSite.slice(1)) as
            | 'Strict'
            | 'Lax'
            | 'None',
        }
      : {}),
  };
}
