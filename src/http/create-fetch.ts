import {
  integer,
  number,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
} from '../core/options.ts';
import { browserHeaders } from './browser-headers.ts';
import { fetchResponse, isRedirect } from './fetch-response.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';
import type { BrowserSession } from './request-as-browser-options.ts';
import { UndiciClient } from './undici-client.ts';

export interface CreateFetchOptions {
  /** Borrowed, never closed; several functions may share one. @default one of its own, whose idle connections keep no process alive */
  readonly client?: HttpClient;
  /** For everything together: redirects and the whole body too. @default 300 */
  readonly timeoutSecs?: number;
  /** Bytes after decompression. @default 100 MiB */
  readonly maxBodyBytes?: number;
}

const OPTIONS = optionsObject({
  client: optional(objectWith<HttpClient>('an HTTP client', ['send'])),
  timeoutSecs: optional(number({ min: 0.001 })),
  maxBodyBytes: optional(integer({ min: 1 })),
});

const DEFAULTS = Object.freeze({ timeoutSecs: 300 });
/** The Fetch standard's. */
const MAX_REDIRECTS = 20;

/**
 * A `fetch` that is the session: its proxy, its cookies, its headers. Cookies that come back, on redirects too, are
 * kept in its jar, unless `credentials` is `omit`. Headers of the caller go before those of the browser. The body to
 * send is read whole before it goes out; the one that comes back is a stream. Uses are not counted: that is what
 * leases are for.
 *
 * As of `fetch`, the returned function rejects with a `TypeError` whose `cause` is the `HttpError`, or with the
 * signal's reason.
 *
 * @throws OptionError
 *
 * @example
 * await using pool = await SessionPool.open();
 * await using lease = await pool.lease();
 * const fetchAsSession = createFetch(lease.session);
 * const response = await fetchAsSession('https://example.com/login', {
 *   method: 'POST',
 *   body: new URLSearchParams({ user: 'ann' }),
 * });
 */
export function createFetch(
  session: BrowserSession,
  options: CreateFetchOptions = {},
): typeof globalThis.fetch {
  const given = parseOptions(OPTIONS, options, 'createFetch options');
  const { maxBodyBytes } = given;
  const timeoutMs = (given.timeoutSecs ?? DEFAULTS.timeoutSecs) * 1000;
  let client = given.client as HttpClient | undefined;

  return async (input, init) => {
    // Checks and normalises whatever `fetch` takes.
    const request = new Request(input, init);
    const { signal, redirect } = request;
    let response: HttpResponse;
    try {
      signal.throwIfAborted();
      client ??= new UndiciClient();
      response = await client.send({
        ...(await outgoing(request, session)),
        followRedirects: redirect === 'follow',
        maxRedirects: MAX_REDIRECTS,
        ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
        firstByteTimeoutMs: timeoutMs,
        totalTimeoutMs: timeoutMs,
        signal,
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : new TypeError('fetch failed', { cause: error });
    }
    if (redirect === 'error' && isRedirect(response)) {
      response.discard();
      throw new TypeError('fetch failed', {
        cause: new Error(`${response.url} redirects, which \`redirect: 'error'\` forbids`),
      });
    }
    return fetchResponse(response, { method: request.method, signal });
  };
}

async function outgoing(request: Request, session: BrowserSession): Promise<HttpRequest> {
  const { url, method, credentials } = request;
  const own: Record<string, string> = {};
  request.headers.forEach((value, name) => {
    own[spelled(name)] = value;
  });
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  return {
    url,
    method,
    headers: browserHeaders(session.fingerprint, { url, headers: own }),
    ...(body === undefined ? {} : { body }),
    proxy: session.proxyInfo,
    ...(credentials === 'omit' ? {} : { cookies: session }),
  };
}

/** As browsers spell what they add themselves: `Content-Type`. */
function spelled(name: string): string {
  return name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
