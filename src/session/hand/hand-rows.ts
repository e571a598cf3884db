import type { Clock } from '../../core/clock.ts';
import type { CookieChanges, HandChanges } from '../../storage/session-hands.ts';
import type { SessionColdRow } from '../../storage/session-store.ts';
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
    const leftMs = this.#table.readyAt.get(slot) - this.#clock.now();
    // The server counts whole milliseconds, and has not seen the end of the present one.
    const restMs = leftMs > 0 ? Math.ceil(leftMs) + 1 : 0;
    const id = this.#table.ids[slot] as string;
    return { hot, cold, cookies: this.cookiesOf(cold), returned: [{ id, restMs }] };
  }

  /** The cookies that changed with these rows. */
  cookiesOf(cold: readonly SessionColdRow[]): CookieChanges[] {
    const now = this.#clock.now();
    const all: CookieChanges[] = [];
    for (const { id } of cold) {
      const cookies = cookieChangesOf(this.#table.cold.get(this.#roster.slotOf(id)), now);
      if (cookies.length > 0) all.push({ id, cookies });
    }
    return all;
  }
}
