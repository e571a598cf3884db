import type { Outcome } from './outcome.ts';
import type { Session } from './session.ts';

/** Who takes leases back. */
export interface LeaseKeeper {
  settle(slot: number, openedAt: number, outcome: Outcome | null): void;
}

/** One use of a session, from the moment it was lent until its outcome is known. */
export class Lease {
  readonly session: Session;
  readonly #keeper: LeaseKeeper;
  readonly #slot: number;
  readonly #openedAt: number;
  #isSettled = false;

  constructor(keeper: LeaseKeeper, session: Session, slot: number, openedAt: number) {
    this.session = session;
    this.#keeper = keeper;
    this.#slot = slot;
    this.#openedAt = openedAt;
  }

  /** Settles the lease; only the first call counts. */
  report(outcome: Outcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#keeper.settle(this.#slot, this.#openedAt, outcome);
  }

  /** Gives the session back without a verdict, unless the lease is settled. */
  release(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#keeper.settle(this.#slot, this.#openedAt, null);
  }

  /** As {@link Lease.release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** As {@link Lease.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}
