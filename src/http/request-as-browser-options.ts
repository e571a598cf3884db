import * as v from 'valibot';
import type { Fingerprint } from '../core/fingerprint.ts';
import {
  callback,
  flag,
  integer,
  number,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../core/options.ts';
import type { Random } from '../core/random.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { CookieStore, HttpClient, HttpHop } from './http-client.ts';

/** What of a session counts here; a `Session` is one. */
export interface BrowserSession extends CookieStore {
  readonly fingerprint: Fingerprint;
  readonly proxyInfo: ProxyInfo | null;
}

/** A jar of tough-cookie. */
export interface SyncCookieJar {
  getCookieStringSync(url: string): string;
  setCookieSync(rawSetCookie: string, url: string, options: { ignoreError: true }): unknown;
}

/** What is known before the body is read. */
export interface BrowserResponseHead {
  /** After redirects. */
  readonly url: string;
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Lower-case names; repeated headers as arrays. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Every response on the way, the final one last. */
  readonly hops: readonly HttpHop[];
  /** What was asked for at first. */
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** The body is a text, a `Buffer` with `decodeBody: false`, a value with `json`, a `Readable` with `stream`. */
export interface BrowserResponse<Body = unknown> extends BrowserResponseHead {
  readonly body: Body;
}

export interface RequestAsBrowserOptions {
  readonly url: string;
  /** @default 'GET' */
  readonly method?: string;
  /** Replace those of the browser, whatever their spelling, in their place; others are added. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body to send; with `json` any value, sent as JSON. */
  readonly payload?: unknown;
  /** Parses the body as JSON, and sends a `payload` as JSON. @default false */
  readonly json?: boolean;
  /** A proxy as `http://user:password@host:port`; `https` and `socks5` too. @default the session's proxy */
  readonly proxyUrl?: string;
  /** For everything together: connecting, redirects, the whole body. @default 30 */
  readonly timeoutSecs?: number;
  /** Rejects on status 400 and above. @default false */
  readonly throwHttpErrors?: boolean;
  /** Uses HTTP/2 with sites that speak it. @default true */
  readonly useHttp2?: boolean;
  /** @default true */
  readonly ignoreSslErrors?: boolean;
  /** Sees the response before its body is read; `true` ends the request with an error of the kind `aborted`. */
  readonly abortFunction?: (response: BrowserResponseHead) => boolean;
  /** Gives the decoded, not yet read body as a `Readable`. @default false */
  readonly stream?: boolean;
  /** Gives the body as a text, by its charset. @default true */
  readonly decodeBody?: boolean;
  /** @default true */
  readonly followRedirect?: boolean;
  /** @default 10 */
  readonly maxRedirects?: number;
  /** Bytes after decompression. @default 100 MiB */
  readonly maxBodyBytes?: number;
  /** Sends and keeps cookies; a jar of tough-cookie, or anything with the two methods of a session. @default the session */
  readonly cookieJar?: CookieStore | SyncCookieJar;
  /** Whose headers, cookies and proxy are used. Without one, every call is another browser. */
  readonly session?: BrowserSession;
  /** Two-letter ISO 639 code; not with a session, which has its own locale. @default 'en' */
  readonly languageCode?: string;
  /** Two-letter ISO 3166 code; not with a session. @default 'US' */
  readonly countryCode?: string;
  /** A browser on a phone; not with a session. @default false */
  readonly useMobileVersion?: boolean;
  /** @default true */
  readonly useBrotli?: boolean;
  /** Borrowed, never closed; keeps connections between calls. @default one that is closed with the response */
  readonly client?: HttpClient;
  readonly signal?: AbortSignal;
  /** Draws the browser when there is no session. */
  readonly random?: Random;
}

const DEFAULTS = Object.freeze({
  method: 'GET',
  json: false,
  timeoutSecs: 30,
  throwHttpErrors: false,
  useHttp2: true,
  ignoreSslErrors: true,
  stream: false,
  decodeBody: true,
  followRedirect: true,
  maxRedirects: 10,
  languageCode: 'en',
  countryCode: 'US',
  useMobileVersion: false,
  useBrotli: true,
});

export type ResolvedRequestAsBrowserOptions = RequestAsBrowserOptions &
  Required<
    Pick<
      RequestAsBrowserOptions,
      | 'method'
      | 'json'
      | 'timeoutSecs'
      | 'throwHttpErrors'
      | 'useHttp2'
      | 'ignoreSslErrors'
      | 'stream'
      | 'decodeBody'
      | 'followRedirect'
      | 'maxRedirects'
      | 'languageCode'
      | 'countryCode'
      | 'useMobileVersion'
      | 'useBrotli'
    >
  >;

const OPTIONS: v.GenericSchema = optionsObject({
  url: text(),
  method: optional(text()),
  headers: optional(
    v.record(v.string(), v.string('a text'), 'an object of texts') as v.GenericSchema<
      Record<string, string>
    >,
  ),
  payload: v.optional(v.unknown()),
  json: optional(flag()),
  proxyUrl: optional(text()),
  timeoutSecs: optional(number({ min: 0 })),
  throwHttpErrors: optional(flag()),
  useHttp2: optional(flag()),
  ignoreSslErrors: optional(flag()),
  abortFunction: optional(callback<(response: BrowserResponseHead) => boolean>()),
  stream: optional(flag()),
  decodeBody: optional(flag()),
  followRedirect: optional(flag()),
  maxRedirects: optional(integer({ min: 0 })),
  maxBodyBytes: optional(integer({ min: 1 })),
  cookieJar: optional(
    v.custom<CookieStore | SyncCookieJar>(isCookieJar, 'a cookie jar') as v.GenericSchema<
      CookieStore | SyncCookieJar
    >,
  ),
  session: optional(objectWith<BrowserSession>('a session', ['getCookieString', 'setCookie'])),
  languageCode: optional(text()),
  countryCode: optional(text()),
  useMobileVersion: optional(flag()),
  useBrotli: optional(flag()),
  client: optional(objectWith<HttpClient>('an HTTP client', ['send'])),
  signal: optional(v.instance(AbortSignal, 'an AbortSignal') as v.GenericSchema<AbortSignal>),
  random: optional(objectWith<Random>('a random source', ['next'])),
});

/** @throws OptionError */
export function resolveRequestAsBrowserOptions(
  options: RequestAsBrowserOptions,
): ResolvedRequestAsBrowserOptions {
  const given = parseOptions(
    OPTIONS,
    options,
    'requestAsBrowser options',
  ) as RequestAsBrowserOptions;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(set) } as ResolvedRequestAsBrowserOptions;
}

function isCookieJar(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    ('getCookieStringSync' in value && 'setCookieSync' in value) ||
    ('getCookieString' in value && 'setCookie' in value)
  );
}
