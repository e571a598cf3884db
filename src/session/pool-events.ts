import type { Outcome, RetiredReason } from './outcome.ts';
import type { Session } from './session.ts';

export interface SessionPoolEvents {
  /** A session was made; restored ones are not reported. */
  sessionCreated: { readonly session: Session };
  /** A session became final. Pages on it may still be in flight. */
  sessionRetired: { readonly session: Session; readonly reason: RetiredReason };
  /** A lease is about to be settled with an outcome. Times are wall clock, ms. */
  outcomeReported: {
    readonly session: Session;
    /** What the lease was for, where that was said. */
    readonly url: string | undefined;
    readonly outcome: Outcome;
    readonly leasedAt: number;
    readonly at: number;
  };
}
