import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { type ContentType, parseContentType } from './content-type.ts';

export interface DecodedBody {
  readonly text: string;
  /** The encoding that was used, by its name in the Encoding standard, such as `windows-1252`. */
  readonly charset: string;
}

/** Labels of the Encoding standard, such as `windows-1250`. */
export interface CharsetHints {
  readonly suggested?: string | undefined;
  readonly forced?: string | undefined;
}

const NO_HINTS: CharsetHints = Object.freeze({});

/** How far browsers look for a `<meta>` (HTML standard, 13.2.3.2). */
const PRESCAN_BYTES = 1024;

const COMMENT = /<!--[\s\S]*?(?:-->|$)/g;
const META_CHARSET = /<meta\s[^>]*?charset\s*=\s*["']?\s*([^\s"'/>;]+)/i;
const XML_ENCODING = /^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']+)["']/;

const C1_CONTROLS = /[\u0080-\u009f]/g;

/** What windows-1252 has in place of the C1 controls, from 0x80 on; five of them stay as they are. */
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/** Decoders by the labels seen; only labels of the Encoding standard get in, so it stays small. */
const decoders = new Map<string, TextDecoder>();

/**
 * Bytes as text, by the first of: byte order mark, `content-type`, `<meta>` or XML declaration within the first
 * 1024 bytes, `hints.suggested`. Without any, UTF-8; HTML that is not valid UTF-8 counts as windows-1252, as in
 * browsers. `hints.forced` goes before all of them.
 */
export function decodeBody(
  bytes: Uint8Array,
  contentType: string | readonly string[] | undefined,
  hints: CharsetHints = NO_HINTS,
): DecodedBody {
  const forced = hints.forced === undefined ? undefined : knownName(hints.forced);
  const charset = forced ?? charsetOf(bytes, parseContentType(contentType), hints.suggested);
  return { text: textOf(bytes, charset), charset };
}

function textOf(bytes: Uint8Array, charset: string): string {
  if (charset === 'utf-8') return utf8Text(bytes);
  return charset === 'windows-1252' ? windows1252Text(bytes) : decoderFor(charset).decode(bytes);
}

export function isCharset(label: string): boolean {
  return knownName(label) !== undefined;
}

function charsetOf(
  bytes: Uint8Array,
  { type, charset }: ContentType,
  suggested: string | undefined,
): string {
  const marked = byteOrderMark(bytes);
  if (marked) return marked;
  const named = charset === undefined ? undefined : knownName(charset);
  if (named) return named;
  const isHtml = type === '' || type === 'text/html' || type === 'application/xhtml+xml';
  const fallback = suggested === undefined ? undefined : knownName(suggested);
  if (!isHtml && !type.endsWith('xml')) return fallback ?? 'utf-8';
  const declared = declaredIn(bytes) ?? fallback;
  if (declared) return declared;
  return isHtml && !isUtf8(bytes) ? 'windows-1252' : 'utf-8';
}

function byteOrderMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return undefined;
}

function declaredIn(bytes: Uint8Array): string | undefined {
  const start = buffer(bytes).toString('latin1', 0, PRESCAN_BYTES);
  const label = XML_ENCODING.exec(start)?.[1] ?? META_CHARSET.exec(start.replace(COMMENT, ''))?.[1];
  const name = label === undefined ? undefined : knownName(label);
  // The declaration was readable as ASCII, so it cannot be UTF-16.
  return name?.startsWith('utf-16') ? 'utf-8' : name;
}

/** The standard's name for a label such as `latin1` or `sjis`; `undefined` when there is no such encoding. */
function knownName(label: string): string | undefined {
  if (label === 'utf-8' || label === 'utf8') return 'utf-8';
  try {
    return decoderFor(label).encoding;
  } catch {
    return undefined;
  }
}

function decoderFor(label: string): TextDecoder {
  const known = decoders.get(label);
  if (known) return known;
  const made = new TextDecoder(label);
  decoders.set(label, made);
  return made;
}

/** Node 20's decoder of this name is a Latin-1 decoder: it leaves the bytes where the two differ. */
function windows1252Text(bytes: Uint8Array): string {
  return buffer(bytes)
    .toString('latin1')
    .replace(C1_CONTROLS, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80] as string);
}

function utf8Text(bytes: Uint8Array): string {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return buffer(bytes).toString('utf8', hasMark ? 3 : 0);
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
