import type { KeyValueRecord, KeyValueStore, StoredValue } from '../key-value-store.ts';
import { checkedName } from '../names.ts';
import { bytesOf, recordOf } from '../stored-value.ts';
import { type Column, textOf } from './connection.ts';
import type { Database } from './database.ts';

const BATCH_SIZE = 1000;

const GET = 'SELECT content_type, bytes FROM key_values WHERE store = ? AND key = ?';
const SET = `
  INSERT INTO key_values (store, key, content_type, bytes) VALUES (?, ?, ?, ?)
  ON CONFLICT (store, key) DO UPDATE SET content_type = excluded.content_type, bytes = excluded.bytes`;
const REMOVE = 'DELETE FROM key_values WHERE store = ? AND key = ?';
const KEYS_FROM = `
  SELECT key FROM key_values WHERE store = ? AND key >= ? AND key > ? ORDER BY key LIMIT ${BATCH_SIZE}`;

/** A value is written in one piece: one of many megabytes holds up the event loop while it is copied. */
export class SqliteKeyValueStore implements KeyValueStore {
  readonly name: string;
  readonly #database: Database;
  readonly #store: number;

  constructor(name: string, database: Database, store: number) {
    this.name = name;
    this.#database = database;
    this.#store = store;
  }

  async getValue<T = unknown>(key: string): Promise<T | null> {
    return ((await this.getRecord(key))?.value ?? null) as T | null;
  }

  async getRecord(key: string): Promise<KeyValueRecord | null> {
    checkedName('key', key);
    const row = await this.#database.read((connection) =>
      connection.row<[Column, Buffer]>(GET, this.#store, key),
    );
    return row ? recordOf({ contentType: textOf(row[0]), bytes: row[1] }) : null;
  }

  async setValue(
    key: string,
    value: StoredValue | null,
    options: { contentType?: string } = {},
  ): Promise<void> {
    checkedName('key', key);
    if (value === null) {
      await this.#database.write((connection) => connection.run(REMOVE, this.#store, key));
      return;
    }
    const { contentType, bytes } = bytesOf(value, options.contentType);
    await this.#database.write((connection) =>
      connection.run(SET, this.#store, key, contentType, bytes),
    );
  }

  async *keys(
    options: { prefix?: string; exclusiveStartKey?: string } = {},
  ): AsyncIterable<string> {
    const { prefix = '' } = options;
    let last = options.exclusiveStartKey ?? '';
    for (;;) {
      const after = last;
      const rows = await this.#database.read((connection) =>
        connection.rows<[Column]>(KEYS_FROM, this.#store, prefix, after),
      );
      for (const [column] of rows) {
        last = textOf(column);
        // Keys are ordered, so those with the prefix stand together.
        if (!last.startsWith(prefix)) return;
        yield last;
      }
      if (rows.length < BATCH_SIZE) return;
    }
  }

  async drop(): Promise<void> {
    await this.#database.write((connection) =>
      connection.run('DELETE FROM key_values WHERE store = ?', this.#store),
    );
  }
}
