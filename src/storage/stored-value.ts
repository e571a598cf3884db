import { OptionError, TroupeError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import type { KeyValueRecord, StoredValue } from './key-value-store.ts';
import { jsonOf } from './stored-json.ts';

/** A value as every engine keeps it: bytes that mean nothing without their content type. */
export interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const BYTES_TYPE = 'application/octet-stream';

/**
 * Text and bytes are kept as they are, everything else as JSON.
 *
 * @throws TroupeError `TROUPE_NOT_JSON` when the content type promises JSON and the value cannot be it
 * @throws OptionError when the value is an object and the content type is not JSON
 */
export function bytesOf(value: StoredValue, contentType?: string): StoredBytes {
  if (contentType === '') {
    throw new OptionError('contentType', expectedText('contentType', 'a media type', contentType));
  }
  if (value instanceof Uint8Array) {
    return { bytes: new Uint8Array(value), contentType: contentType ?? BYTES_TYPE };
  }
  if (typeof value === 'string') {
    const type = contentType ?? TEXT_TYPE;
    if (isJson(type)) parsedJson(value, 'The text given as JSON');
    return { bytes: Buffer.from(value), contentType: type };
  }
  const type = contentType ?? JSON_TYPE;
  if (!isJson(type)) {
    throw new OptionError('value', expectedText('value', `text or bytes, as ${type} asks`, value));
  }
  return { bytes: Buffer.from(jsonOf(value, 'The value')), contentType: type };
}

/** The inverse of {@link bytesOf}: parsed for JSON, a string for text, XML and scripts, a `Buffer` for all else. */
export function recordOf({ bytes, contentType }: StoredBytes): KeyValueRecord {
  // A copy, so that a caller who changes the buffer does not change what is stored.
  const buffer = Buffer.from(bytes);
  if (isJson(contentType)) {
    const value = parsedJson(buffer.toString('utf8'), 'The stored value') as StoredValue;
    return { value, contentType };
  }
  return { value: isText(contentType) ? buffer.toString('utf8') : buffer, contentType };
}

function parsedJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TroupeError('TROUPE_NOT_JSON', `${what} is not valid JSON`, { cause: error });
  }
}

function isJson(contentType: string): boolean {
  return /^application\/(?:[^;]+\+)?json\s*(?:;|$)/i.test(contentType);
}

function isText(contentType: string): boolean {
  return /^(?:text\/|application\/(?:[^;]+\+)?(?:xml|javascript)\s*(?:;|$))/i.test(contentType);
}
