import { createHash } from 'node:crypto';
import type { RequestRow } from '../request-store.ts';

// A row is one text: the id, a sign that says how the rest is written, and the rest.
//   id/example.com/a            key https://example.com/a, body {"url":"https://example.com/a"}
//   id:example.com/a            the same with http
//   id/example.com/a\n3         body {"url":"https://example.com/a","crawlDepth":3}
//   id 21 21 key tail           any other: bytes of the key; then the body is tail, behind {"url":" and so many
//                               bytes of the key as the second number says, if it is not 0
// The scripts read rows too: see row.lua.

const SCHEMES = { '/': 'https://', ':': 'http://' } as const;
const PLAIN_ID = /^[\w-]+$/;
const URL_START = '{"url":"';
const PLAIN_TAIL = '"}';
const DEPTH_TAIL = /^","crawlDepth":(\d+)\}$/;
const GENERAL = /^ (\d+) (\d+) /;

/** The id as it stands in a row and in the scripts' keys: without the signs that may follow it. */
export function idText(id: string): string {
  return PLAIN_ID.test(id) ? id : `%${encodeURIComponent(id).replace(/[!'()*~.]/g, codeOf)}`;
}

/** About 20 bytes more than the URL for most requests, where JSON would write the URL twice. */
export function rowText({ id, uniqueKey, body }: RequestRow): string {
  return idText(id) + (plainRest(uniqueKey, body) ?? generalRest(uniqueKey, body));
}

/** The inverse of {@link rowText}. */
export function rowOf(text: string): RequestRow {
  const end = text.search(/[ /:]/);
  const written = text.slice(0, end);
  const id = written.startsWith('%') ? decodeURIComponent(written.slice(1)) : written;
  const sign = text[end];
  const rest = text.slice(end);
  if (sign === '/' || sign === ':') return { id, ...plainRow(SCHEMES[sign], rest.slice(1)) };
  return { id, ...generalRow(rest) };
}

/**
 * By which a queue knows a request: a whole number from 1 to 2^63 − 1, from the SHA-256 of its id. Of a hundred
 * million requests two share one with a chance of 1 in 1,800; the second would be taken for known.
 */
export function fingerprintOf(id: string): string {
  const number = createHash('sha256').update(id).digest().readBigUInt64BE() >> 1n;
  return String(number || 1n);
}

function plainRest(uniqueKey: string, body: string): string | undefined {
  const sign = uniqueKey.startsWith('https://') ? '/' : uniqueKey.startsWith('http://') ? ':' : '';
  if (sign === '' || uniqueKey.includes('\n')) return undefined;
  if (!body.startsWith(URL_START) || !body.startsWith(uniqueKey, URL_START.length)) {
    return undefined;
  }
  const tail = body.slice(URL_START.length + uniqueKey.length);
  const depth = tail === PLAIN_TAIL ? '' : DEPTH_TAIL.exec(tail)?.[1];
  if (depth === undefined) return undefined;
  return sign + uniqueKey.slice(SCHEMES[sign as '/' | ':'].length) + (depth && `\n${depth}`);
}

function plainRow(scheme: string, rest: string): Omit<RequestRow, 'id'> {
  const [address = '', depth] = rest.split('\n');
  const uniqueKey = scheme + address;
  const tail = depth === undefined ? PLAIN_TAIL : `","crawlDepth":${depth}}`;
  return { uniqueKey, body: URL_START + uniqueKey + tail };
}

function generalRest(uniqueKey: string, body: string): string {
  const shared = body.startsWith(URL_START) ? sharedLength(uniqueKey, body, URL_START.length) : 0;
  const tail = shared > 0 ? body.slice(URL_START.length + shared) : body;
  const sharedBytes = Buffer.byteLength(uniqueKey.slice(0, shared));
  return ` ${Buffer.byteLength(uniqueKey)} ${sharedBytes} ${uniqueKey}${tail}`;
}

function generalRow(rest: string): Omit<RequestRow, 'id'> {
  const [head = '', length, shared] = GENERAL.exec(rest) ?? [];
  const bytes = Buffer.from(rest.slice(head.length));
  const key = bytes.subarray(0, Number(length));
  const tail = bytes.toString('utf8', key.length);
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
