import { type Column, type Connection, textOf } from './connection.ts';
import {
  ENTER,
  FIND_ORIGIN,
  FIRST_PACED,
  INSERT_ORIGIN,
  NEXT_PACED,
  NEXT_TURN,
  ORIGINS_OF,
  PASS,
  REST,
  RING,
  WAKE_ORIGINS,
} from './origin-sql.ts';

export interface Turn {
  readonly origin: number;
  readonly name: string;
}

/** The origins of one queue, within one transaction: whose turn it is, and who is to be left alone. */
export class OriginRing {
  readonly #connection: Connection;
  readonly #store: number;
  /** Behind all who stand in the ring now; they keep the order of their numbers among themselves. */
  readonly #turn: number;
  readonly #known = new Map<string, number>();
  /** Have their turn, or wait, for all that this transaction has seen. */
  readonly #entered = new Set<number>();

  constructor(connection: Connection, store: number, turn: number) {
    this.#connection = connection;
    this.#store = store;
    this.#turn = turn;
  }

  /** Its number, given at first sight. */
  numberOf(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#connection.row<[number, number]>(FIND_ORIGIN, this.#store, name);
    const origin = found?.[0] ?? this.#connection.number(INSERT_ORIGIN, this.#store, name);
    if (found?.[1] === 1) this.#entered.add(origin);
    this.#known.set(name, origin);
    return origin;
  }

  /** Of these there is something to claim. */
  enter(origins: Iterable<number>): void {
    for (const origin of origins) {
      if (this.#entered.has(origin)) continue;
      this.#connection.run(ENTER, this.#turn, origin);
      this.#entered.add(origin);
    }
  }

  /** Of these requests some are ready again. */
  enterOf(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const rows = this.#connection.rows<[number]>(ORIGINS_OF, JSON.stringify(ids), this.#store);
    this.enter(rows.map(([origin]) => origin));
  }

  wake(now: number): void {
    const dueAt = this.#connection.row<[number]>(FIRST_PACED, this.#store)?.[0];
    if (dueAt === undefined || dueAt > now) return;
    this.#connection.run(WAKE_ORIGINS, this.#turn, this.#store, now);
  }

  /** The next in the ring, each once. */
  next(limit: number): Turn[] {
    return this.#connection
      .rows<[number, Column]>(RING, this.#store, limit)
      .map(([origin, name]) => ({ origin, name: textOf(name) }));
  }

  /** Its turn is over; it stands in line again if it has more. */
  pass(origin: number): void {
    this.#connection.run(PASS, this.#turn, origin);
    this.#entered.delete(origin);
  }

  /** Its turn is over, and it is to be left alone until then. */
  rest(origin: number, nextAt: number): void {
    this.#connection.run(REST, nextAt, origin);
    this.#entered.delete(origin);
  }
}

/** When something can be claimed of an origin: 0 now, `undefined` never. */
export function nextTurnAt(connection: Connection, store: number): number | undefined {
  if (connection.row(NEXT_TURN, store)) return 0;
  return connection.row<[number]>(NEXT_PACED, store)?.[0];
}
