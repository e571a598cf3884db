import { TroupeError } from '../core/errors.ts';

/** The pool holds `maxPoolSize` sessions, all of them alive. */
export class PoolFullError extends TroupeError {
  readonly maxPoolSize: number;

  constructor(maxPoolSize: number) {
    super(
      'TROUPE_POOL_FULL',
      `The pool already holds ${maxPoolSize} sessions, its maxPoolSize; retire one or raise maxPoolSize`,
    );
    this.maxPoolSize = maxPoolSize;
  }
}

/** A session of this id is alive already. */
export class DuplicateSessionError extends TroupeError {
  readonly sessionId: string;

  constructor(sessionId: string) {
    super('TROUPE_DUPLICATE_SESSION', `The pool already has a session with the id "${sessionId}"`);
    this.sessionId = sessionId;
  }
}

/** A lease asked for a session that is not in the pool, or no longer. */
export class SessionMissingError extends TroupeError {
  readonly sessionId: string;

  constructor(sessionId: string, retiredReason: string | undefined) {
    const why = retiredReason ? `it was retired (${retiredReason})` : 'there is none of that id';
    super('TROUPE_SESSION_MISSING', `The pool cannot lend the session "${sessionId}": ${why}`);
    this.sessionId = sessionId;
  }
}

/** There is no session, and no further one can be made: nobody who waits will ever get one. */
export class NoSessionLeftError extends TroupeError {
  constructor() {
    super(
      'TROUPE_NO_SESSION_LEFT',
      `The pool has no session left, and \`createSessionFunction\` has no further one to give`,
    );
  }
}

/** `createSessionFunction`, or the proxy for a new session, failed. */
export class SessionCreationError extends TroupeError {
  constructor(what: string, cause: unknown) {
    super('TROUPE_SESSION_CREATION', `A session could not be made: ${what}`, { cause });
  }
}

/** No session became free in time. */
export class LeaseTimeoutError extends TroupeError {
  readonly timeoutSecs: number;

  constructor(timeoutSecs: number, state: string) {
    super('TROUPE_LEASE_TIMEOUT', `No session became free within ${timeoutSecs} s: ${state}`);
    this.timeoutSecs = timeoutSecs;
  }
}

/** Cookies were asked for without a URL, and it cannot be told which site is meant. */
export class CookieUrlNeededError extends TroupeError {
  constructor(sites: readonly string[]) {
    super(
      'TROUPE_COOKIE_URL_NEEDED',
      `The session holds cookies of several sites (${sites.slice(0, 5).join(', ')}); pass the URL they are meant for`,
    );
  }
}

/** The cookies of a session have changed since they were read: nothing was imported. */
export class CookieConflictError extends TroupeError {
  readonly sessionId: string;

  constructor(sessionId: string) {
    super(
      'TROUPE_COOKIE_CONFLICT',
      `The cookies of the session "${sessionId}" have changed since they were read, so none were imported; export them again, and import what is to stay`,
    );
    this.sessionId = sessionId;
  }
}

/** A settled lease was asked for its session for the first time after the session had ended. */
export class SessionGoneError extends TroupeError {
  constructor() {
    super(
      'TROUPE_SESSION_GONE',
      'The session of this lease has ended since; read lease.session before the lease is settled',
    );
  }
}
