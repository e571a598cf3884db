import { messageOf, TroupeError } from '../../core/errors.ts';
import { StorageError } from '../storage-error.ts';

/** Whether another connection holds the lock just now, so that trying again may help. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(sqliteCodeOf(error));
}

/** Whether the disk has no room. SQLite says so in a way of its own when even the shared index cannot be laid out. */
export function isFull(error: unknown): boolean {
  return /^SQLITE_(?:FULL|IOERR_SHMSIZE)/.test(sqliteCodeOf(error));
}

/** Turns what the driver threw into an error of ours that names the file; leaves our own as they are. */
export function storageErrorOf(error: unknown, path: string): unknown {
  if (error instanceof TroupeError) return error;
  const code = sqliteCodeOf(error);
  const options = { cause: error };
  if (isBusy(error)) {
    return new StorageError(
      'TROUPE_STORAGE_LOCKED',
      path,
      `${path} is locked by another process; nothing was written. End that process, or raise \`lockTimeoutSecs\``,
      options,
    );
  }
  if (isFull(error)) {
    return new StorageError(
      'TROUPE_STORAGE_FULL',
      path,
      `No room is left for ${path}; this write was not stored, earlier ones were. Free some space and go on`,
      options,
    );
  }
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) {
    return new StorageError(
      'TROUPE_STORAGE_CORRUPT',
      path,
      `${path} is damaged or no database. Restore a copy, or open it with \`onCorrupt: 'quarantine'\` to put it aside and start empty`,
      options,
    );
  }
  return new StorageError('TROUPE_STORAGE_FAILED', path, `${path}: ${messageOf(error)}`, options);
}

function sqliteCodeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? '');
}
