import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Random } from '../../core/random.ts';
import type { HandNews, HeldSession } from '../../storage/session-hands.ts';
import type { RetiredSession, SessionStore } from '../../storage/session-store.ts';
import type { EvidenceReports } from '../adaptive/fleet-evidence.ts';
import type { Availability } from '../availability.ts';
import type { Ledger } from '../ledger.ts';
import type { RetiredReason } from '../outcome.ts';
import type { Persistence } from '../persistence.ts';
import type { Preparation } from '../preparation.ts';
import type { Roster } from '../roster.ts';
import type { SlotTable } from '../slot-table.ts';

/** What the hand needs of the pool. */
export interface HandOwner {
  /** A stored session comes in: its slot; -1 where its row cannot be read. */
  enter(session: HeldSession): number;
  /** A new session comes in, for which there is a place: of this id, unless the user's function gives another, which is told; `undefined` where it gives none. */
  add(id: string): Promise<string | undefined>;
  /** These may be lent from now on. */
  admit(slots: readonly number[]): void;
  /** Leases that wait for any session, and for which none is on its way. */
  lackingCount(): number;
  missingIds(): readonly string[];
  isWaitedFor(id: string): boolean;
  /** Whether there may be sessions to be made at all. */
  canGrow(): boolean;
  makingCount(): number;
  /** What was learnt of origins and proxies since the last time. */
  evidence(): EvidenceReports;
  onFleetNews(news: HandNews): void;
  onPlaces(): void;
  onFit(slot: number): void;
  /** Those who wait for it alone wait in vain. */
  onAbsent(id: string): void;
  onRetiredElsewhere(retired: RetiredSession, reason: RetiredReason): void;
  /** The store has failed for good: nobody who waits for it gets anything. */
  onFailure(error: unknown): void;
}

export interface HandParts {
  readonly store: SessionStore;
  readonly leaseSecs: number;
  readonly maxPoolSize: number;
  readonly maxUsageCount: number;
  readonly table: SlotTable;
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly availability: Availability;
  readonly preparation: Preparation | undefined;
  /** Made after the hand. */
  readonly persistence: () => Persistence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly owner: HandOwner;
}
