import type { Outcome } from './outcome.ts';
import type { Session } from './session.ts';

/** Who hands out leases and takes them back. */
export interface LeaseKeeper {
  sessionAt(slot: number): Session;
  settle(slot: number, openedAt: number, outcome: Outcome | null): void;
}

/** One use of a session, from the moment it was lent until its outcome is known. */
export class Lease {
  readonly #keeper: LeaseKeeper;
  readonly #slot: number;
  readonly #openedAt: number;
  #session: Session | undefined;
  #isSettled = false;

  constructor(keeper: LeaseKeeper, slot: number, openedAt: number) {
    this.#keeper = keeper;
    this.#slot = slot;
    this.#openedAt = openedAt;
  }

  get session(): Session {
    // After settling, the slot may already belong to another session.
    if (!this.#session) {
      if (this.#isSettled)
        throw new TypeError('A settled lease whose session was never read has none');
      this.#session = this.#keeper.sessionAt(this.#slot);
    }
    return this.#session;
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
