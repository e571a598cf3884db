import { messageOf, OptionError, TroupeError } from '../core/errors.ts';
import type { RequestRow } from '../storage/request-store.ts';
import type { RequestOptions } from './request-options.ts';

/** What a request has been through, beside what it was made of. */
export interface RequestState {
  readonly loadedUrl?: string | undefined;
  readonly retryCount?: number | undefined;
  readonly sessionRotationCount?: number | undefined;
  readonly handledAt?: string | undefined;
  readonly errorMessages?: readonly string[] | undefined;
}

/** What {@link writeBody} reads of a request. */
export interface WritableRequest extends RequestState {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string | Uint8Array | undefined;
  readonly userData: object;
  readonly maxRetries?: number | undefined;
  readonly noRetry: boolean;
  readonly skipNavigation: boolean;
  readonly keepUrlFragment: boolean;
  readonly useExtendedUniqueKey: boolean;
  readonly crawlDepth: number;
  readonly sessionId?: string | undefined;
  readonly sessionKey?: string | undefined;
  readonly onMissing?: string | undefined;
}

const FLAGS = ['noRetry', 'skipNavigation', 'keepUrlFragment', 'useExtendedUniqueKey'] as const;
const PIN = ['sessionId', 'sessionKey', 'onMissing'] as const;
const COUNTS = ['crawlDepth', 'retryCount', 'sessionRotationCount'] as const;

const STATE_FIELDS = {
  loadedUrl: (value: unknown) => typeof value === 'string',
  retryCount: isCount,
  sessionRotationCount: isCount,
  handledAt: (value: unknown) => typeof value === 'string',
  errorMessages: (value: unknown) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string'),
} as const;

/**
 * Compact JSON: what has its default value is left out, so most bodies hold a URL and little else.
 *
 * @throws OptionError when the user data has become something JSON cannot hold
 */
export function writeBody(request: WritableRequest): string {
  const body: Record<string, unknown> = { url: request.url };
  if (request.method !== 'GET') body['method'] = request.method;
  if (hasKeys(request.headers)) body['headers'] = request.headers;
  if (typeof request.payload === 'string') body['payload'] = request.payload;
  else if (request.payload) body['payloadBase64'] = toBase64(request.payload);
  if (hasKeys(request.userData)) body['userData'] = request.userData;
  if (request.maxRetries !== undefined) body['maxRetries'] = request.maxRetries;
  for (const name of FLAGS) if (request[name]) body[name] = true;
  for (const name of PIN) if (request[name] !== undefined) body[name] = request[name];
  for (const name of COUNTS) if (request[name]) body[name] = request[name];
  if (request.loadedUrl !== undefined) body['loadedUrl'] = request.loadedUrl;
  if (request.handledAt !== undefined) body['handledAt'] = request.handledAt;
  if (request.errorMessages?.length) body['errorMessages'] = request.errorMessages;
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw new OptionError(
      'userData',
      `Expected \`userData\` to be what JSON can hold: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * The options and the state inside a stored body. The options still go through the checks every request goes
 * through, so a row from elsewhere can do no more than a caller could.
 *
 * @throws TroupeError `TROUPE_CORRUPT_REQUEST`
 */
export function readBody(row: RequestRow): { options: RequestOptions; state: RequestState } {
  const body = parseObject(row);
  // Without a prototype, so that a `__proto__` key is an unknown option like any other.
  const options: Record<string, unknown> = Object.create(null);
  options['uniqueKey'] = row.uniqueKey;
  const state: Record<string, unknown> = {};
  for (const name of Object.keys(body)) {
    const value = body[name];
    if (name === 'payloadBase64') options['payload'] = Buffer.from(String(value), 'base64');
    else if (!Object.hasOwn(STATE_FIELDS, name)) options[name] = value;
    else if (STATE_FIELDS[name as keyof typeof STATE_FIELDS](value)) state[name] = value;
    else throw corrupt(row, `its \`${name}\` is unusable`);
  }
  return { options: options as unknown as RequestOptions, state };
}

export function corrupt(row: RequestRow, why: string, cause?: unknown): TroupeError {
  return new TroupeError('TROUPE_CORRUPT_REQUEST', `Stored request ${row.id} is corrupt: ${why}`, {
    cause,
  });
}

function parseObject(row: RequestRow): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(row.body);
  } catch (error) {
    throw corrupt(row, messageOf(error), error);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw corrupt(row, 'its body is no object');
  }
  return body as Record<string, unknown>;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function hasKeys(object: object): boolean {
  for (const _key in object) return true;
  return false;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
