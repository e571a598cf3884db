import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { SessionStore } from '../../storage/session-store.ts';
import type { LateMark, Ledger } from '../ledger.ts';
import type { RetiredReason } from '../outcome.ts';
import type { Roster } from '../roster.ts';

/** Sessions that are fetched for their marks at one time. */
const MOST_SESSIONS = 1000;
const MOST_MARKS = 100;

/**
 * What users say of sessions they hold from `getSession()`, and that have gone back meanwhile. A mark waits until the
 * session is in the hand again, for which it is fetched; a retirement is told to the store at once, whoever has it.
 */
export class LateMarks {
  readonly #ledger: Ledger;
  readonly #roster: Roster;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #obtain: (id: string) => Promise<void>;
  readonly #byId = new Map<string, LateMark[]>();
  #isClosed = false;

  constructor(parts: {
    ledger: Ledger;
    roster: Roster;
    store: SessionStore;
    clock: Clock;
    log: Log;
    /** The session is in the hand then, or known to be in none. */
    obtain: (id: string) => Promise<void>;
  }) {
    this.#ledger = parts.ledger;
    this.#roster = parts.roster;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#obtain = parts.obtain;
  }

  note(id: string, mark: LateMark): void {
    if (this.#apply(id, mark) || this.#isClosed) return;
    if (mark !== 'good' && mark !== 'bad') {
      void this.#retire(id, mark);
      return;
    }
    const marks = this.#byId.get(id);
    if (marks && marks.length < MOST_MARKS) marks.push(mark);
    else if (!marks && this.#byId.size < MOST_SESSIONS) void this.#fetchFor(id, mark);
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Says whether the session is here. */
  #apply(id: string, mark: LateMark): boolean {
    const slot = this.#roster.slotOf(id);
    if (slot === -1) return false;
    if (mark === 'good') this.#ledger.markGood(slot);
    else if (mark === 'bad') this.#ledger.markBad(slot);
    else this.#ledger.retire(slot, mark);
    return true;
  }

  async #fetchFor(id: string, mark: LateMark): Promise<void> {
    const marks = [mark];
    this.#byId.set(id, marks);
    try {
      await this.#obtain(id);
    } catch (error) {
      if (!this.#isClosed) {
        this.#log.exception(error, `What was said of the session "${id}" could not be counted`);
      }
    }
    this.#byId.delete(id);
    for (const late of marks) this.#apply(id, late);
  }

  async #retire(id: string, reason: RetiredReason): Promise<void> {
    const retired = [{ id, reason, retiredAt: this.#clock.now() }];
    try {
      await this.#store.save({ hot: [], cold: [], retired });
    } catch (error) {
      this.#log.exception(error, `The session "${id}" could not be retired`);
    }
  }
}
