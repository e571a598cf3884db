import { createHash } from 'node:crypto';
import type { RequestRow } from '../request-store.ts';

// A row is one text: the id, a sign that says how the rest is written, and the rest. The line it stands in knows its
// origin, here https://example.com.
//   id~/a                       key https://example.com/a, body {"url":"https://example.com/a"}
//   id~/a\n3                    body {"url":"https://example.com/a","crawlDepth":3}
//   id/example.org/a            as the first, with a key that does not begin with the origin; with a colon for http
//   id=2 21 /a tail             any other: bytes of the key behind the origin, and the key; then the body is tail, behind
//                               {"url":" and so many bytes of the whole key as the second number says, if it is not 0
//   id 21 21 key tail           the same with the whole key
// The scripts read rows too: see row.lua.

const SCHEMES = { '/': 'https://', ':': 'http://' } as const;
const PLAIN_ID = /^[\w-]+$/;
const PLAIN_ORIGIN = /^[\w.:/[\]-]+$/;
const URL_START = '{"url":"';
const PLAIN_TAIL = '"}';
const DEPTH_TAIL = /^","crawlDepth":(\d+)\}$/;
const GENERAL = /^(\d+) (\d+) /;

/** The id as it stands in a row and in the scripts' keys: without the signs that may follow it. */
export function idText(id: string): string {
  return PLAIN_ID.test(id) ? id : `%${encodeURIComponent(id).replace(/[!'()*~.]/g, codeOf)}`;
}

/** The origin as it stands in the names of keys and in the scripts' records: without white space, never empty. */
export function originText(origin: string | undefined = ''): string {
  return PLAIN_ORIGIN.test(origin) ? origin : `%${encodeURIComponent(origin)}`;
}

/** The inverse of {@link originText}. */
export function originOf(text: string): string {
  return text.startsWith('%') ? decodeURIComponent(text.slice(1)) : text;
}

/** About 20 bytes more than the URL's path for most requests, where JSON would write the URL twice. */
export function rowText({ id, uniqueKey, body, origin }: RequestRow): string {
  const base = baseOf(originText(origin));
  return idText(id) + (plainRest(uniqueKey, body, base) ?? generalRest(uniqueKey, body, base));
}

/** The inverse of {@link rowText}; `origin` as {@link originText} writes it. */
export function rowOf(text: string, origin: string): RequestRow & { readonly origin: string } {
  const end = text.search(/[ /:=~]/);
  const written = text.slice(0, end);
  const id = written.startsWith('%') ? decodeURIComponent(written.slice(1)) : written;
  const sign = text[end];
  const rest = text.slice(end + 1);
  const known = { id, origin: originOf(origin) };
  if (sign === '/' || sign === ':') return { ...known, ...plainRow(SCHEMES[sign], rest) };
  if (sign === '~') return { ...known, ...plainRow(origin, rest) };
  return { ...known, ...generalRow(rest, sign === '=' ? origin : '') };
}

/**
 * By which a queue knows a request: a whole number from 1 to 2^63 − 1, from the SHA-256 of its id. Of a hundred
 * million requests two share one with a chance of 1 in 1,800; the second would be taken for known.
 */
export function fingerprintOf(id: string): string {
  const number = createHash('sha256').update(id).digest().readBigUInt64BE() >> 1n;
  return String(number || 1n);
}

/** What keys may begin with instead of being written whole; empty for an origin that is not written as it is. */
function baseOf(origin: string): string {
  return origin.startsWith('%') ? '' : origin;
}

function plainRest(uniqueKey: string, body: string, base: string): string | undefined {
  const start = plainStart(uniqueKey, base);
  if (start === undefined || uniqueKey.includes('\n')) return undefined;
  if (!body.startsWith(URL_START) || !body.startsWith(uniqueKey, URL_START.length)) {
    return undefined;
  }
  const tail = body.slice(URL_START.length + uniqueKey.length);
  const depth = tail === PLAIN_TAIL ? '' : DEPTH_TAIL.exec(tail)?.[1];
  if (depth === undefined) return undefined;
  return start.sign + uniqueKey.slice(start.length) + (depth && `\n${depth}`);
}

/** The sign that stands for the beginning of a key, and how long that is. */
function plainStart(key: string, base: string): { sign: string; length: number } | undefined {
  if (base !== '' && key.startsWith(base)) return { sign: '~', length: base.length };
  for (const sign of ['/', ':'] as const) {
    if (key.startsWith(SCHEMES[sign])) return { sign, length: SCHEMES[sign].length };
  }
  return undefined;
}

function plainRow(start: string, rest: string): Pick<RequestRow, 'uniqueKey' | 'body'> {
  const [address = '', depth] = rest.split('\n');
  const uniqueKey = start + address;
  const tail = depth === undefined ? PLAIN_TAIL : `","crawlDepth":${depth}}`;
  return { uniqueKey, body: URL_START + uniqueKey + tail };
}

function generalRest(uniqueKey: string, body: string, base: string): string {
  const shared = body.startsWith(URL_START) ? sharedLength(uniqueKey, body, URL_START.length) : 0;
  const tail = shared > 0 ? body.slice(URL_START.length + shared) : body;
  const sharedBytes = Buffer.byteLength(uniqueKey.slice(0, shared));
  const isRelative = base !== '' && uniqueKey.startsWith(base);
  const written = isRelative ? uniqueKey.slice(base.length) : uniqueKey;
  const sign = isRelative ? '=' : ' ';
  return `${sign}${Buffer.byteLength(written)} ${sharedBytes} ${written}${tail}`;
}

function generalRow(rest: string, base: string): Pick<RequestRow, 'uniqueKey' | 'body'> {
  const [head = '', length, shared] = GENERAL.exec(rest) ?? [];
  const bytes = Buffer.from(rest.slice(head.length));
  const written = bytes.subarray(0, Number(length));
  const tail = bytes.toString('utf8', written.length);
  const key = Buffer.concat([Buffer.from(base), written]);
  const sharedBytes = Number(shared);
  const body = sharedBytes > 0 ? URL_START + key.toString('utf8', 0, sharedBytes) + tail : tail;
  return { uniqueKey: key.toString(), body };
}

/** How many characters of `key` stand at `from` in `body`; never half of one that takes two code units. */
function sharedLength(key: string, body: string, from: number): number {
  let length = 0;
  while (length < key.length && key.charCodeAt(length) === body.charCodeAt(from + length)) length++;
  const last = key.charCodeAt(length - 1);
  return last >= 0xd800 && last <= 0xdbff ? length - 1 : length;
}

function codeOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
