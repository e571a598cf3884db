import { messageOf, TroupeError } from '../core/errors.ts';
import { NoSessionLeftError } from '../session/errors.ts';
import type { Excuse, Outcome } from '../session/outcome.ts';
import { StorageError } from '../storage/storage-error.ts';
import {
  CriticalError,
  MissingRouteError,
  NonRetryableError,
  RetryRequestError,
  RotationsExhaustedError,
  StalledError,
  UrlBlockedError,
} from './crawl-errors.ts';

/** What has been spent on a request so far. */
export interface Attempts {
  readonly url: string;
  readonly retryCount: number;
  readonly rotationCount: number;
  readonly noRetry: boolean;
  /** The request's own limit; it goes before the crawler's. */
  readonly maxRetries: number | undefined;
  /** Since the request was first told to wait, without having been let through; 0 when it never was. */
  readonly throttledForMs: number;
  /** Who is to blame in place of the session; see `Lease.report()`. */
  readonly excuse: Excuse;
}

export interface RetryLimits {
  readonly maxRequestRetries: number;
  readonly maxSessionRotations: number;
  readonly stallTimeoutSecs: number;
}

/** What happens to the request. `retry` counts against `maxRequestRetries`, `rotate` against `maxSessionRotations`, `wait` against nothing. */
export type Decision =
  | { readonly action: 'handled' }
  | { readonly action: 'retry' | 'rotate' | 'wait' | 'return' }
  | { readonly action: 'fail'; readonly error: unknown }
  | { readonly action: 'crash'; readonly error: unknown };

/** Decides what becomes of a request after one attempt. */
export function decide(
  outcome: Outcome,
  error: unknown,
  attempts: Attempts,
  limits: RetryLimits,
): Decision {
  if (outcome.kind === 'ok') return { action: 'handled' };
  if (outcome.kind === 'neutral') return { action: 'return' };
  if (isFatal(error)) return { action: 'crash', error };
  if (error instanceof RetryRequestError) return { action: 'wait' };
  if (isHopeless(error) || attempts.noRetry) return { action: 'fail', error };
  if (attempts.excuse === 'url')
    return { action: 'fail', error: new UrlBlockedError(attempts.url, error) };
  const isToWait = outcome.kind === 'throttled' || attempts.excuse === 'origin';
  if (isToWait) return decideThrottled(error, attempts, limits);
  if (outcome.kind === 'blocked' || outcome.kind === 'proxy') {
    if (attempts.rotationCount < limits.maxSessionRotations) return { action: 'rotate' };
    return {
      action: 'fail',
      error: new RotationsExhaustedError(attempts.url, attempts.rotationCount, error),
    };
  }
  const maxRetries = attempts.maxRetries ?? limits.maxRequestRetries;
  return attempts.retryCount < maxRetries ? { action: 'retry' } : { action: 'fail', error };
}

function decideThrottled(error: unknown, attempts: Attempts, limits: RetryLimits): Decision {
  if (attempts.throttledForMs < limits.stallTimeoutSecs * 1000) return { action: 'wait' };
  const waited = Math.round(attempts.throttledForMs / 1000);
  const what = attempts.excuse === 'origin' ? 'has waited for its site' : 'has been throttled';
  const message = `${attempts.url} ${what} for ${waited} s, longer than \`stallTimeoutSecs\`: ${messageOf(error)}`;
  return { action: 'fail', error: new StalledError(message, { cause: error }) };
}

/** Errors that every further request would meet too; going on would only use up their retries. */
function isFatal(error: unknown): boolean {
  return (
    error instanceof CriticalError ||
    error instanceof MissingRouteError ||
    error instanceof NoSessionLeftError ||
    error instanceof StorageError
  );
}

const HOPELESS_CODES: ReadonlySet<string> = new Set([
  'TROUPE_HTTP_TOO_LARGE',
  'TROUPE_HTTP_INVALID',
  'TROUPE_UNSUPPORTED_CONTENT_TYPE',
  'TROUPE_SESSION_MISSING',
]);

/** Errors that would only happen again. */
function isHopeless(error: unknown): boolean {
  if (error instanceof NonRetryableError) return true;
  return error instanceof TroupeError && HOPELESS_CODES.has(error.code);
}
