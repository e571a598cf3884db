import type { Use } from './adaptive/use.ts';
import type { Excuse, Outcome } from './outcome.ts';
import type { Session } from './session.ts';

/** Who takes leases back. */
export interface LeaseKeeper {
  /** @throws SessionGoneError when the slot has gone to another session since */
  sessionAt(slot: number, generation: number): Session;
  settle(
    lease: Lease,
    slot: number,
    openedAt: number,
    outcome: Outcome | null,
    use: Use | undefined,
  ): Excuse;
}

/** One use of a session, from the moment it was lent until its outcome is known. */
export class Lease {
  readonly #keeper: LeaseKeeper;
  readonly #slot: number;
  readonly #generation: number;
  readonly #openedAt: number;
  readonly #use: Use | undefined;
  #session: Session | undefined;
  #isSettled = false;

  /** @param use what an adaptive pool knows of it */
  constructor(keeper: LeaseKeeper, slot: number, generation: number, openedAt: number, use?: Use) {
    this.#keeper = keeper;
    this.#slot = slot;
    this.#generation = generation;
    this.#openedAt = openedAt;
    this.#use = use;
  }

  /**
   * The session lent. Can be read at any time while the lease is open, and afterwards as long as the session lives or
   * has been read before.
   *
   * @throws SessionGoneError when it is read for the first time after another lease has ended the session
   */
  get session(): Session {
    this.#session ??= this.#keeper.sessionAt(this.#slot, this.#generation);
    return this.#session;
  }

  /**
   * Settles the lease; only the first call counts.
   *
   * @returns who is to blame in place of the session: the origin, which is down; the URL, which is blocked on
   *   everybody. `none` where neither is known to be, always unless the pool's selection is `adaptive`
   */
  report(outcome: Outcome): Excuse {
    if (this.#isSettled) return 'none';
    this.#isSettled = true;
    return this.#keeper.settle(this, this.#slot, this.#openedAt, outcome, this.#use);
  }

  /** Gives the session back without a verdict, unless the lease is settled. */
  release(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#keeper.settle(this, this.#slot, this.#openedAt, null, this.#use);
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
