import { statSync } from 'node:fs';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';

/** The log may grow to about this size between checkpoints. */
const THRESHOLD_BYTES = 8 * 1024 * 1024;

interface AsyncDatabase {
  prepare(sql: string): Promise<{ all(): Promise<unknown[]> }>;
  close(): void;
}

/**
 * Copies the write-ahead log into the database and truncates it, on a thread of the driver's: SQLite's own
 * automatic checkpoint would hold up the event loop while the disk syncs. No write may run meanwhile, else
 * the log could never be truncated.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #log: Log;
  #database: AsyncDatabase | undefined;
  #dueAtBytes = THRESHOLD_BYTES;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Does nothing while the log is short. Never rejects: what cannot be copied now stays, safe, in the log. */
  async run({ isForced }: { isForced: boolean }): Promise<void> {
    if (!isForced && this.#logBytes() < this.#dueAtBytes) return;
    try {
      this.#database ??= await open(this.#path);
      const statement = await this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
      await statement.all();
    } catch (error) {
      this.#log.debug(`A checkpoint of ${this.#path} has to wait: ${messageOf(error)}`);
    }
    // A reader in another process may have kept the log from being truncated: let it grow before trying again.
    this.#dueAtBytes = this.#logBytes() + THRESHOLD_BYTES;
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #logBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

async function open(path: string): Promise<AsyncDatabase> {
  const { default: Driver } = await import('libsql/promise');
  return new Driver(path, { timeout: 100 }) as unknown as AsyncDatabase;
}
