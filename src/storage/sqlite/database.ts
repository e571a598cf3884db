import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { ClosedError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { StorageError } from '../storage-error.ts';
import { Checkpointer } from './checkpointer.ts';
import { Connection } from './connection.ts';
import { GroupCommit, type WriteOperation } from './group-commit.ts';
import { migrate } from './schema.ts';
import { isBusy, storageErrorOf } from './sqlite-error.ts';

export interface DatabaseOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly lockTimeoutMs: number;
  readonly onCorrupt: 'error' | 'quarantine';
}

/**
 * The file, opened: one connection writes, in groups, and one reads. The reader sees what is committed and
 * nothing else, also while a long write is under way.
 */
export class Database {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly #lockTimeoutMs: number;
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #commits: GroupCommit;
  readonly #checkpointer: Checkpointer;
  #isClosing = false;

  /**
   * Creates the file (0600) and its folder (0700) when missing.
   *
   * @throws StorageError when the file is corrupt, too new, locked, or cannot be opened at all
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    try {
      return await Database.#openOnce(options);
    } catch (error) {
      const isCorrupt = error instanceof StorageError && error.code === 'TROUPE_STORAGE_CORRUPT';
      if (!isCorrupt || options.onCorrupt === 'error') throw error;
    }
    await quarantine(options);
    return await Database.#openOnce(options);
  }

  static async #openOnce(options: DatabaseOptions): Promise<Database> {
    const { path, lockTimeoutMs, onCorrupt } = options;
    const { default: driver } = await import('libsql');
    const connections: Connection[] = [];
    const connect = (): Connection => {
      const connection = new Connection(driver, path);
      connections.push(connection);
      return connection;
    };
    try {
      await createFile(path);
      const writer = connect();
      await retryWhileBusy(lockTimeoutMs, () => {
        prepareToWrite(writer);
        migrate(writer, path);
      });
      if (onCorrupt === 'quarantine') await assertWhole(path);
      const reader = connect();
      await retryWhileBusy(lockTimeoutMs, () => reader.number('SELECT count(*) FROM stores'));
      return new Database(options, writer, reader);
    } catch (error) {
      for (const connection of connections) connection.close();
      throw storageErrorOf(error, path);
    }
  }

  private constructor(options: DatabaseOptions, writer: Connection, reader: Connection) {
    this.path = options.path;
    this.clock = options.clock;
    this.log = options.log;
    this.#lockTimeoutMs = options.lockTimeoutMs;
    this.#writer = writer;
    this.#reader = reader;
    this.#checkpointer = new Checkpointer(options.path, options.log);
    this.#commits = new GroupCommit({
      connection: writer,
      path: options.path,
      lockTimeoutMs: options.lockTimeoutMs,
      checkpoint: (run) => this.#checkpointer.run(run),
    });
  }

  /** Runs an operation in a transaction, shared with other callers' operations; resolves once it is durable. */
  write<T>(operation: (connection: Connection) => T): Promise<T> {
    return this.#write({ atOnce: operation });
  }

  /** As {@link write}, for operations on many rows: they yield every few hundred rows, and stay atomic all the same. */
  writeInChunks<T>(operation: (connection: Connection) => Generator<void, T, void>): Promise<T> {
    return this.#write({ inChunks: operation });
  }

  /** Runs a query on what is committed. Keep it to a batch: the event loop waits for it. */
  async read<T>(query: (connection: Connection) => T): Promise<T> {
    if (this.#isClosing) throw new ClosedError('The storage');
    try {
      return await retryWhileBusy(this.#lockTimeoutMs, () => query(this.#reader));
    } catch (error) {
      throw storageErrorOf(error, this.path);
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#commits.idle();
    await this.#checkpointer.run({ isForced: true });
    this.#checkpointer.close();
    this.#reader.close();
    this.#writer.close();
  }

  async #write<T>(operation: WriteOperation<T>): Promise<T> {
    if (this.#isClosing) throw new ClosedError('The storage');
    return await this.#commits.write(operation);
  }
}

async function createFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives -wal and -shm the mode of the database, so it is enough to create that one private.
  const file = await open(path, 'a', 0o600);
  await file.close();
}

function prepareToWrite(connection: Connection): void {
  connection.row('PRAGMA journal_mode = WAL');
  connection.exec('PRAGMA synchronous = NORMAL');
  connection.row('PRAGMA wal_autocheckpoint = 0');
  connection.exec('PRAGMA cache_size = -8000');
}

/** Reads every page, on a thread of the driver's; a second or so per gigabyte. */
async function assertWhole(path: string): Promise<void> {
  const { default: Driver } = await import('libsql/promise');
  const database = new Driver(path, { timeout: 100 });
  try {
    const statement = await database.prepare('PRAGMA quick_check(1)');
    const found = (await statement.all()) as { quick_check: string }[];
    const finding = found[0]?.quick_check;
    if (finding === 'ok') return;
    throw Object.assign(new Error(finding), { code: 'SQLITE_CORRUPT' });
  } finally {
    database.close();
  }
}

async function quarantine({ path, clock, log }: DatabaseOptions): Promise<void> {
  const aside = `${path}.corrupt-${clock.now()}`;
  for (const suffix of ['', '-wal', '-shm']) {
    await rename(path + suffix, aside + suffix).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw storageErrorOf(error, path);
    });
  }
  log.warning(`${path} is damaged: it was moved to ${aside}, and the storage starts empty`);
}

/** Gives way to other processes without holding up the event loop. */
async function retryWhileBusy<T>(timeoutMs: number, attempt: () => T): Promise<T> {
  const startedAt = systemClock.monotonicMs();
  for (let delayMs = 1; ; delayMs = Math.min(2 * delayMs, 20)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || systemClock.monotonicMs() - startedAt >= timeoutMs) throw error;
    }
    await systemClock.sleep(delayMs);
  }
}
