/** What of a request changes from one hop to the next. */
export interface RequestStep {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** The response ends here, goes on with another request, or points where nothing can be sent. */
export type Redirect =
  | { readonly kind: 'none' }
  | { readonly kind: 'follow'; readonly step: RequestStep }
  | { readonly kind: 'unusable'; readonly scheme: string };

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const NO_REDIRECT: Redirect = { kind: 'none' };

/** Meant for the origin the caller named, and for no other. */
const ORIGIN_BOUND: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'proxy-authorization',
]);

const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
]);

/**
 * The rules of the Fetch standard (HTTP-redirect fetch): 303 turns everything but HEAD into GET, 301 and 302 turn
 * POST into GET, 307 and 308 repeat the request. Without a location that parses, the response itself is the answer.
 */
export function redirectOf(
  step: RequestStep,
  statusCode: number,
  location: string | string[] | undefined,
): Redirect {
  if (!REDIRECT_STATUSES.has(statusCode) || location === undefined) return NO_REDIRECT;
  const url = targetOf(Array.isArray(location) ? (location[0] ?? '') : location, step.url);
  if (!url) return NO_REDIRECT;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { kind: 'unusable', scheme: url.protocol };
  }
  const isRewritten =
    (statusCode === 303 && step.method !== 'HEAD' && step.method !== 'GET') ||
    ((statusCode === 301 || statusCode === 302) && step.method === 'POST');
  const isSameOrigin = url.origin === step.url.origin;
  const isKept = (name: string): boolean =>
    !(isRewritten && BODY_HEADERS.has(name)) && (isSameOrigin || !ORIGIN_BOUND.has(name));
  return {
    kind: 'follow',
    step: {
      url,
      method: isRewritten ? 'GET' : step.method,
      headers: isRewritten || !isSameOrigin ? filtered(step.headers, isKept) : step.headers,
      body: isRewritten ? undefined : step.body,
    },
  };
}

/** The location as a URL; the fragment of the request lives on when the location has none (RFC 9110, 10.2.2). */
function targetOf(location: string, base: URL): URL | undefined {
  const text = asUtf8(location.trim());
  if (text === '' || !URL.canParse(text, base.href)) return undefined;
  const url = new URL(text, base);
  if (url.hash === '' && !text.includes('#')) url.hash = base.hash;
  return url;
}

/** Header bytes arrive as Latin-1 text, but sites put UTF-8 there. */
function asUtf8(text: string): string {
  if (!/[\u0080-\u00ff]/.test(text)) return text;
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? text : decoded;
}

function filtered(
  headers: Readonly<Record<string, string>>,
  isKept: (lowerCaseName: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name.toLowerCase())));
}
