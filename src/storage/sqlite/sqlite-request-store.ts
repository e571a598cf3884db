import { chunksOf } from '../chunks.ts';
import type {
  AddedRequest,
  Claim,
  ClaimAnswer,
  ClaimedRequest,
  ClaimOptions,
  EndedRequest,
  RequestCounts,
  RequestRow,
  RequestStore,
  ReturnedRequest,
} from '../request-store.ts';
import { type Column, type Connection, textOf } from './connection.ts';
import type { Database } from './database.ts';
import { nextTurnAt, OriginRing, type Turn } from './origin-ring.ts';
import { DELETE_ORIGINS } from './origin-sql.ts';
import { loadQueue, nextPosition, type QueueRow, saveQueue } from './queue-row.ts';
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

  async claim(limit: number, options: ClaimOptions): Promise<ClaimAnswer> {
    if (limit <= 0) return { requests: [], nextDueAt: await this.nextDueAt() };
    return await this.#database.writeInChunks((connection) =>
      this.#claim(connection, limit, options),
    );
  }

  async extend(claims: readonly Claim[], lockedUntil: number): Promise<string[]> {
    if (claims.length === 0) return [];
    return await this.#database.writeInChunks((connection) =>
      eachValid(
        claims,
        ({ id, fence }) => connection.run(EXTEND, lockedUntil, this.#store, id, fence) > 0,
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
        connection.rows<[number, Column, Column, Column, Column]>(FAILED, this.#store, after),
      );
      if (rows.length === 0) return;
      after = rows.at(-1)?.[0] ?? after;
      yield rows.map(([, ...columns]) => rowOf(columns));
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
      connection.row<[Column, Column, number, Column]>(GET, this.#store, id),
    );
    if (!row) return null;
    const [uniqueKey, body, isHandled, origin] = row;
    return { ...rowOf([id, uniqueKey, body, origin]), isHandled: isHandled === 1 };
  }

  async counts(now: number): Promise<RequestCounts> {
    return await this.#database.read((connection) => {
      const { total, handled } = loadQueue(connection, this.#store);
      const locked = connection.number(COUNT_LOCKED, this.#store, now);
      return { total, handled, pending: total - handled - locked, locked };
    });
  }

  async nextDueAt(): Promise<number | null> {
    return await this.#database.read((connection) => this.#nextDueAt(connection));
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
    let opened: { readonly queue: QueueRow; readonly ring: OriginRing } | undefined;
    for (const chunk of chunksOf(requests, CHUNK)) {
      const origins: number[] = [];
      const known = this.#find(connection, chunk);
      for (const { id, uniqueKey, body, origin: name = '' } of chunk) {
        const wasAlreadyHandled = known.get(id);
        if (wasAlreadyHandled === undefined) {
          opened ??= this.#open(connection);
          const { queue, ring } = opened;
          const position = nextPosition(queue, isForefront);
          const origin = ring.numberOf(name);
          connection.run(INSERT, this.#store, id, position, uniqueKey, body, origin);
          origins.push(origin);
          queue.total++;
          known.set(id, false);
          added.push({ id, wasAlreadyPresent: false, wasAlreadyHandled: false });
        } else {
          added.push({ id, wasAlreadyPresent: true, wasAlreadyHandled });
        }
      }
      opened?.ring.enter(origins);
      yield;
    }
    if (opened) saveQueue(connection, this.#store, opened.queue);
    return added;
  }

  /** Which of the requests are there already, and whether each is handled. */
  #find(connection: Connection, requests: readonly RequestRow[]): Map<string, boolean> {
    const ids = JSON.stringify(requests.map((request) => request.id));
    const [found] = connection.row<[string]>(FIND, ids, this.#store) as [string];
    const known = new Map<string, boolean>();
    for (const mark of JSON.parse(found) as number[]) {
      known.set((requests[mark >> 1] as RequestRow).id, (mark & 1) === 1);
    }
    return known;
  }

  *#claim(
    connection: Connection,
    limit: number,
    { now, lockMs, originDelayMs = 0 }: ClaimOptions,
  ): Generator<void, ClaimAnswer, void> {
    const queue = loadQueue(connection, this.#store);
    queue.fence++;
    const ring = this.#ring(connection, queue);
    // What falls due takes its old place in its line again, so it must be woken before anything is picked.
    while (this.#waitingAt(connection) <= now) {
      const woken = connection.rows<[number]>(WAKE, this.#store, now);
      ring.enter(woken.map(([origin]) => origin));
      yield;
    }
    ring.wake(now);
    const requests: ClaimedRequest[] = [];
    const lock = { until: now + lockMs, fence: queue.fence };
    while (requests.length < limit) {
      const turns = ring.next(Math.min(CHUNK, limit - requests.length));
      const share =
        originDelayMs > 0 ? 1 : Math.max(1, Math.floor((limit - requests.length) / turns.length));
      for (const turn of turns) {
        const wanted = Math.min(share, limit - requests.length);
        const before = requests.length;
        yield* this.#lock(connection, turn, wanted, lock, requests);
        const isPaced = originDelayMs > 0 && requests.length > before;
        if (isPaced) ring.rest(turn.origin, now + originDelayMs);
        else ring.pass(turn.origin);
      }
      if (turns.length === 0) break;
      yield;
    }
    if (requests.length > 0) saveQueue(connection, this.#store, queue);
    return { requests, nextDueAt: this.#nextDueAt(connection) };
  }

  /** Up to `wanted` of one origin, in order. */
  *#lock(
    connection: Connection,
    { origin, name }: Turn,
    wanted: number,
    { until, fence }: { readonly until: number; readonly fence: number },
    requests: ClaimedRequest[],
  ): Generator<void, void, void> {
    for (let left = wanted; left > 0; ) {
      const limit = Math.min(CHUNK, left);
      const columns = [until, fence, this.#store, origin, limit] as const;
      const rows = connection.rows<[number, Column, Column, Column]>(LOCK, ...columns);
      // SQLite returns updated rows in no particular order.
      rows.sort((a, b) => a[0] - b[0]);
      for (const [, id, uniqueKey, body] of rows) {
        const key = textOf(uniqueKey);
        requests.push({ id: textOf(id), uniqueKey: key, body: textOf(body), origin: name, fence });
      }
      if (rows.length < limit) return;
      left -= rows.length;
      if (left > 0) yield;
    }
  }

  *#handle(
    connection: Connection,
    claims: readonly EndedRequest[],
  ): Generator<void, string[], void> {
    const valid = yield* eachValid(
      claims,
      ({ id, fence, body, isFailed }) =>
        connection.run(HANDLE, isFailed ? 4 : 3, body, this.#store, id, fence) > 0,
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
    const { queue, ring } = this.#open(connection);
    const valid = yield* eachValid(
      requests,
      ({ id, fence, body, isForefront, notBefore }) =>
        connection.run(
          GIVE_BACK,
          notBefore === undefined ? 0 : 2,
          notBefore ?? 0,
          nextPosition(queue, isForefront),
          body,
          this.#store,
          id,
          fence,
        ) > 0,
    );
    ring.enterOf(valid);
    if (valid.length > 0) saveQueue(connection, this.#store, queue);
    return valid;
  }

  *#retryFailed(
    connection: Connection,
    requests: readonly RequestRow[],
  ): Generator<void, string[], void> {
    const { queue, ring } = this.#open(connection);
    const retried = yield* eachValid(requests, ({ id, body }) => {
      const position = nextPosition(queue, false);
      return connection.run(RETRY_FAILED, position, body, this.#store, id) > 0;
    });
    ring.enterOf(retried);
    if (retried.length > 0) {
      queue.handled -= retried.length;
      saveQueue(connection, this.#store, queue);
    }
    return retried;
  }

  *#drop(connection: Connection): Generator<void, void, void> {
    while (connection.run(DELETE, this.#store) > 0) yield;
    connection.run(DELETE_ORIGINS, this.#store);
    // The count of claims goes on, so that a claim from before can never fit a request added after.
    const { fence } = loadQueue(connection, this.#store);
    saveQueue(connection, this.#store, { total: 0, handled: 0, head: 0, tail: 0, fence });
  }

  #open(connection: Connection): { readonly queue: QueueRow; readonly ring: OriginRing } {
    const queue = loadQueue(connection, this.#store);
    return { queue, ring: this.#ring(connection, queue) };
  }

  #ring(connection: Connection, { fence }: QueueRow): OriginRing {
    return new OriginRing(connection, this.#store, fence);
  }

  #nextDueAt(connection: Connection): number | null {
    const turnAt = nextTurnAt(connection, this.#store);
    if (turnAt === 0) return 0;
    const dueAt = Math.min(turnAt ?? Number.POSITIVE_INFINITY, this.#waitingAt(connection));
    return Number.isFinite(dueAt) ? dueAt : null;
  }

  /** When the first of those that are locked or delayed falls due; `Infinity` when there is none. */
  #waitingAt(connection: Connection): number {
    return connection.row<[number]>(NEXT_WAITING, this.#store)?.[0] ?? Number.POSITIVE_INFINITY;
  }
}

function rowOf([id, uniqueKey, body, origin]: readonly Column[]): RequestRow {
  return {
    id: textOf(id),
    uniqueKey: textOf(uniqueKey),
    body: textOf(body),
    origin: textOf(origin),
  };
}

/** Applies one update to each claim or request; the ids of those it still fitted. */
function* eachValid<C extends Pick<Claim, 'id'>>(
  claims: readonly C[],
  update: (claim: C) => boolean,
): Generator<void, string[], void> {
  const valid: string[] = [];
  for (const chunk of chunksOf(claims, CHUNK)) {
    for (const claim of chunk) if (update(claim)) valid.push(claim.id);
    yield;
  }
  return valid;
}
