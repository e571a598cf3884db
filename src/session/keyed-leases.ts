import type { Clock } from '../core/clock.ts';
import type { Hand } from './hand/hand.ts';
import type { Lease } from './lease.ts';
import { lineOfKey, onMissingOf } from './lease-rules.ts';
import type { SessionKeys } from './session-keys.ts';
import type { LeaseOptions } from './waiting-line.ts';

/** What is needed of the desk. */
export interface KeyedLeasesOwner {
  leaseAny(options: LeaseOptions, now: number): Lease | Promise<Lease>;
  leaseById(id: string, options: LeaseOptions, now: number): Lease | Promise<Lease>;
  /** Waits in line until the session of a key has been chosen. */
  waitFor(line: string, options: LeaseOptions): Promise<Lease>;
  /** Those who waited for a choice ask again. */
  leaveLine(line: string): void;
  /** No living session has the id, as far as is known. */
  isMissing(id: string): boolean;
  /** @throws why a lease that was asked for is not to be given after all */
  check(options: LeaseOptions): void;
}

/** Leases by `sessionKey`: the first one chooses the session, all later ones get the same. */
export class KeyedLeases {
  readonly #keys: SessionKeys;
  readonly #clock: Clock;
  readonly #hand: Hand | undefined;
  readonly #owner: KeyedLeasesOwner;
  readonly #inTheMaking = new Set<string>();

  constructor(parts: {
    keys: SessionKeys;
    clock: Clock;
    /** Where the session of a key must be the same for all workers. */
    hand: Hand | undefined;
    owner: KeyedLeasesOwner;
  }) {
    this.#keys = parts.keys;
    this.#clock = parts.clock;
    this.#hand = parts.hand;
    this.#owner = parts.owner;
  }

  lease(key: string, options: LeaseOptions, now: number): Lease | Promise<Lease> {
    const id = this.#keys.idOf(key);
    const isReplaced =
      id !== undefined && this.#owner.isMissing(id) && onMissingOf(options) === 'replace';
    if (id !== undefined && !isReplaced) return this.#owner.leaseById(id, options, now);
    // The first one chooses; those that come meanwhile wait for its choice.
    if (this.#inTheMaking.has(key)) return this.#owner.waitFor(lineOfKey(key), options);
    if (this.#hand) return this.#choose(key, this.#leaseShared(this.#hand, key, options));
    return this.#choose(key, this.#owner.leaseAny(options, now));
  }

  async #choose(key: string, choosing: Lease | Promise<Lease>): Promise<Lease> {
    this.#inTheMaking.add(key);
    try {
      const lease = await choosing;
      this.#keys.note(key, lease.session.id);
      return lease;
    } finally {
      this.#inTheMaking.delete(key);
      this.#owner.leaveLine(lineOfKey(key));
    }
  }

  /** The one session that all workers use for the key; where there can be none, any. */
  async #leaseShared(hand: Hand, key: string, options: LeaseOptions): Promise<Lease> {
    const id = await hand.idForKey(key);
    this.#owner.check(options);
    const now = this.#clock.now();
    if (id === undefined) return this.#owner.leaseAny(options, now);
    return this.#owner.leaseById(id, options, now);
  }
}
