import type { Clock } from '../../core/clock.ts';
import type { CookieChanges, SessionFact } from '../../storage/session-hands.ts';
import { COOLDOWN_BASE_SECS, type LateMark, type LateReport } from '../ledger.ts';
import type { SessionLimits } from '../session-options.ts';
import type { SlotTable } from '../slot-table.ts';
import { cookieChangesOf } from './cookie-changes.ts';

/**
 * What requests in flight report of a session that was lost with them, and that others may have by now. Their use has been counted;
 * what they found is added to what the others write.
 */
export class LateReports {
  readonly #table: SlotTable;
  readonly #clock: Clock;
  readonly #tell: (known: { facts: SessionFact[]; cookies: CookieChanges[] }) => void;
  readonly #retire: (id: string, reason: LateMark) => void;

  constructor(parts: {
    table: SlotTable;
    clock: Clock;
    tell: (known: { facts: SessionFact[]; cookies: CookieChanges[] }) => void;
    retire: (id: string, reason: LateMark) => void;
  }) {
    this.#table = parts.table;
    this.#clock = parts.clock;
    this.#tell = parts.tell;
    this.#retire = parts.retire;
  }

  /** With nothing said, its cookies may have changed. */
  note(id: string, slot: number, report: LateReport | null): void {
    const said = typeof report === 'string' ? report : report?.kind;
    let errorScoreChange = 0;
    let restMs = 0;
    if (said === 'good' || said === 'ok') errorScoreChange = this.#forgive(slot);
    else if (said === 'bad' || said === 'timeout') errorScoreChange = this.#punish(slot);
    else if (said === 'blocked') this.#retire(id, 'blocked');
    else if (said === 'throttled') restMs = restMsOf(report);
    const cookies = cookieChangesOf(this.#table.cold.get(slot), this.#clock.now());
    if (errorScoreChange === 0 && restMs === 0 && cookies.length === 0) return;
    this.#tell({
      facts: [{ id, errorScoreChange, restMs }],
      cookies: cookies.length === 0 ? [] : [{ id, cookies }],
    });
  }

  /** As far as this worker knows there may be nothing to forgive. */
  #forgive(slot: number): number {
    const { errorScoreDecrement } = this.#table.limits[slot] as SessionLimits;
    const score = this.#table.errorScore.get(slot);
    const change = -Math.min(score, errorScoreDecrement);
    this.#table.errorScore.set(slot, score + change);
    return change;
  }

  #punish(slot: number): number {
    this.#table.errorScore.set(slot, this.#table.errorScore.get(slot) + 1);
    return 1;
  }
}

function restMsOf(report: LateReport | null): number {
  const askedSecs = typeof report === 'object' ? (report?.retryAfterSecs ?? 0) : 0;
  return Math.max(askedSecs, COOLDOWN_BASE_SECS) * 1000;
}
