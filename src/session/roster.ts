import { DenseSet } from './dense-set.ts';
import { FinalState } from './final-state.ts';
import type { Ledger } from './ledger.ts';
import { ObjectColumn } from './object-column.ts';
import { Seat } from './seat.ts';
import { Session, seatOf } from './session.ts';
import { FLAG_ALIVE } from './slot-table.ts';

/** Who is alive: by id, by number, and as the `Session` objects that users hold. */
export class Roster {
  readonly #ledger: Ledger;
  readonly #slotOfId = new Map<string, number>();
  readonly #alive = new DenseSet();
  /** Only for sessions that somebody has asked for. */
  readonly #handles: ObjectColumn<Session> = new ObjectColumn();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.#alive.size;
  }

  has(id: string): boolean {
    return this.#slotOfId.has(id);
  }

  /** -1 when no living session has the id. */
  slotOf(id: string): number {
    return this.#slotOfId.get(id) ?? -1;
  }

  slotOfSession(session: Session): number {
    return this.slotOf(session.id);
  }

  /** The n-th living slot, in no particular order. */
  at(index: number): number {
    return this.#alive.at(index);
  }

  enter(slot: number): void {
    const { table } = this.#ledger;
    table.flags.set(slot, table.flags.get(slot) | FLAG_ALIVE);
    this.#slotOfId.set(table.ids[slot] as string, slot);
    this.#alive.add(slot);
  }

  /** A session made outside takes its place here: the handle the user holds stays the session's. */
  adopt(slot: number, session: Session): void {
    seatOf(session).moveTo(this.#ledger, slot);
    this.#handles.set(slot, session);
  }

  /** The session is no longer alive; its slot stays until the last lease on it is settled. */
  leave(slot: number): void {
    const { table } = this.#ledger;
    table.flags.set(slot, table.flags.get(slot) & ~FLAG_ALIVE);
    this.#slotOfId.delete(table.ids[slot] as string);
    this.#alive.remove(slot);
  }

  handleOf(slot: number): Session {
    const existing = this.#handles.get(slot);
    if (existing) return existing;
    const handle = new Session(new Seat(this.#ledger, slot));
    this.#handles.set(slot, handle);
    return handle;
  }

  /** Handles that users still hold keep a copy of the final state. */
  free(slot: number, final: FinalState | undefined): void {
    const handle = this.#handles.get(slot);
    if (handle) {
      seatOf(handle).leave(final ?? new FinalState(this.#ledger.table, slot));
      this.#handles.clear(slot);
    }
    this.#ledger.table.free(slot);
  }

  *sessions(): Generator<Session> {
    const slots: number[] = [];
    for (let index = 0; index < this.#alive.size; index++) slots.push(this.#alive.at(index));
    for (const slot of slots) {
      if ((this.#ledger.table.flags.get(slot) & FLAG_ALIVE) !== 0) yield this.handleOf(slot);
    }
  }
}
