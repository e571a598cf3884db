import type { Clock } from '../../core/clock.ts';
import type {
  CookieChange,
  CookieChanges,
  HandChanges,
  SessionFact,
} from '../../storage/session-hands.ts';
import type { SessionColdRow, SessionHotRow } from '../../storage/session-store.ts';
import type { Persistence } from '../persistence.ts';
import type { Roster } from '../roster.ts';
import type { SlotTable } from '../slot-table.ts';
import { cookieChangesOf } from './cookie-changes.ts';

/** What the store is told of sessions of the hand. */
export class HandRows {
  readonly #table: SlotTable;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #persistence: () => Persistence;
  /** Cookies that changed when others may have had the session, too. */
  readonly #noted = new Map<string, CookieChange[]>();

  constructor(parts: {
    table: SlotTable;
    roster: Roster;
    clock: Clock;
    persistence: () => Persistence;
  }) {
    this.#table = parts.table;
    this.#roster = parts.roster;
    this.#clock = parts.clock;
    this.#persistence = parts.persistence;
  }

  /** All that is to be known of a session that goes back. */
  returning(slot: number): Pick<HandChanges, 'hot' | 'cold' | 'cookies' | 'returned'> {
    const { hot, cold } = this.#persistence().withdraw(slot);
    const id = this.#table.ids[slot] as string;
    const restMs = this.#restMs(slot);
    return { hot, cold, cookies: this.cookiesOf(cold), returned: [{ id, restMs }] };
  }

  /** All that is to be known of sessions whose lease was over, and that may be another's. */
  offered(slots: readonly number[]): Pick<HandChanges, 'hot' | 'cold' | 'cookies' | 'facts'> {
    const rows = slots.map((slot) => this.#persistence().withdraw(slot));
    const cold = rows.flatMap((row) => row.cold);
    const facts: SessionFact[] = [];
    for (const slot of slots) {
      const restMs = this.#restMs(slot);
      const id = this.#table.ids[slot] as string;
      if (restMs > 0) facts.push({ id, errorScoreChange: 0, restMs });
    }
    return { hot: rows.flatMap((row) => row.hot), cold, cookies: this.cookiesOf(cold), facts };
  }

  /** What has become known of a session since it was offered, with this row, and refused. */
  since({ id, errorScore }: SessionHotRow): Pick<HandChanges, 'facts' | 'cookies'> {
    const slot = this.#roster.slotOf(id);
    const errorScoreChange = this.#table.errorScore.get(slot) - errorScore;
    const restMs = this.#restMs(slot);
    const cookies = this.cookiesOf([{ id }]);
    const isAny = errorScoreChange !== 0 || restMs > 0 || cookies.length > 0;
    return { facts: isAny ? [{ id, errorScoreChange, restMs }] : [], cookies };
  }

  /** From now on others may have the session: what is written of its cookies counts from when it changed, not from when it is told. */
  noteCookies(slot: number): void {
    const changes = cookieChangesOf(this.#table.cold.get(slot), this.#clock.now());
    if (changes.length === 0) return;
    const id = this.#table.ids[slot] as string;
    this.#noted.set(id, [...(this.#noted.get(id) ?? []), ...changes]);
  }

  noteGone(slot: number): void {
    if (this.#noted.size > 0) this.#noted.delete(this.#table.ids[slot] as string);
  }

  /** The cookies that changed of these sessions. */
  cookiesOf(sessions: readonly Pick<SessionColdRow, 'id'>[]): CookieChanges[] {
    const now = this.#clock.now();
    const all: CookieChanges[] = [];
    for (const { id } of sessions) {
      const changes = cookieChangesOf(this.#table.cold.get(this.#roster.slotOf(id)), now);
      const cookies = [...(this.#noted.get(id) ?? []), ...changes];
      this.#noted.delete(id);
      if (cookies.length > 0) all.push({ id, cookies });
    }
    return all;
  }

  #restMs(slot: number): number {
    const leftMs = this.#table.readyAt.get(slot) - this.#clock.now();
    // The server counts whole milliseconds, and has not seen the end of the present one.
    return leftMs > 0 ? Math.ceil(leftMs) + 1 : 0;
  }
}
