/**
 * What one use of a session came to. Exactly one per use:
 * `ok` the handler returned; `blocked` 401, 403 or a block page; `throttled` 429, or 503 with `Retry-After`;
 * `proxy` the proxy failed; `timeout` no answer; `target` 5xx or the site's host failed; `user` the handler threw;
 * `neutral` aborted or cancelled.
 */
export type OutcomeKind =
  | 'ok'
  | 'blocked'
  | 'throttled'
  | 'proxy'
  | 'timeout'
  | 'target'
  | 'user'
  | 'neutral';

export const OUTCOME_KINDS: readonly OutcomeKind[] = [
  'ok',
  'blocked',
  'throttled',
  'proxy',
  'timeout',
  'target',
  'user',
  'neutral',
];

export interface Outcome {
  readonly kind: OutcomeKind;
  /** HTTP status, when there was a response. */
  readonly status?: number;
  /** From the `Retry-After` header, already turned into seconds from now. */
  readonly retryAfterSecs?: number;
  readonly latencyMs?: number;
}

/** Why a failure is not held against the session: its origin is down, or the URL is blocked on everybody. */
export type Excuse = 'none' | 'origin' | 'url';

/** Why a session is no longer used. */
export type RetiredReason =
  | 'blocked'
  | 'error-score'
  | 'exhausted'
  | 'expired'
  | 'manual'
  | 'proxy'
  | 'evicted'
  | 'invalid';
