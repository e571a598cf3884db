import { chunksOf } from '../chunks.ts';
import type {
  AddedRequest,
  Claim,
  ClaimedRequest,
  EndedRequest,
  RequestCounts,
  RequestRow,
  RequestStore,
  ReturnedRequest,
} from '../request-store.ts';
import { type Column, type Connection, textOf } from './connection.ts';
import type { Database } from './database.ts';
import { loadQueue, nextPosition, saveQueue } from './queue-row.ts';
import {
  CHUNK,
  COUNT_LOCKED,
  DELETE,
  EXTEND,
  FAILED,
  FIND,
  GET,
  GIVE_BACK,
  HANDLE,
  INSERT,
  LOCK,
  NEXT_READY,
  NEXT_WAITING,
  RETRY_FAILED,
  WAKE,
} from './request-sql.ts';

/**
 * Requests are found by their id, ordered by an integer that is negative at the forefront, and locked by
 * the number of the claim (the fence). A request without a fence is lent to nobody.
 */
export class SqliteRequestStore implements RequestStore {
  readonly name: string;
  readonly #database: Database;
  readonly #store: number;

  constructor(name: string, database: Database, store: number) {
    this.name = name;
    this.#database = database;
    this.#store = store;
  }

  async add(
    requests: readonly RequestRow[],
    options: { isForefront?: boolean } = {},
  ): Promise<AddedRequest[]> {
    if (requests.length === 0) return [];
    return await this.#database.writeInChunks((connection) =>
      this.#add(connection, requests, options.isForefront === true),
    );
  }

  async claim(
    limit: number,
    { now, lockMs }: { now: number; lockMs: number },
  ): Promise<ClaimedRequest[]> {
    if (limit <= 0) return [];
    return await this.#database.writeInChunks((connection) =>
      this.#claim(connection, limit, now, now + lockMs),
    );
  }

  async extend(claims: readonly Claim[], lockedUntil: number): Promise<string[]> {
    if (claims.length === 0) return [];
    return await this.#database.writeInChunks((connection) =>
      eachValid(claims, ({ id, fence }) =>
        connection.run(EXTEND, lockedUntil, this.#store, id, fence),
      ),
    );
  }

  async handle(claims: readonly EndedRequest[]): Promise<string[]> {
    if (claims.length === 0) return [];
    return await this.#database.writeInChunks((connection) => this.#handle(connection, claims));
  }

  async giveBack(requests: readonly ReturnedRequest[]): Promise<string[]> {
    if (requests.length === 0) return [];
    return await this.#database.writeInChunks((connection) => this.#giveBack(connection, requests));
  }

  async *failed(): AsyncIterable<readonly RequestRow[]> {
    for (let after = 0; ; ) {
      const rows = await this.#database.read((connection) =>
        connection.rows<[number, Column, Column, Column]>(FAILED, this.#store, after),
      );
      if (rows.length === 0) return;
      after = rows.at(-1)?.[0] ?? after;
      yield rows.map(([, id, uniqueKey, body]) => ({
        id: textOf(id),
        uniqueKey: textOf(uniqueKey),
        body: textOf(body),
      }));
    }
  }

  async retryFailed(requests: readonly RequestRow[]): Promise<string[]> {
    if (requests.length === 0) return [];
    return await this.#database.writeInChunks((connection) =>
      this.#retryFailed(connection, requests),
    );
  }

  async get(id: string): Promise<(RequestRow & { readonly isHandled: boolean }) | null> {
    const row = await this.#database.read((connection) =>
      connection.row<[Column, Column, number]>(GET, this.#store, id),
    );
    if (!row) return null;
    return { id, uniqueKey: textOf(row[0]), body: textOf(row[1]), isHandled: row[2] === 1 };
  }

  async counts(now: number): Promise<RequestCounts> {
    return await this.#database.read((connection) => {
      const { total, handled } = loadQueue(connection, this.#store);
      const locked = connection.number(COUNT_LOCKED, this.#store, now);
      return { total, handled, pending: total - handled - locked, locked };
    });
  }

  async nextDueAt(): Promise<number | null> {
    return await this.#database.read((connection) => {
      if (connection.row(NEXT_READY, this.#store)) return 0;
      return connection.row<[number]>(NEXT_WAITING, this.#store)?.[0] ?? null;
    });
  }

  async drop(): Promise<void> {
    await this.#database.writeInChunks((connection) => this.#drop(connection));
  }

  *#add(
    connection: Connection,
    requests: readonly RequestRow[],
    isForefront: boolean,
  ): Generator<void, AddedRequest[], void> {
    const added: AddedRequest[] = [];
    const queue = loadQueue(connection, this.#store);
    for (const chunk of chunksOf(requests, CHUNK)) {
      const known = this.#find(connection, chunk);
      for (const { id, uniqueKey, body } of chunk) {
        const wasAlreadyHandled = known.get(id);
        if (wasAlreadyHandled === undefined) {
          const position = nextPosition(queue, isForefront);
          connection.run(INSERT, this.#store, id, position, uniqueKey, body);
          queue.total++;
          known.set(id, false);
          added.push({ id, wasAlreadyPresent: false, wasAlreadyHandled: false });
        } else {
          added.push({ id, wasAlreadyPresent: true, wasAlreadyHandled });
        }
      }
      yield;
    }
    if (added.some((request) => !request.wasAlreadyPresent)) {
      saveQueue(connection, this.#store, queue);
    }
    return added;
  }

  /** Which of the requests are there already, and whether each is handled. */
  #find(connection: Connection, requests: readonly RequestRow[]): Map<string, boolean> {
    const ids = JSON.stringify(requests.map((request) => request.id));
    const rows = connection.rows<[Column, number]>(FIND, ids, this.#store);
    return new Map(rows.map(([id, isHandled]) => [textOf(id), isHandled === 1]));
  }

  *#claim(
    connection: Connection,
    limit: number,
    now: number,
    lockedUntil: number,
  ): Generator<void, ClaimedRequest[], void> {
    // What falls due takes its old place in the line again, so it must be woken before anything is picked.
    while (connection.run(WAKE, this.#store, now) === CHUNK) yield;
    const queue = loadQueue(connection, this.#store);
    queue.fence++;
    const locked: [number, Column, Column, Column][] = [];
    while (locked.length < limit) {
      const wanted = Math.min(CHUNK, limit - locked.length);
      const rows = connection.rows<[number, Column, Column, Column]>(
        LOCK,
        lockedUntil,
        queue.fence,
        this.#store,
        wanted,
      );
      locked.push(...rows);
      if (rows.length < wanted) break;
      yield;
    }
    if (locked.length === 0) return [];
    saveQueue(connection, this.#store, queue);
    // SQLite returns updated rows in no particular order.
    locked.sort((a, b) => a[0] - b[0]);
    return locked.map(([, id, uniqueKey, body]) => ({
      id: textOf(id),
      uniqueKey: textOf(uniqueKey),
      body: textOf(body),
      fence: queue.fence,
    }));
  }

  *#handle(
    connection: Connection,
    claims: readonly EndedRequest[],
  ): Generator<void, string[], void> {
    const valid = yield* eachValid(claims, ({ id, fence, body, isFailed }) =>
      connection.run(HANDLE, isFailed ? 4 : 3, body, this.#store, id, fence),
    );
    if (valid.length > 0) {
      const queue = loadQueue(connection, this.#store);
      queue.handled += valid.length;
      saveQueue(connection, this.#store, queue);
    }
    return valid;
  }

  *#giveBack(
    connection: Connection,
    requests: readonly ReturnedRequest[],
  ): Generator<void, string[], void> {
    const queue = loadQueue(connection, this.#store);
    const valid = yield* eachValid(requests, ({ id, fence, body, isForefront, notBefore }) =>
      connection.run(
        GIVE_BACK,
        notBefore === undefined ? 0 : 2,
        notBefore ?? 0,
        nextPosition(queue, isForefront),
        body,
        this.#store,
        id,
        fence,
      ),
    );
    if (valid.length > 0) saveQueue(connection, this.#store, queue);
    return valid;
  }

  *#retryFailed(
    connection: Connection,
    requests: readonly RequestRow[],
  ): Generator<void, string[], void> {
    const queue = loadQueue(connection, this.#store);
    const retried = yield* eachValid(requests, ({ id, body }) =>
      connection.run(RETRY_FAILED, nextPosition(queue, false), body, this.#store, id),
    );
    if (retried.length > 0) {
      queue.handled -= retried.length;
      saveQueue(connection, this.#store, queue);
    }
    return retried;
  }

  *#drop(connection: Connection): Generator<void, void, void> {
    while (connection.run(DELETE, this.#store) > 0) yield;
    // The count of claims goes on, so that a claim from before can never fit a request added after.
    const { fence } = loadQueue(connection, this.#store);
    saveQueue(connection, this.#store, { total: 0, handled: 0, head: 0, tail: 0, fence });
  }
}

/** Applies one update to each claim or request; the ids of those it still fitted. */
function* eachValid<C extends Pick<Claim, 'id'>>(
  claims: readonly C[],
  update: (claim: C) => number,
): Generator<void, string[], void> {
  const valid: string[] = [];
  for (const chunk of chunksOf(claims, CHUNK)) {
    for (const claim of chunk) if (update(claim) > 0) valid.push(claim.id);
    yield;
  }
  return valid;
}
