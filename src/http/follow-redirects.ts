import type { Clock } from '../core/clock.ts';
import { redactText } from '../core/redact.ts';
import { Deadline } from './deadline.ts';
import type { Hop, HopResponse, SendHop } from './hop.ts';
import type { CookieStore, HttpHop, HttpRequest, HttpResponse } from './http-client.ts';
import { HttpError } from './http-error.ts';
import { ReceivedResponse } from './received-response.ts';
import { type RequestStep, redirectOf } from './redirect-rules.ts';
import { requestError, withoutCredentials } from './request-error.ts';

const DEFAULTS = {
  maxRedirects: 10,
  maxBodyBytes: 100 * 1024 * 1024,
  totalTimeoutMs: 60_000,
} as const;

export interface SendOptions {
  readonly clock: Clock;
  /** Sent when the request names none. */
  readonly acceptEncoding?: string;
}

/**
 * Sends a request and whatever its redirects lead to, one hop after the other, the same way for every client.
 * Each hop's cookies are stored before the next hop reads them.
 */
export async function sendFollowingRedirects(
  request: HttpRequest,
  options: SendOptions,
  sendHop: SendHop,
): Promise<HttpResponse> {
  const deadline = new Deadline({
    clock: options.clock,
    totalTimeoutMs: request.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs,
    signal: request.signal,
  });
  const maxRedirects = request.maxRedirects ?? DEFAULTS.maxRedirects;
  const hops: HttpHop[] = [];
  let seen: Set<string> | undefined;
  let step = firstStep(request);
  for (;;) {
    const hop = hopOf(step, request, deadline, options.acceptEncoding);
    const response = await sendHop(hop);
    const setCookie = storeCookies(response, hop.url, request.cookies);
    hops.push({ url: hop.url.href, statusCode: response.statusCode, setCookie });
    const redirect =
      request.followRedirects === false
        ? undefined
        : redirectOf(step, response.statusCode, response.headers['location']);
    if (redirect === undefined || redirect.kind === 'none') {
      return new ReceivedResponse(
        hop,
        response,
        hops,
        request.maxBodyBytes ?? DEFAULTS.maxBodyBytes,
      );
    }
    response.source.discard();
    if (redirect.kind === 'unusable') {
      throw requestError('redirects', hop, `redirected to an unusable ${redirect.scheme} location`);
    }
    if (hops.length > maxRedirects) {
      throw requestError('redirects', hop, `more than ${maxRedirects} redirects`);
    }
    seen ??= new Set();
    const key = loopKey(hop);
    if (seen.has(key)) throw requestError('redirects', hop, 'redirected in a loop');
    seen.add(key);
    step = redirect.step;
  }
}

function firstStep(request: HttpRequest): RequestStep {
  if (!URL.canParse(request.url)) throw unsendable(request.url, 'the URL cannot be parsed');
  const url = new URL(request.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw unsendable(request.url, `cannot send to a ${url.protocol} URL`);
  }
  const method = request.method?.toUpperCase() ?? 'GET';
  if (method === 'CONNECT') throw unsendable(request.url, 'the method CONNECT is for proxies');
  return { url, method, headers: request.headers ?? {}, body: request.body };
}

function unsendable(url: string, what: string): HttpError {
  const safeUrl = redactText(url);
  return new HttpError('invalid', `${safeUrl}: ${what}`, { url: safeUrl });
}

function hopOf(
  step: RequestStep,
  request: HttpRequest,
  deadline: Deadline,
  acceptEncoding: string | undefined,
): Hop {
  const hasCredentials = step.url.username !== '' || step.url.password !== '';
  const url = hasCredentials ? new URL(withoutCredentials(step.url)) : step.url;
  const storedCookies = request.cookies?.getCookieString(url.href) ?? '';
  const headers: string[] = [];
  let hasCookie = false;
  let hasAcceptEncoding = acceptEncoding === undefined;
  let hasAuthorization = !hasCredentials;
  for (const name of Object.keys(step.headers)) {
    const value = step.headers[name];
    if (value === undefined) continue;
    const lowerCaseName = name.toLowerCase();
    if (lowerCaseName === 'accept-encoding') hasAcceptEncoding = true;
    else if (lowerCaseName === 'authorization') hasAuthorization = true;
    else if (lowerCaseName === 'cookie') {
      hasCookie = true;
      headers.push(name, storedCookies === '' ? value : `${value}; ${storedCookies}`);
      continue;
    }
    headers.push(name, value);
  }
  if (!hasAcceptEncoding) headers.push('accept-encoding', acceptEncoding as string);
  if (!hasAuthorization) headers.push('authorization', basicAuthorization(step.url));
  if (!hasCookie && storedCookies !== '') headers.push('cookie', storedCookies);
  return { url, method: step.method, headers, body: step.body, request, deadline };
}

function basicAuthorization({ username, password }: URL): string {
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** Percent-decoded; a stray `%` is left as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const NO_COOKIES: readonly string[] = [];

function storeCookies(
  response: HopResponse,
  url: URL,
  cookies: CookieStore | undefined,
): readonly string[] {
  const header = response.headers['set-cookie'];
  if (header === undefined) return NO_COOKIES;
  const setCookie = Array.isArray(header) ? header : [header];
  if (cookies) for (const raw of setCookie) cookies.setCookie(raw, url.href);
  return setCookie;
}

/** The same request with the same headers again: nothing can have changed, so it would go on for ever. */
function loopKey({ method, url, headers }: Hop): string {
  return `${method} ${url.href}\n${headers.join('\n')}`;
}
