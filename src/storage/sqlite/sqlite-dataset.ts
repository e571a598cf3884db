import { nextTurn } from '../../core/next-turn.ts';
import { chunksOf } from '../chunks.ts';
import type { Dataset, DatasetItem, DatasetPage, PushOptions } from '../dataset.ts';
import { pageRange } from '../page-range.ts';
import { itemJsonOf } from '../stored-json.ts';
import { type Column, type Connection, textOf } from './connection.ts';
import type { Database } from './database.ts';

/** Rows between two chances for the event loop: a millisecond or two. */
const CHUNK = 200;

const APPEND = 'INSERT INTO dataset_items (store, push_key, part, json) VALUES (?, ?, ?, ?)';
const REPLACE = 'UPDATE dataset_items SET json = ? WHERE store = ? AND push_key = ? AND part = ?';
const CUT = 'DELETE FROM dataset_items WHERE store = ? AND push_key = ? AND part >= ?';
const ADD_COUNT = `
  INSERT INTO datasets (store, item_count) VALUES (?, ?)
  ON CONFLICT (store) DO UPDATE SET item_count = item_count + excluded.item_count`;
const COUNT = 'SELECT item_count FROM datasets WHERE store = ?';
const SEEK = 'SELECT seq FROM dataset_items WHERE store = ? ORDER BY seq LIMIT 1 OFFSET ?';
const NEXT = `
  SELECT seq, json FROM dataset_items WHERE store = ? AND seq >= ? ORDER BY seq LIMIT ?`;
const DELETE = `
  DELETE FROM dataset_items WHERE seq IN (
    SELECT seq FROM dataset_items WHERE store = ? LIMIT ${CHUNK})`;

export class SqliteDataset implements Dataset {
  readonly name: string;
  readonly #database: Database;
  readonly #store: number;

  constructor(name: string, database: Database, store: number) {
    this.name = name;
    this.#database = database;
    this.#store = store;
  }

  async pushData(
    items: DatasetItem | readonly DatasetItem[],
    options: PushOptions = {},
  ): Promise<void> {
    const texts = Array.isArray(items) ? items.map(itemJsonOf) : [itemJsonOf(items)];
    const { key } = options;
    if (key !== undefined) {
      await this.#database.writeInChunks((connection) => this.#replace(connection, key, texts));
    } else if (texts.length > 0) {
      await this.#database.writeInChunks((connection) => this.#append(connection, texts));
    }
  }

  async getData(options: { offset?: number; limit?: number } = {}): Promise<DatasetPage> {
    const { offset, limit } = pageRange(options);
    const total = await this.itemCount();
    const first = await this.#database.read((connection) =>
      connection.number(SEEK, this.#store, offset),
    );
    const items: DatasetItem[] = [];
    if (first > 0) for await (const batch of this.#batches(first, limit)) items.push(...batch);
    return { items, total, offset };
  }

  async *items(): AsyncIterable<DatasetItem> {
    for await (const batch of this.#batches(0, Number.POSITIVE_INFINITY)) yield* batch;
  }

  async itemCount(): Promise<number> {
    return await this.#database.read((connection) => connection.number(COUNT, this.#store));
  }

  async drop(): Promise<void> {
    await this.#database.writeInChunks((connection) => this.#drop(connection));
  }

  async *#batches(first: number, limit: number): AsyncIterable<DatasetItem[]> {
    let next = first;
    for (let left = limit; left > 0; left -= CHUNK) {
      const from = next;
      const rows = await this.#database.read((connection) =>
        connection.rows<[number, Column]>(NEXT, this.#store, from, Math.min(CHUNK, left)),
      );
      yield rows.map(([, json]) => JSON.parse(textOf(json)) as DatasetItem);
      if (rows.length < CHUNK) return;
      next = (rows.at(-1)?.[0] ?? 0) + 1;
      await nextTurn();
    }
  }

  *#append(connection: Connection, texts: readonly string[]): Generator<void, void, void> {
    for (const chunk of chunksOf(texts, CHUNK)) {
      for (const json of chunk) connection.run(APPEND, this.#store, null, null, json);
      yield;
    }
    connection.run(ADD_COUNT, this.#store, texts.length);
  }

  *#replace(
    connection: Connection,
    key: string,
    texts: readonly string[],
  ): Generator<void, void, void> {
    let added = -connection.run(CUT, this.#store, key, texts.length);
    let part = 0;
    for (const chunk of chunksOf(texts, CHUNK)) {
      for (const json of chunk) {
        if (connection.run(REPLACE, json, this.#store, key, part) === 0) {
          connection.run(APPEND, this.#store, key, part, json);
          added++;
        }
        part++;
      }
      yield;
    }
    if (added !== 0) connection.run(ADD_COUNT, this.#store, added);
  }

  *#drop(connection: Connection): Generator<void, void, void> {
    while (connection.run(DELETE, this.#store) > 0) yield;
    connection.run('DELETE FROM datasets WHERE store = ?', this.#store);
  }
}
