import { HttpError, type HttpErrorKind } from '../http/http-error.ts';
import type { Outcome, OutcomeKind } from '../session/outcome.ts';
import { PageError, SessionError } from './crawl-errors.ts';
import { parseRetryAfter } from './retry-after.ts';

type Headers = Readonly<Record<string, string | string[]>>;

export interface StatusRules {
  readonly blocked: ReadonlySet<number>;
  /** Statuses that count as errors although they would not by themselves. */
  readonly additional: ReadonlySet<number>;
  /** Statuses the handler wants to see as they are. */
  readonly ignored: ReadonlySet<number>;
}

/**
 * What a response's status says about the request, before anybody has looked at the page.
 *
 * @returns the error to end the page with, or `null` when the page may go on to the handler
 */
export function errorOfStatus(
  response: { readonly statusCode: number; readonly headers: Headers; readonly url: string },
  rules: StatusRules,
  details: { readonly now: number; readonly hasProxy: boolean },
): PageError | null {
  const status = response.statusCode;
  if (status < 400 && !rules.additional.has(status)) return null;
  if (rules.ignored.has(status)) return null;
  if (rules.blocked.has(status)) {
    return pageError('TROUPE_BLOCKED', 'was blocked', response, { kind: 'blocked', status });
  }
  const retryAfterSecs = parseRetryAfter(response.headers['retry-after'], details.now);
  if (status === 429 || (status === 503 && retryAfterSecs !== undefined)) {
    const wait = retryAfterSecs === undefined ? {} : { retryAfterSecs };
    return pageError('TROUPE_THROTTLED', 'was throttled', response, {
      kind: 'throttled',
      status,
      ...wait,
    });
  }
  if (status === 407 && details.hasProxy) {
    return pageError('TROUPE_HTTP_PROXY', 'was refused by the proxy', response, {
      kind: 'proxy',
      status,
    });
  }
  if (status < 500 && !rules.additional.has(status)) return null;
  return pageError('TROUPE_BAD_STATUS', 'failed', response, { kind: 'target', status });
}

const KIND_OF_HTTP_ERROR: Readonly<Record<HttpErrorKind, OutcomeKind>> = {
  proxy: 'proxy',
  'connect-timeout': 'timeout',
  'first-byte-timeout': 'timeout',
  'total-timeout': 'timeout',
  target: 'target',
  truncated: 'target',
  'too-large': 'target',
  redirects: 'target',
  // A stop of ours is recognised before it gets here; what is left was aborted by the handler itself.
  aborted: 'user',
  invalid: 'user',
};

/** The one verdict for whatever ended a page early. What nobody recognises was thrown by the user's code. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof PageError) return error.outcome;
  if (error instanceof HttpError) {
    const kind = KIND_OF_HTTP_ERROR[error.kind];
    return error.proxyStatus === undefined ? { kind } : { kind, status: error.proxyStatus };
  }
  if (error instanceof SessionError) return { kind: 'blocked' };
  return { kind: 'user' };
}

function pageError(
  code: string,
  what: string,
  response: { readonly statusCode: number; readonly url: string },
  outcome: Outcome,
): PageError {
  return new PageError(code, `${response.url} ${what} with status ${response.statusCode}`, outcome);
}
