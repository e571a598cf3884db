import { hash } from 'node:crypto';

/** Characters that form encoding leaves alone, so a query made of them is already written as it would be rewritten. */
const PLAIN_QUERY = /^\?(?:[A-Za-z0-9_.*-]+=[A-Za-z0-9_.*+-]*(?:&|$))+$/;
const TRACKING_PREFIX = 'utm_';
const SLASH = 47;
const AMPERSAND = 38;

/**
 * One spelling for all URLs that mean the same page, as Crawlee writes it: scheme and host in lower case, no
 * default port, no credentials, no fragment, no `utm_*` parameters, parameters sorted by name, no trailing
 * slash. Parameters of the same name keep their order. Idempotent.
 *
 * @returns `null` when the text is no absolute http or https URL
 */
export function normalizeUrl(url: string, keepFragment = false): string | null {
  const parsed = parseHttpUrl(url);
  return parsed && normalizeParsedUrl(parsed, keepFragment);
}

/** {@link normalizeUrl} where the caller has parsed the URL already. */
export function normalizeParsedUrl(url: URL, keepFragment: boolean): string {
  const { search, hash: fragment } = url;
  const base = `${url.protocol}//${url.host}${withoutTrailingSlashes(url.pathname)}`;
  if (search === '' && (fragment === '' || !keepFragment)) return base;
  return base + normalQuery(url, search) + (keepFragment ? fragment : '');
}

export function parseHttpUrl(text: string): URL | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}

/** Tells requests to one URL apart by method and payload: `POST(1a2b3c4d):https://example.com/search`. */
export function extendedUniqueKey(
  normalizedUrl: string,
  method: string,
  payload: string | Uint8Array | undefined,
): string {
  const payloadHash =
    payload === undefined ? '' : hash('sha256', payload, 'base64url').slice(0, 16);
  return `${method}(${payloadHash}):${normalizedUrl}`;
}

/** 90 bits of SHA-256: a page that chooses its links cannot make two of them share an id. */
export function requestIdOf(uniqueKey: string): string {
  return hash('sha256', uniqueKey, 'base64url').slice(0, 15);
}

/** All of them, so that normalising twice changes nothing. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end--;
  return end === path.length ? path : path.slice(0, end);
}

function normalQuery(url: URL, search: string): string {
  if (search === '' || isNormalQuery(search)) return search;
  const { searchParams } = url;
  for (const name of [...searchParams.keys()]) {
    if (name.startsWith(TRACKING_PREFIX)) searchParams.delete(name);
  }
  searchParams.sort();
  const query = searchParams.toString();
  return query === '' ? '' : `?${query}`;
}

/** Plainly written, sorted and free of tracking; saves building the parameter list for most links. */
function isNormalQuery(search: string): boolean {
  if (!PLAIN_QUERY.test(search) || search.charCodeAt(search.length - 1) === AMPERSAND) return false;
  if (search.includes(TRACKING_PREFIX)) return false;
  let previous = '';
  for (let start = 1; start < search.length; ) {
    const name = search.slice(start, search.indexOf('=', start));
    if (name < previous) return false;
    previous = name;
    const end = search.indexOf('&', start);
    if (end === -1) break;
    start = end + 1;
  }
  return true;
}
