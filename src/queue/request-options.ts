import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';

export type RequestMethod =
  | 'GET'
  | 'HEAD'
  | 'POST'
  | 'PUT'
  | 'PATCH'
  | 'DELETE'
  | 'OPTIONS'
  | 'TRACE';

/** What becomes of a request whose session is not there. */
export type OnMissingSession = 'wait' | 'replace' | 'fail';

export interface RequestOptions {
  /** Absolute, http or https. */
  readonly url: string;
  /** What deduplication goes by. @default the normalised URL */
  readonly uniqueKey?: string;
  /** Any case. @default 'GET' */
  readonly method?: RequestMethod | Lowercase<RequestMethod>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not with GET or HEAD. */
  readonly payload?: string | Uint8Array;
  /** Copied; must be what JSON can hold. */
  readonly userData?: object;
  /** Picks the route; kept in `userData.label`. */
  readonly label?: string;
  /** Overrides the crawler's `maxRequestRetries` for this request. */
  readonly maxRetries?: number;
  /** One attempt only. @default false */
  readonly noRetry?: boolean;
  /** Call the handler without fetching the page. @default false */
  readonly skipNavigation?: boolean;
  /** URLs that differ only after `#` are different pages. @default false */
  readonly keepUrlFragment?: boolean;
  /** Method and payload count in the unique key. @default false */
  readonly useExtendedUniqueKey?: boolean;
  /** How many links away from the start URLs. @default 0 */
  readonly crawlDepth?: number;
  /** Handled as this very session, retries too. */
  readonly sessionId?: string;
  /** Requests of one key are handled as one session; the first of them chooses it. Not together with `sessionId`. */
  readonly sessionKey?: string;
  /**
   * What to do when the session meant is not in the pool: `wait` until one of its id is added, take another in its
   * place (`replace`), or `fail` at once with `TROUPE_SESSION_MISSING`.
   * @default the crawler's `onMissingSession`
   */
  readonly onMissing?: OnMissingSession;
}

type Check = (value: unknown) => string | null;

const METHODS: ReadonlySet<unknown> = new Set<RequestMethod>([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
]);

const ON_MISSING: ReadonlySet<unknown> = new Set<OnMissingSession>(['wait', 'replace', 'fail']);

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? null : 'a non-empty string';
const flag: Check = (value) => (typeof value === 'boolean' ? null : 'true or false');
const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? null : 'an integer ≥ 0';

const CHECKS: ReadonlyMap<string, Check> = new Map<keyof RequestOptions, Check>([
  ['url', text],
  ['uniqueKey', text],
  ['method', (value) => (isMethod(value) ? null : `one of ${[...METHODS].join(', ')}`)],
  ['headers', (value) => (isHeaders(value) ? null : 'an object of strings')],
  ['payload', (value) => (isPayload(value) ? null : 'a string or a Uint8Array')],
  ['userData', (value) => (isObject(value) ? null : 'an object')],
  ['label', text],
  ['maxRetries', count],
  ['noRetry', flag],
  ['skipNavigation', flag],
  ['keepUrlFragment', flag],
  ['useExtendedUniqueKey', flag],
  ['crawlDepth', count],
  ['sessionId', text],
  ['sessionKey', text],
  ['onMissing', (value) => (ON_MISSING.has(value) ? null : `one of ${[...ON_MISSING].join(', ')}`)],
]);

/**
 * By hand rather than by schema: a crawler makes a request for every link of every page.
 *
 * @throws OptionError that names the field and what came
 */
export function checkRequestOptions(options: RequestOptions): void {
  if (!isObject(options)) {
    throw new OptionError(
      'request',
      expectedText('request', 'a URL or an object with `url`', options),
    );
  }
  for (const name of Object.keys(options)) {
    const check = CHECKS.get(name);
    if (!check) throw new OptionError(name, `Unknown option \`${name}\` in Request`);
    const value = options[name as keyof RequestOptions];
    if (value === undefined) continue;
    const expectation = check(value);
    if (expectation) throw new OptionError(name, expectedText(name, expectation, value));
  }
  if (options.sessionId !== undefined && options.sessionKey !== undefined) {
    throw new OptionError('sessionKey', 'Expected `sessionKey` to be absent with `sessionId`');
  }
  if (options.payload !== undefined && isBodiless(options.method)) {
    throw new OptionError(
      'payload',
      `Expected \`payload\` to be absent with ${options.method?.toUpperCase() ?? 'GET'}`,
    );
  }
}

export function badUrl(url: unknown): OptionError {
  return new OptionError('url', expectedText('url', 'an absolute http or https URL', url));
}

function isMethod(value: unknown): boolean {
  return typeof value === 'string' && METHODS.has(value.toUpperCase());
}

function isBodiless(method: string | undefined): boolean {
  return method === undefined || method.toUpperCase() === 'GET' || method.toUpperCase() === 'HEAD';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHeaders(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

function isPayload(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array;
}
