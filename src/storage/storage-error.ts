import { TroupeError } from '../core/errors.ts';

export type StorageErrorCode =
  | 'TROUPE_STORAGE_LOCKED'
  | 'TROUPE_STORAGE_FULL'
  | 'TROUPE_STORAGE_CORRUPT'
  | 'TROUPE_STORAGE_TOO_NEW'
  | 'TROUPE_STORAGE_TOO_OLD'
  | 'TROUPE_STORAGE_DENIED'
  | 'TROUPE_STORAGE_UNREACHABLE'
  | 'TROUPE_STORAGE_FAILED';

/** The place where state is kept failed. What was acknowledged before is still there; what was rejected is not. */
export class StorageError extends TroupeError {
  /** The database file, or the server's address without its password. */
  readonly path: string;

  constructor(
    code: StorageErrorCode,
    path: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.path = path;
  }
}
