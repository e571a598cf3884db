import { pipeline, type Transform } from 'node:stream';
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';
import { OutputTooLarge, unzstd } from './zstd.ts';

/** Content codings we can undo. `deflate` means zlib, or raw deflate as some servers send it. */
export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd';

const NAMES: Readonly<Record<string, Encoding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

/** More output than this is not made in one go: a bomb would hold up everything else. */
const MAX_SMALL_OUTPUT_BYTES = 1024 * 1024;

const NONE: readonly Encoding[] = [];

/**
 * The codings of a `content-encoding` header, the last one applied first. One that is unknown ends the list there,
 * and the body is left as it is from that coding on: browsers do the same.
 */
export function contentEncodings(header: string | string[] | undefined): readonly Encoding[] {
  if (header === undefined) return NONE;
  const names = String(header).toLowerCase().split(',');
  const encodings: Encoding[] = [];
  for (const name of names.reverse()) {
    const trimmed = name.trim();
    if (trimmed === '' || trimmed === 'identity') continue;
    const encoding = Object.hasOwn(NAMES, trimmed) ? NAMES[trimmed] : undefined;
    if (!encoding) break;
    encodings.push(encoding);
  }
  return encodings;
}

/**
 * A small body decoded on the spot; `undefined` when that is not possible and it has to be streamed.
 * @throws when the body is incomplete or corrupt
 */
export function decodeSmall(
  bytes: Uint8Array,
  encodings: readonly Encoding[],
): Uint8Array | undefined {
  let decoded = bytes;
  for (const encoding of encodings) {
    if (decoded.length === 0) return decoded;
    if (encoding === 'zstd') return undefined;
    try {
      decoded = decodeSync(decoded, encoding);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
      throw error;
    }
  }
  return decoded;
}

/**
 * Decodes a body piece by piece in bounded memory. An empty body stays empty.
 * @throws when the body is incomplete or corrupt
 */
export function decodeStream(
  chunks: AsyncIterable<Uint8Array>,
  encodings: readonly Encoding[],
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  let decoded = chunks;
  for (const encoding of encodings) {
    decoded = encoding === 'zstd' ? unzstd(decoded, maxBytes) : throughZlib(decoded, encoding);
  }
  return decoded;
}

/** Whether decoding stopped because it made more bytes than allowed. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof OutputTooLarge;
}

function decodeSync(bytes: Uint8Array, encoding: 'gzip' | 'deflate' | 'br'): Uint8Array {
  const options = { maxOutputLength: MAX_SMALL_OUTPUT_BYTES };
  if (encoding === 'gzip') return gunzipSync(bytes, options);
  if (encoding === 'br') return brotliDecompressSync(bytes, options);
  return hasZlibHeader(bytes) ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
}

async function* throughZlib(
  chunks: AsyncIterable<Uint8Array>,
  encoding: 'gzip' | 'deflate' | 'br',
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let first = await iterator.next();
  while (!first.done && first.value.length === 0) first = await iterator.next();
  if (first.done) return;
  const decoder = decoderFor(encoding, first.value);
  // The errors of both ends come out of the decoder, which is read below.
  pipeline(startingWith(first.value, iterator), decoder, () => {});
  yield* decoder as AsyncIterable<Uint8Array>;
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function decoderFor(encoding: 'gzip' | 'deflate' | 'br', first: Uint8Array): Transform {
  if (encoding === 'gzip') return createGunzip();
  if (encoding === 'br') return createBrotliDecompress();
  return hasZlibHeader(first) ? createInflate() : createInflateRaw();
}

/** Compression method 8 in the first byte (RFC 1950); raw deflate data never begins so in practice. */
function hasZlibHeader(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8;
}
