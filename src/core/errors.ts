import { redactCause, redactText } from './redact.ts';

/**
 * Base of every error Troupe throws. `code` is stable and documented in docs/errors.md; the message is
 * for people and may change. Messages and causes never hold a proxy password or a cookie: what slipped
 * into one is hidden here.
 */
export class TroupeError extends Error {
  /** Stable, upper case, begins with `TROUPE_`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(
      redactText(message),
      options?.cause === undefined ? undefined : { cause: redactCause(options.cause) },
    );
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

/** What went wrong, whatever was thrown; never empty. Not redacted. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  if (error.message) return error.message;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(messageOf).join('; ');
  }
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something that cannot be shown as text';
  }
}
