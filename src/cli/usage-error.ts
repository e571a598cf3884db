import { TroupeError } from '../core/errors.ts';

/** The command line asks for something that cannot be done as written. Ends with exit code 2. */
export class UsageError extends TroupeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('TROUPE_USAGE', message, options);
  }
}
