import { type Clock, systemClock } from '../../core/clock.ts';
import { ClosedError } from '../../core/errors.ts';
import { type Log, log } from '../../core/log.ts';
import {
  number,
  objectWith,
  oneOf,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../../core/options.ts';
import type { Dataset } from '../dataset.ts';
import type { KeyValueStore } from '../key-value-store.ts';
import { checkedName } from '../names.ts';
import type { RequestStore } from '../request-store.ts';
import type { SessionStore } from '../session-store.ts';
import type { Storage } from '../storage.ts';
import { Database } from './database.ts';
import { SqliteDataset } from './sqlite-dataset.ts';
import { SqliteKeyValueStore } from './sqlite-key-value-store.ts';
import { SqliteRequestStore } from './sqlite-request-store.ts';
import { SqliteSessionStore } from './sqlite-session-store.ts';

export interface SqliteStorageOptions {
  /** The database file; created, with its folder, when missing. Beside it live `-wal` and `-shm`. */
  readonly path: string;
  /** How long an operation waits while another process holds the file. @default 10 */
  readonly lockTimeoutSecs?: number;
  /**
   * What to do on open when the file is damaged: fail, or move it to `<path>.corrupt-<time>` and start
   * empty. `'quarantine'` reads the whole file at open, about a second per gigabyte. @default 'error'
   */
  readonly onCorrupt?: 'error' | 'quarantine';
  /** For timestamps; waiting for another process goes by real time. @default the system's */
  readonly clock?: Clock;
  readonly log?: Log;
}

type ResolvedOptions = Required<SqliteStorageOptions>;

const DEFAULTS: Omit<ResolvedOptions, 'path'> = Object.freeze({
  lockTimeoutSecs: 10,
  onCorrupt: 'error',
  clock: systemClock,
  log,
});

const SCHEMA = optionsObject({
  path: text(),
  lockTimeoutSecs: optional(number({ min: 0 })),
  onCorrupt: optional(oneOf(['error', 'quarantine'])),
  clock: optional(objectWith<Clock>('a clock', ['now', 'monotonicMs', 'setTimer', 'sleep'])),
  log: optional(objectWith<Log>('a Log', ['debug', 'info', 'warning', 'error'])),
});

function resolveSqliteStorageOptions(options: SqliteStorageOptions): ResolvedOptions {
  const parsed = parseOptions(SCHEMA, options, 'SqliteStorageOptions');
  return { ...DEFAULTS, ...parsed } as ResolvedOptions;
}

/**
 * Keeps everything in one SQLite file (write-ahead log, mode 0600), opened at first use. Several processes
 * may open the same file: each operation is atomic among them, and waits up to `lockTimeoutSecs` for the
 * others. Writes of one turn of the event loop share a commit; what was acknowledged survives kill −9, and a
 * power cut may take the last moments but never the file's soundness.
 */
export class SqliteStorage implements Storage {
  readonly #options: ResolvedOptions;
  #database: Promise<Database> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws OptionError */
  constructor(options: SqliteStorageOptions) {
    this.#options = resolveSqliteStorageOptions(options);
  }

  get path(): string {
    return this.#options.path;
  }

  async openKeyValueStore(name: string): Promise<KeyValueStore> {
    return new SqliteKeyValueStore(name, ...(await this.#store('key-value', name)));
  }

  async openDataset(name: string): Promise<Dataset> {
    return new SqliteDataset(name, ...(await this.#store('dataset', name)));
  }

  async openRequestStore(name: string): Promise<RequestStore> {
    return new SqliteRequestStore(name, ...(await this.#store('requests', name)));
  }

  async openSessionStore(name: string): Promise<SessionStore> {
    return new SqliteSessionStore(name, ...(await this.#store('sessions', name)));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The number under which a named store's rows are kept; given once and never again, not even after `drop`. */
  async #store(kind: string, name: string): Promise<[Database, number]> {
    checkedName('name', name);
    if (this.#closed) throw new ClosedError('The storage');
    const database = await this.#open();
    const find = 'SELECT store FROM stores WHERE kind = ? AND name = ?';
    const known = await database.read((connection) => connection.number(find, kind, name));
    if (known !== 0) return [database, known];
    const store = await database.write((connection) => {
      const insert = 'INSERT INTO stores (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING';
      connection.run(insert, kind, name);
      return connection.number(find, kind, name);
    });
    return [database, store];
  }

  /** All callers share one opening; after one that failed, the next caller tries anew. */
  async #open(): Promise<Database> {
    const { lockTimeoutSecs, ...options } = this.#options;
    this.#database ??= Database.open({ ...options, lockTimeoutMs: lockTimeoutSecs * 1000 });
    const opening = this.#database;
    try {
      return await opening;
    } catch (error) {
      if (this.#database === opening) this.#database = undefined;
      throw error;
    }
  }

  async #close(): Promise<void> {
    // Whoever waits for the opening has been told when it failed; there is nothing to close then.
    const database = await this.#database?.catch(() => undefined);
    await database?.close();
  }
}
