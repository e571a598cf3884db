/**
 * Base of every error Troupe throws. `code` is stable and documented in docs/errors.md; the message is
 * for people and may change. Messages never hold a proxy password or a cookie.
 */
export class TroupeError extends Error {
  /** Stable, upper case, begins with `TROUPE_`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option has a value it cannot have, or a name that does not exist. */
export class OptionError extends TroupeError {
  /** Path of the option, such as `sessionOptions.maxAgeSecs`. */
  readonly option: string;

  constructor(option: string, message: string, options?: { cause?: unknown }) {
    super('TROUPE_INVALID_OPTION', message, options);
    this.option = option;
  }
}

/** A wait took longer than it was allowed to. */
export class TimeoutError extends TroupeError {
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number, options?: { cause?: unknown }) {
    super('TROUPE_TIMEOUT', `${what} timed out after ${timeoutMs / 1000} s`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** Something was used after its `close()`. */
export class ClosedError extends TroupeError {
  constructor(what: string) {
    super('TROUPE_CLOSED', `${what} is closed`);
  }
}

/** What went wrong in one line, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
