import type Libsql from 'libsql';

/** What can be bound to a statement. The driver aborts the process on a boolean, hence none here. */
export type Bindable = string | number | Uint8Array | null;

/** What a column holds. Text with a NUL in it comes back as bytes: see {@link textOf}. */
export type Column = string | number | Buffer | null;

/** How long the driver may block the event loop for another process's lock before it gives up. */
const BUSY_TIMEOUT_MS = 5;

/** One connection to the file, with its prepared statements. Synchronous; errors are the driver's own. */
export class Connection {
  readonly #database: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();

  constructor(driver: typeof Libsql, path: string) {
    this.#database = new driver(path, { timeout: BUSY_TIMEOUT_MS });
  }

  /** For statements that are run once, or that hold several. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: Bindable[]): number {
    return this.#prepared(sql).run(bound(values)).changes;
  }

  /** All rows, each as an array of its columns. Never keeps a statement open, which would hold up checkpoints. */
  rows<Row extends readonly Column[]>(sql: string, ...values: Bindable[]): Row[] {
    return this.#prepared(sql).all(bound(values)) as Row[];
  }

  /** The first row. Takes the driver a third of the time of {@link rows}, and keeps no statement open either. */
  row<Row extends readonly Column[]>(sql: string, ...values: Bindable[]): Row | undefined {
    return this.#prepared(sql).get(bound(values)) as Row | undefined;
  }

  /** The first column of the first row; 0 when there is none. */
  number(sql: string, ...values: Bindable[]): number {
    return Number(this.row(sql, ...values)?.[0] ?? 0);
  }

  /** Takes back what the transaction did. Does nothing when SQLite has already done so, as on a full disk. */
  rollback(): void {
    if (!this.#database.inTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // Then the transaction is still open, and the next BEGIN fails and tells its caller.
    }
  }

  close(): void {
    // The driver keeps the file open until its statements are garbage.
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): Libsql.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      if (statement.reader) statement.raw(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** The text of a text column. */
export function textOf(column: Column | undefined): string {
  return Buffer.isBuffer(column) ? column.toString('utf8') : String(column);
}

/** Text with a NUL is bound as bytes: the driver would cut it there. */
function bound(values: Bindable[]): Bindable[] {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value === 'string' && value.includes('\0')) values[index] = Buffer.from(value);
  }
  return values;
}
