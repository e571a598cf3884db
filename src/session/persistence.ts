import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { nextTurn } from '../core/next-turn.ts';
import type {
  RetiredSession,
  SessionChanges,
  SessionColdRow,
  SessionHotRow,
  SessionStore,
} from '../storage/session-store.ts';
import type { RetiredReason } from './outcome.ts';
import { coldBodyOf, hotRowOf, userDataJsonOf } from './session-record.ts';
import {
  FLAG_ALIVE,
  FLAG_COLD_DIRTY,
  FLAG_HOT_DIRTY,
  FLAG_STORED,
  type SlotTable,
} from './slot-table.ts';

/** Marks may be lost by a crash for one second at most; the rest of it is for writing. */
const MARKS_DELAY_MS = 800;
/** Retirements and cookies for a tenth of a second. */
const URGENT_DELAY_MS = 50;
/** What somebody waits for. */
const HURRY_DELAY_MS = 2;
/** After a failed write, such as on a full disk. */
const RETRY_DELAY_MS = 5000;
/** Rows written at a time; the event loop is let go in between. */
const CHUNK_ROWS = 50;

/** Where changes go: a store, or the hand that holds the sessions. */
export interface SessionSink {
  bodyOf(table: SlotTable, slot: number): string;
  save(changes: SessionChanges): Promise<void>;
}

export function sinkOf(store: SessionStore): SessionSink {
  return { bodyOf: coldBodyOf, save: (changes) => store.save(changes) };
}

/** Writes what changed, and only that: soon, in small pieces, off the hot path. */
export class Persistence {
  readonly #sink: SessionSink;
  readonly #table: SlotTable;
  readonly #clock: Clock;
  readonly #log: Log;
  #dirty: number[] = [];
  #retired: RetiredSession[] = [];
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();
  #isFailing = false;
  #isClosed = false;

  constructor(parts: { sink: SessionSink; table: SlotTable; clock: Clock; log: Log }) {
    this.#sink = parts.sink;
    this.#table = parts.table;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  noteHot(slot: number): void {
    // Mostly it is due already: so short that the engine makes no call of it.
    if ((this.#table.flags.get(slot) & FLAG_HOT_DIRTY) !== 0) return;
    this.#note(slot, FLAG_HOT_DIRTY, MARKS_DELAY_MS);
  }

  noteNew(slot: number): void {
    this.#note(slot, FLAG_COLD_DIRTY | FLAG_HOT_DIRTY, MARKS_DELAY_MS);
  }

  noteCold(slot: number): void {
    this.#note(slot, FLAG_COLD_DIRTY | FLAG_HOT_DIRTY, URGENT_DELAY_MS);
    // It may have been due already, but less urgently.
    this.#plan(URGENT_DELAY_MS);
  }

  /** The row as it was restored is in the store already. */
  noteStored(slot: number): void {
    this.#table.flags.set(slot, this.#table.flags.get(slot) | FLAG_STORED);
  }

  noteRetired(slot: number, reason: RetiredReason, retiredAt: number): void {
    const flags = this.#table.flags.get(slot);
    this.#table.flags.set(slot, flags & ~(FLAG_HOT_DIRTY | FLAG_COLD_DIRTY));
    if ((flags & FLAG_STORED) === 0) return;
    this.#retired.push({ id: this.#table.ids[slot] as string, reason, retiredAt });
    this.#plan(URGENT_DELAY_MS);
  }

  /** What is due is written at once; others that change in this moment come along. */
  hurry(): void {
    this.#plan(HURRY_DELAY_MS);
  }

  /** All that is to be known of a session that goes elsewhere; here it is due no more. */
  withdraw(slot: number): { readonly hot: SessionHotRow[]; readonly cold: SessionColdRow[] } {
    const { flags } = this.#table;
    flags.set(slot, flags.get(slot) | FLAG_HOT_DIRTY);
    const rows = { hot: [], cold: [] };
    this.#collect(slot, rows.hot, rows.cold);
    return rows;
  }

  /** Its cookies or user data may have changed since they were written. */
  mayBeCold(slot: number): boolean {
    const isDirty = (this.#table.flags.get(slot) & FLAG_COLD_DIRTY) !== 0;
    return isDirty || this.#table.cold.get(slot)?.isJarShared === true;
  }

  /** What was noted of it is void. */
  forget(slot: number): void {
    const { flags } = this.#table;
    flags.set(slot, flags.get(slot) & ~(FLAG_HOT_DIRTY | FLAG_COLD_DIRTY | FLAG_STORED));
  }

  /** Writes all that has changed until now. Rejects with the store's error; what was not written stays due. */
  flush(): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(() => this.#write());
    return this.#running;
  }

  /** The last write. What changes afterwards is not saved. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  #note(slot: number, dirty: number, delayMs: number): void {
    const flags = this.#table.flags.get(slot);
    if ((flags & dirty) === dirty) return;
    this.#table.flags.set(slot, flags | dirty);
    if ((flags & (FLAG_HOT_DIRTY | FLAG_COLD_DIRTY)) === 0) this.#dirty.push(slot);
    this.#plan(delayMs);
  }

  #plan(delayMs: number): void {
    if (this.#isClosed) return;
    const waitMs = this.#isFailing ? RETRY_DELAY_MS : delayMs;
    const at = this.#clock.now() + waitMs;
    if (at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimer(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.flush().catch((error) => this.#noteFailure(error));
    }, waitMs);
  }

  #noteFailure(error: unknown): void {
    this.#log.exception(error, 'Sessions could not be saved; trying again later');
  }

  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timerAt = Number.POSITIVE_INFINITY;
    const slots = this.#dirty;
    const retired = this.#retired;
    this.#dirty = [];
    this.#retired = [];
    let isFirst = true;
    for (let from = 0; isFirst || from < slots.length; from += CHUNK_ROWS) {
      if (!isFirst) await nextTurn();
      const chunk = slots.slice(from, from + CHUNK_ROWS);
      try {
        await this.#writeChunk(chunk, isFirst ? retired : []);
      } catch (error) {
        this.#keepDue(slots.slice(from), isFirst ? retired : []);
        throw error;
      }
      isFirst = false;
    }
    this.#isFailing = false;
  }

  async #writeChunk(slots: readonly number[], retired: readonly RetiredSession[]): Promise<void> {
    const hot: SessionHotRow[] = [];
    const cold: SessionColdRow[] = [];
    for (const slot of slots) this.#collect(slot, hot, cold);
    if (hot.length + cold.length + retired.length === 0) return;
    await this.#sink.save({ hot, cold, retired });
  }

  /** A slot that was freed since it was noted has no dirty flag any more. */
  #collect(slot: number, hot: SessionHotRow[], cold: SessionColdRow[]): void {
    const table = this.#table;
    const flags = table.flags.get(slot);
    if ((flags & (FLAG_HOT_DIRTY | FLAG_COLD_DIRTY)) === 0) return;
    table.flags.set(slot, (flags & ~(FLAG_HOT_DIRTY | FLAG_COLD_DIRTY)) | FLAG_STORED);
    hot.push(hotRowOf(table, slot));
    if ((flags & FLAG_COLD_DIRTY) === 0 && !this.#hasChangedInside(slot)) return;
    cold.push({ id: table.ids[slot] as string, body: this.#sink.bodyOf(table, slot) });
    const state = table.cold.get(slot);
    if (state?.userData) state.userDataJson = userDataJsonOf(state);
  }

  /** User data is a plain object: only a comparison shows that the user wrote into it. So it is with a jar in the user's hands. */
  #hasChangedInside(slot: number): boolean {
    const state = this.#table.cold.get(slot);
    if (state?.isJarShared) return true;
    return state?.userData !== undefined && userDataJsonOf(state) !== (state.userDataJson ?? '{}');
  }

  #keepDue(slots: readonly number[], retired: readonly RetiredSession[]): void {
    this.#isFailing = true;
    this.#retired.unshift(...retired);
    for (const slot of slots) {
      if ((this.#table.flags.get(slot) & FLAG_ALIVE) !== 0) {
        this.#note(slot, FLAG_HOT_DIRTY | FLAG_COLD_DIRTY, RETRY_DELAY_MS);
      }
    }
    this.#plan(RETRY_DELAY_MS);
  }
}
