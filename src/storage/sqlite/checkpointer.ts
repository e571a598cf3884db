import { statSync } from 'node:fs';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';

/** From this size on the log is copied. */
const THRESHOLD_BYTES = 8 * 1024 * 1024;
/** By so much may the log grow while it is copied before writers have to wait. */
const SLACK_BYTES = 32 * 1024 * 1024;

interface AsyncDatabase {
  prepare(sql: string): Promise<{ all(): Promise<unknown[]> }>;
  close(): void;
}

/**
 * Copies the write-ahead log into the database and truncates it, on a thread of the driver's: SQLite's own
 * automatic checkpoint would hold up the event loop while the disk syncs. Most is copied while writing goes
 * on; only the rest, and the truncation, need a pause between two transactions, without which a log that is
 * always written to would never end.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #log: Log;
  #database: AsyncDatabase | undefined;
  #dueAtBytes = THRESHOLD_BYTES;
  #copiedBytes = 0;
  #copying: { readonly done: Promise<void>; readonly fromBytes: number } | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /**
   * Called between two transactions; the next begins when it resolves, mostly at once. Never rejects: what
   * cannot be copied now stays, safe, in the log.
   */
  async run({ isForced }: { isForced: boolean }): Promise<void> {
    const bytes = this.#logBytes();
    if (this.#copying && (isForced || bytes - this.#copying.fromBytes > SLACK_BYTES)) {
      await this.#copying.done;
      return await this.#truncate();
    }
    if (isForced) return await this.#truncate();
    if (this.#copying || bytes < this.#dueAtBytes) return;
    if (bytes - this.#copiedBytes < THRESHOLD_BYTES) await this.#truncate();
    else this.#copying = { fromBytes: bytes, done: this.#copy(bytes) };
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  async #copy(bytes: number): Promise<void> {
    await this.#checkpoint('PASSIVE');
    this.#copiedBytes = bytes;
    this.#copying = undefined;
  }

  async #truncate(): Promise<void> {
    await this.#checkpoint('TRUNCATE');
    this.#copiedBytes = 0;
    // A reader in another process may have kept the log from being truncated: let it grow before trying again.
    this.#dueAtBytes = this.#logBytes() + THRESHOLD_BYTES;
  }

  async #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): Promise<void> {
    try {
      this.#database ??= await open(this.#path);
      const statement = await this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`);
      await statement.all();
    } catch (error) {
      this.#log.debug(`A checkpoint of ${this.#path} has to wait: ${messageOf(error)}`);
    }
  }

  #logBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

async function open(path: string): Promise<AsyncDatabase> {
  const { default: Driver } = await import('libsql/promise');
  return new Driver(path, { timeout: 100 }) as unknown as AsyncDatabase;
}
