import { TroupeError } from '../core/errors.ts';
import type { Outcome } from '../session/outcome.ts';

interface ErrorDetails {
  readonly cause?: unknown;
}

/** Thrown by a handler or a hook: the request fails at once, without further retries. */
export class NonRetryableError extends TroupeError {
  constructor(message = 'The request must not be retried', options?: ErrorDetails) {
    super('TROUPE_NON_RETRYABLE', message, options);
  }
}

/** Thrown by a handler or a hook: the whole crawl stops, and `run()` rejects with this error. */
export class CriticalError extends TroupeError {
  constructor(message = 'The crawl must stop', options?: ErrorDetails) {
    super('TROUPE_CRITICAL', message, options);
  }
}

/** Thrown by a handler or a hook: the request is retried, however often it has been before, and spends no retry. */
export class RetryRequestError extends TroupeError {
  constructor(message = 'The request must be retried', options?: ErrorDetails) {
    super('TROUPE_RETRY_REQUEST', message, options);
  }
}

/** Thrown by a handler or a hook that sees the session is blocked: another session takes over, and no retry is spent. */
export class SessionError extends TroupeError {
  constructor(message = 'The session is blocked', options?: ErrorDetails) {
    super('TROUPE_SESSION', message, options);
  }
}

/** No handler stands for the request's label, and there is no default one. Ends the crawl: it is a mistake in the program. */
export class MissingRouteError extends TroupeError {
  constructor(label: string | symbol | undefined) {
    const what = label === undefined ? 'requests without a label' : `label "${String(label)}"`;
    super(
      'TROUPE_MISSING_ROUTE',
      `The router has no handler for ${what} and no default handler; add one with addHandler() or addDefaultHandler()`,
    );
  }
}

/** A page was answered, but not with what was asked for. Carries the verdict for the session. */
export class PageError extends TroupeError {
  readonly outcome: Outcome;

  constructor(code: string, message: string, outcome: Outcome, options?: ErrorDetails) {
    super(code, message, options);
    this.outcome = outcome;
  }
}

/** The request moved from session to session and was turned away by each. */
export class RotationsExhaustedError extends TroupeError {
  readonly rotations: number;

  constructor(url: string, rotations: number, cause: unknown) {
    super(
      'TROUPE_ROTATIONS_EXHAUSTED',
      `${url} was tried on ${rotations + 1} sessions and turned away by each; raise \`maxSessionRotations\` or bring other proxies`,
      { cause },
    );
    this.rotations = rotations;
  }
}

/** Sessions that are welcome elsewhere on the site were all turned away here: it is the URL. */
export class UrlBlockedError extends TroupeError {
  constructor(url: string, cause: unknown) {
    super(
      'TROUPE_URL_BLOCKED',
      `${url} is blocked on sessions that the site lets in elsewhere; other sessions would be blocked there as well`,
      { cause },
    );
  }
}

/** Nothing moved for longer than `stallTimeoutSecs`. */
export class StalledError extends TroupeError {
  constructor(message: string, options?: ErrorDetails) {
    super('TROUPE_STALLED', message, options);
  }
}
