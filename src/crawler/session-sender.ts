import { TroupeError } from '../core/errors.ts';
import type { Fingerprint } from '../core/fingerprint.ts';
import { browserHeaders } from '../http/browser-headers.ts';
import { decodeBody } from '../http/charset.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http/http-client.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { Session } from '../session/session.ts';
import type { SendRequestOptions, SentResponse } from '../session/session-request.ts';

/** Who a request is sent as. */
export interface Identity {
  readonly session: Session | undefined;
  readonly proxyInfo: ProxyInfo | null;
}

/** What goes out beside the identity. */
export type Outgoing = Pick<
  HttpRequest,
  | 'method'
  | 'headers'
  | 'body'
  | 'followRedirects'
  | 'maxRedirects'
  | 'maxBodyBytes'
  | 'ignoreSslErrors'
  | 'useHttp2'
> & { readonly url: string; readonly timeoutMs: number; readonly signal: AbortSignal };

/** Sends requests as a session: through its proxy, with its headers and its cookies. */
export class SessionSender {
  readonly #client: HttpClient;
  readonly #isKeepingCookies: boolean;

  constructor(client: HttpClient, options: { persistCookiesPerSession: boolean }) {
    this.#client = client;
    this.#isKeepingCookies = options.persistCookiesPerSession;
  }

  /** @throws HttpError */
  send(identity: Identity, outgoing: Outgoing): Promise<HttpResponse> {
    const { session, proxyInfo } = identity;
    const { timeoutMs, headers, ...rest } = outgoing;
    return this.#client.send({
      ...rest,
      headers: browserHeaders(session?.fingerprint ?? SESSIONLESS, {
        url: rest.url,
        headers: headers && hasKeys(headers) ? headers : undefined,
      }),
      proxy: proxyInfo,
      ...(session && this.#isKeepingCookies ? { cookies: session } : {}),
      connectTimeoutMs: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
      firstByteTimeoutMs: timeoutMs,
      totalTimeoutMs: timeoutMs,
    });
  }

  /** For `context.sendRequest`: the whole body, read and decoded. @throws HttpError */
  async fetch(
    identity: Identity,
    base: string,
    options: SendRequestOptions,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<SentResponse> {
    const { url = base, timeoutSecs, json, headers = {}, ...rest } = options;
    const outgoing: Outgoing = {
      ...rest,
      url: new URL(url, base).href,
      headers: json === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      timeoutMs: timeoutSecs === undefined ? limits.timeoutMs : timeoutSecs * 1000,
      signal: limits.signal,
    };
    const response = await this.send(
      identity,
      json === undefined ? outgoing : { ...outgoing, body: JSON.stringify(json) },
    );
    return readWhole(response);
  }
}

const CONNECT_TIMEOUT_MS = 10_000;

/** The most common one, for requests that are nobody's. */
const SESSIONLESS: Fingerprint = Object.freeze({
  browser: 'chrome',
  platform: 'windows',
  locale: 'en-US',
});

async function readWhole(response: HttpResponse): Promise<SentResponse> {
  const bytes = await response.bytes();
  const { url, statusCode, headers } = response;
  let text: string | undefined;
  const body = (): string => {
    text ??= decodeBody(bytes, headers['content-type']).text;
    return text;
  };
  return {
    url,
    statusCode,
    headers,
    bytes,
    get body() {
      return body();
    },
    json: <T>() => parseJson<T>(body(), url),
  };
}

/** @throws TroupeError `TROUPE_BAD_JSON` */
export function parseJson<T>(text: string, url: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new TroupeError('TROUPE_BAD_JSON', `The body of ${url} is no JSON`, { cause });
  }
}

function hasKeys(object: object): boolean {
  for (const _key in object) return true;
  return false;
}
