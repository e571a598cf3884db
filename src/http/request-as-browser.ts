import { Readable } from 'node:stream';
import { messageOf, OptionError, TroupeError } from '../core/errors.ts';
import { type Fingerprint, randomFingerprint } from '../core/fingerprint.ts';
import { systemRandom } from '../core/random.ts';
import { parseProxyUrl } from '../proxy/parse-proxy-url.ts';
import { browserHeaders } from './browser-headers.ts';
import { decodeBody } from './charset.ts';
import type { CookieStore, HttpRequest, HttpResponse } from './http-client.ts';
import { HttpError } from './http-error.ts';
import { HttpStatusError } from './http-status-error.ts';
import {
  type BrowserResponse,
  type BrowserResponseHead,
  type RequestAsBrowserOptions,
  type ResolvedRequestAsBrowserOptions as Resolved,
  resolveRequestAsBrowserOptions,
  type SyncCookieJar,
} from './request-as-browser-options.ts';
import { UndiciClient } from './undici-client.ts';

const PHONES: readonly Fingerprint[] = [
  { browser: 'chrome', platform: 'android', locale: 'en-US' },
  { browser: 'safari', platform: 'ios', locale: 'en-US' },
];

/**
 * Sends one request with the headers of a real browser. Any status is a response, unless `throwHttpErrors` is set.
 *
 * @throws HttpError when there is no usable response
 * @throws HttpStatusError with `throwHttpErrors`
 * @throws OptionError
 */
export async function requestAsBrowser<Body = unknown>(
  options: RequestAsBrowserOptions,
): Promise<BrowserResponse<Body>> {
  const resolved = resolveRequestAsBrowserOptions(options);
  const request = requestOf(resolved);
  const client = resolved.client ?? new UndiciClient();
  const finish = async (): Promise<void> => {
    if (client !== resolved.client) await client.close();
  };
  let response: HttpResponse | undefined;
  try {
    response = await client.send(request);
    const head = headOf(request, response);
    checkHead(resolved, head);
    if (resolved.stream) return { ...head, body: streamOf(response, finish) as Body };
    const body = bodyOf(resolved, response, await response.bytes());
    await finish();
    return { ...head, body: body as Body };
  } catch (error) {
    response?.discard();
    await finish();
    throw error;
  }
}

function requestOf(
  options: Resolved,
): HttpRequest & { method: string; headers: Record<string, string> } {
  const { session, timeoutSecs, cookieJar, payload } = options;
  const timeoutMs = timeoutSecs * 1000;
  const cookies = cookieJar ? storeOf(cookieJar) : session;
  const body = bytesToSend(options);
  const proxy = options.proxyUrl
    ? parseProxyUrl(options.proxyUrl, '`proxyUrl`')
    : session?.proxyInfo;
  return {
    url: options.url,
    method: options.method.toUpperCase(),
    headers: headersOf(options, payload !== undefined),
    ...(body === undefined ? {} : { body }),
    proxy: proxy ?? null,
    ...(cookies ? { cookies } : {}),
    followRedirects: options.followRedirect,
    maxRedirects: options.maxRedirects,
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
    connectTimeoutMs: Math.min(10_000, timeoutMs),
    firstByteTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
    ignoreSslErrors: options.ignoreSslErrors,
    useHttp2: options.useHttp2,
    ...(options.signal ? { signal: options.signal } : {}),
  };
}

function headersOf(options: Resolved, hasPayload: boolean): Record<string, string> {
  const fingerprint = options.session?.fingerprint ?? drawnFingerprint(options);
  const own = options.headers ?? {};
  const headers = { ...browserHeaders(fingerprint, { url: options.url, headers: own }) };
  const isOwn = (name: string): boolean =>
    Object.keys(own).some((given) => given.toLowerCase() === name);
  if (options.json && !isOwn('accept')) headers['Accept'] = 'application/json';
  if (options.json && hasPayload && !isOwn('content-type')) {
    headers['Content-Type'] = 'application/json';
  }
  if (!options.useBrotli && !isOwn('accept-encoding')) {
    headers['Accept-Encoding'] = (headers['Accept-Encoding'] ?? '').replace(', br', '');
  }
  return headers;
}

function drawnFingerprint({
  random,
  useMobileVersion,
  languageCode,
  countryCode,
}: Resolved): Fingerprint {
  const source = random ?? systemRandom;
  const drawn = useMobileVersion
    ? (PHONES[Math.floor(source.next() * PHONES.length)] as Fingerprint)
    : randomFingerprint(source);
  return { ...drawn, locale: `${languageCode}-${countryCode}` };
}

function bytesToSend({ payload, json }: Resolved): string | Uint8Array | undefined {
  if (payload === undefined) return undefined;
  if (typeof payload === 'string' || payload instanceof Uint8Array) return payload;
  if (json) return JSON.stringify(payload);
  throw new OptionError(
    'payload',
    'Expected `payload` to be a text or bytes; other values are sent with `json: true` only',
  );
}

function storeOf(jar: CookieStore | SyncCookieJar): CookieStore {
  if (!('getCookieStringSync' in jar)) return jar;
  return {
    getCookieString: (url) => jar.getCookieStringSync(url),
    setCookie: (raw, url) => void jar.setCookieSync(raw, url, { ignoreError: true }),
  };
}

function headOf(
  request: { url: string; method: string; headers: Record<string, string> },
  { url, statusCode, statusMessage, headers, hops }: HttpResponse,
): BrowserResponseHead {
  return {
    url,
    statusCode,
    statusMessage,
    headers,
    hops,
    request: { url: request.url, method: request.method, headers: request.headers },
  };
}

function checkHead(options: Resolved, head: BrowserResponseHead): void {
  if (options.abortFunction?.(head)) {
    throw new HttpError('aborted', `${head.url}: aborted by \`abortFunction\``, { url: head.url });
  }
  if (options.throwHttpErrors && head.statusCode >= 400) {
    throw new HttpStatusError(head.statusCode, head.url);
  }
}

function bodyOf(options: Resolved, response: HttpResponse, bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!options.decodeBody && !options.json) return buffer;
  const { text } = decodeBody(buffer, response.headers['content-type']);
  if (!options.json) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    // An error page is rarely JSON; its status is what counts.
    if (response.statusCode >= 400) return text;
    const what = `${response.url}: the body is not JSON: ${messageOf(error)}`;
    throw new TroupeError('TROUPE_HTTP_NOT_JSON', what);
  }
}

/** Ends the client with the stream, however it ends. */
function streamOf(response: HttpResponse, finish: () => Promise<void>): Readable {
  const stream = Readable.from(response.body, { objectMode: false });
  stream.once('close', () => {
    response.discard();
    finish().catch(() => {});
  });
  return stream;
}
