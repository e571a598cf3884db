import { TroupeError } from '../core/errors.ts';

/** A file that should hold a world or a policy cannot be read, or holds something else. */
export class LabFileError extends TroupeError {
  readonly path: string;

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super('TROUPE_LAB_FILE', message, options);
    this.path = path;
  }
}
