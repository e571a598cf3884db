import type { BreakerState } from './adaptive/breaker.ts';
import type { Outcome, RetiredReason } from './outcome.ts';
import type { Session } from './session.ts';

export interface SessionPoolEvents {
  /** A session was made; restored ones are not reported. */
  sessionCreated: { readonly session: Session };
  /** A session became final. Pages on it may still be in flight. */
  sessionRetired: { readonly session: Session; readonly reason: RetiredReason };
  /** An adaptive pool found an origin to be down (`open`), to answer again, or gave up waiting for it. `at` is wall clock, ms. */
  originStateChanged: {
    readonly origin: string;
    readonly state: BreakerState;
    readonly at: number;
  };
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
