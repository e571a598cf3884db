import type { Excuse, Outcome } from '../../session/outcome.ts';

/** A session of a proxy, for one request. */
export interface Loan {
  /** Index of its proxy in the world. */
  readonly proxy: number;
  readonly sessionId: string;
  /** @returns who is to blame in place of the session */
  settle(outcome: Outcome): Excuse;
}

export interface LoanRequest {
  readonly url: string;
  readonly page: number;
  /** Ids of sessions not to give if another can be had. */
  readonly avoid: readonly string[];
  readonly signal: AbortSignal;
}

/** Who decides which session a request goes out on, and when: a pool with a policy, or an oracle. */
export interface Lender {
  /** Sessions that rest now. */
  readonly coolingCount: number;
  /** Sessions retired so far, by reason. */
  readonly retiredByReason: Readonly<Record<string, number>>;
  lend(request: LoanRequest): Promise<Loan>;
  /** Only an oracle knows of a page that it is not to be had. */
  isHopeless(page: number): boolean;
  close(): Promise<void>;
}
