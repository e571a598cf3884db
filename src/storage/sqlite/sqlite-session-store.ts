import { nextTurn } from '../../core/next-turn.ts';
import { chunksOf } from '../chunks.ts';
import type {
  RetiredSession,
  SessionChanges,
  SessionHotRow,
  SessionStore,
  StoredSession,
} from '../session-store.ts';
import { type Column, type Connection, textOf } from './connection.ts';
import type { Database } from './database.ts';

/** Rows between two chances for the event loop: a millisecond or two. */
const CHUNK = 200;
const DEFAULT_BATCH_SIZE = 500;

const SAVE_HOT = `
  INSERT INTO session_hot
    (store, id, usage_count, error_score, last_used_at, cooldown_until, cooldown_step)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
  WHERE NOT EXISTS (SELECT 1 FROM session_retired WHERE store = ?1 AND id = ?2)
  ON CONFLICT (store, id) DO UPDATE SET
    usage_count = excluded.usage_count,
    error_score = excluded.error_score,
    last_used_at = excluded.last_used_at,
    cooldown_until = excluded.cooldown_until,
    cooldown_step = excluded.cooldown_step`;
const SAVE_COLD = `
  INSERT INTO session_cold (store, id, body) SELECT ?1, ?2, ?3
  WHERE NOT EXISTS (SELECT 1 FROM session_retired WHERE store = ?1 AND id = ?2)
  ON CONFLICT (store, id) DO UPDATE SET body = excluded.body`;
const RETIRE = `
  INSERT INTO session_retired (store, id, reason, retired_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (store, id) DO NOTHING`;
const REMOVE_HOT = 'DELETE FROM session_hot WHERE store = ? AND id = ?';
const REMOVE_COLD = 'DELETE FROM session_cold WHERE store = ? AND id = ?';

const LOAD = `
  SELECT hot.id, usage_count, error_score, last_used_at, cooldown_until, cooldown_step, body
  FROM session_hot AS hot
  CROSS JOIN session_cold AS cold ON cold.store = hot.store AND cold.id = hot.id
  WHERE hot.store = ? AND hot.id > ? ORDER BY hot.id LIMIT ?`;

const COPY_TO_QUARANTINE = `
  INSERT INTO session_quarantine (store, id, reason, quarantined_at, hot, body)
  SELECT ?1, ?2, ?3, ?4,
    (SELECT json_array(
        quote(usage_count), quote(error_score), quote(last_used_at),
        quote(cooldown_until), quote(cooldown_step))
      FROM session_hot WHERE store = ?1 AND id = ?2),
    (SELECT body FROM session_cold WHERE store = ?1 AND id = ?2)
  WHERE EXISTS (SELECT 1 FROM session_hot WHERE store = ?1 AND id = ?2)
    OR EXISTS (SELECT 1 FROM session_cold WHERE store = ?1 AND id = ?2)`;

const TABLES = ['session_hot', 'session_cold', 'session_retired', 'session_quarantine'];

type LoadedRow = readonly [Column, Column, Column, Column, Column, Column, Column];

/**
 * The counters change at every use and stand in a narrow table; identity and cookies stand in another.
 * A session is live once it is in both.
 */
export class SqliteSessionStore implements SessionStore {
  readonly name: string;
  readonly #database: Database;
  readonly #store: number;

  constructor(name: string, database: Database, store: number) {
    this.name = name;
    this.#database = database;
    this.#store = store;
  }

  async *load(options: { batchSize?: number } = {}): AsyncIterable<readonly StoredSession[]> {
    const batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
    const corruptIds: string[] = [];
    let lastId: Column = '';
    for (;;) {
      const after: Column = lastId;
      const rows: LoadedRow[] = await this.#database.read((connection) =>
        connection.rows<LoadedRow>(LOAD, this.#store, after, batchSize),
      );
      const sessions: StoredSession[] = [];
      for (const row of rows) {
        const session = sessionOf(row);
        if (session) sessions.push(session);
        else corruptIds.push(textOf(row[0]));
      }
      if (sessions.length > 0) yield sessions;
      lastId = rows.at(-1)?.[0] ?? lastId;
      if (rows.length < batchSize) break;
      await nextTurn();
    }
    await this.#quarantineCorrupt(corruptIds);
  }

  /** Large changes are written in chunks of one transaction: others see all of them or nothing. */
  async save(changes: SessionChanges): Promise<void> {
    const { hot, cold, retired } = changes;
    if (hot.length + cold.length + retired.length === 0) return;
    await this.#database.writeInChunks((connection) => this.#save(connection, changes));
  }

  async quarantine(id: string, reason: string): Promise<void> {
    await this.#database.write((connection) => {
      const now = this.#database.clock.now();
      connection.run(COPY_TO_QUARANTINE, this.#store, id, reason, now);
      this.#remove(connection, id);
    });
  }

  async forgetRetired(before: number): Promise<void> {
    const forget = 'DELETE FROM session_retired WHERE store = ? AND retired_at < ?';
    await this.#database.write((connection) => connection.run(forget, this.#store, before));
  }

  async drop(): Promise<void> {
    await this.#database.writeInChunks((connection) => this.#drop(connection));
  }

  *#save(
    connection: Connection,
    { hot, cold, retired }: SessionChanges,
  ): Generator<void, void, void> {
    for (const chunk of chunksOf(retired, CHUNK)) {
      for (const row of chunk) this.#retire(connection, row);
      yield;
    }
    for (const chunk of chunksOf(hot, CHUNK)) {
      for (const row of chunk) this.#saveHot(connection, row);
      yield;
    }
    for (const chunk of chunksOf(cold, CHUNK)) {
      for (const { id, body } of chunk) connection.run(SAVE_COLD, this.#store, id, body);
      yield;
    }
  }

  #retire(connection: Connection, { id, reason, retiredAt }: RetiredSession): void {
    connection.run(RETIRE, this.#store, id, reason, retiredAt);
    this.#remove(connection, id);
  }

  #saveHot(connection: Connection, row: SessionHotRow): void {
    connection.run(
      SAVE_HOT,
      this.#store,
      row.id,
      row.usageCount,
      row.errorScore,
      row.lastUsedAt,
      row.cooldownUntil,
      row.cooldownStep,
    );
  }

  #remove(connection: Connection, id: string): void {
    connection.run(REMOVE_HOT, this.#store, id);
    connection.run(REMOVE_COLD, this.#store, id);
  }

  async #quarantineCorrupt(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) await this.quarantine(id, 'a column is unreadable');
    this.#database.log.warning(
      `${ids.length} unreadable session rows of "${this.name}" in ${this.#database.path} were put aside, in the table session_quarantine`,
      { ids: ids.slice(0, 10) },
    );
  }

  *#drop(connection: Connection): Generator<void, void, void> {
    for (const table of TABLES) {
      const some = `SELECT id FROM ${table} WHERE store = ?1 LIMIT ${CHUNK}`;
      const remove = `DELETE FROM ${table} WHERE store = ?1 AND id IN (${some})`;
      while (connection.run(remove, this.#store) > 0) yield;
    }
  }
}

/** `undefined` when a column does not hold what the schema says. */
function sessionOf(row: LoadedRow): StoredSession | undefined {
  const [id, usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep, body] = row;
  if (typeof body !== 'string') return undefined;
  if (!isCount(usageCount) || !isCount(lastUsedAt) || !isCount(cooldownUntil)) return undefined;
  if (!isCount(cooldownStep) || !isCount(errorScore)) return undefined;
  const hot = {
    id: textOf(id),
    usageCount,
    errorScore,
    lastUsedAt,
    cooldownUntil,
    cooldownStep,
  };
  return { hot, body };
}

function isCount(column: Column): column is number {
  return typeof column === 'number' && Number.isFinite(column);
}
