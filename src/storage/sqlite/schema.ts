import { StorageError } from '../storage-error.ts';
import type { Connection } from './connection.ts';

/** Marks the file as Troupe's: "Trpe" in ASCII. */
const APPLICATION_ID = 0x54727065;

/**
 * One entry per schema version; entry 0 brings an empty file to version 1. Entries are only ever appended.
 *
 * Every table is keyed by `store`, the number of a named store. `requests.state` is 0 ready, 1 locked,
 * 2 delayed, 3 handled, 4 failed: two partial indexes hold only what can still be claimed, so a claim costs the
 * same however many requests are handled. An origin has a `turn` while requests of it may be ready, unless it is to be
 * left alone until `next_at` (`is_paced`); one that was emptied otherwise than by a claim keeps its turn until it
 * comes up. Booleans and bodies stand last, since SQLite reads a row from its
 * start and leaves overflowing bodies alone.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE stores (
    store INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (kind, name)
  );

  CREATE TABLE key_values (
    store INTEGER NOT NULL,
    key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (store, key)
  );

  CREATE TABLE datasets (
    store INTEGER PRIMARY KEY,
    item_count INTEGER NOT NULL
  );
  CREATE TABLE dataset_items (
    seq INTEGER PRIMARY KEY,
    store INTEGER NOT NULL,
    push_key TEXT,
    part INTEGER,
    json TEXT NOT NULL
  );
  CREATE INDEX dataset_items_by_store ON dataset_items (store);
  CREATE UNIQUE INDEX dataset_items_by_push ON dataset_items (store, push_key, part)
    WHERE push_key IS NOT NULL;

  CREATE TABLE request_queues (
    store INTEGER PRIMARY KEY,
    total INTEGER NOT NULL,
    handled INTEGER NOT NULL,
    head INTEGER NOT NULL,
    tail INTEGER NOT NULL,
    fence INTEGER NOT NULL
  );
  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    store INTEGER NOT NULL,
    id TEXT NOT NULL,
    state INTEGER NOT NULL,
    position INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    fence INTEGER,
    unique_key TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE UNIQUE INDEX requests_by_id ON requests (store, id);
  CREATE INDEX requests_ready ON requests (store, position) WHERE state = 0;
  CREATE INDEX requests_waiting ON requests (store, due_at, state) WHERE state IN (1, 2);

  CREATE TABLE session_hot (
    store INTEGER NOT NULL,
    id TEXT NOT NULL,
    usage_count INTEGER NOT NULL,
    error_score REAL NOT NULL,
    last_used_at INTEGER NOT NULL,
    cooldown_until INTEGER NOT NULL,
    cooldown_step INTEGER NOT NULL,
    PRIMARY KEY (store, id)
  ) WITHOUT ROWID;
  CREATE TABLE session_cold (
    store INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (store, id)
  );
  CREATE TABLE session_retired (
    store INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    retired_at INTEGER NOT NULL,
    PRIMARY KEY (store, id)
  ) WITHOUT ROWID;
  CREATE TABLE session_quarantine (
    store INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    quarantined_at INTEGER NOT NULL,
    hot TEXT,
    body TEXT
  );
  `,
  'CREATE INDEX requests_failed ON requests (store, seq) WHERE state = 4',
  `
  CREATE TABLE request_origins (
    origin INTEGER PRIMARY KEY,
    store INTEGER NOT NULL,
    turn INTEGER,
    next_at INTEGER NOT NULL,
    is_paced INTEGER NOT NULL,
    name TEXT NOT NULL
  );
  CREATE UNIQUE INDEX request_origins_by_name ON request_origins (store, name);
  CREATE INDEX request_origins_ring ON request_origins (store, turn, origin) WHERE turn IS NOT NULL;
  CREATE INDEX request_origins_paced ON request_origins (store, next_at) WHERE is_paced = 1;
  INSERT INTO request_origins (store, turn, next_at, is_paced, name)
    SELECT DISTINCT store, 0, 0, 0, '' FROM requests;

  ALTER TABLE requests ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
  UPDATE requests SET origin = (
    SELECT origin FROM request_origins WHERE request_origins.store = requests.store);
  DROP INDEX requests_ready;
  CREATE INDEX requests_ready ON requests (store, origin, position) WHERE state = 0;
  `,
];

/**
 * Creates the tables, or brings an older file up to date, in one transaction. Concurrent openers wait for one another.
 *
 * @throws StorageError `TROUPE_STORAGE_TOO_NEW` for a file of a later Troupe, `TROUPE_STORAGE_FAILED` for another program's
 */
export function migrate(connection: Connection, path: string): void {
  if (versionOf(connection, path) === MIGRATIONS.length) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: another process may have just done it.
    for (const sql of MIGRATIONS.slice(versionOf(connection, path))) connection.exec(sql);
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    connection.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    connection.exec('COMMIT');
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function versionOf(connection: Connection, path: string): number {
  const version = connection.number('SELECT user_version FROM pragma_user_version');
  const owner = connection.number('SELECT application_id FROM pragma_application_id');
  const tables = connection.number('SELECT count(*) FROM sqlite_schema');
  if (owner !== APPLICATION_ID && (version !== 0 || tables !== 0)) {
    throw new StorageError(
      'TROUPE_STORAGE_FAILED',
      path,
      `${path} is a database of another program; choose another path`,
    );
  }
  if (version <= MIGRATIONS.length) return version;
  throw new StorageError(
    'TROUPE_STORAGE_TOO_NEW',
    path,
    `${path} was written by a newer Troupe (schema ${version}, this one knows ${MIGRATIONS.length}); upgrade, or choose another path`,
  );
}
