import type { Random } from '../core/random.ts';
import type { Availability } from './availability.ts';
import type { Hand } from './hand/hand.ts';
import type { LeaseDesk } from './lease-desk.ts';
import type { Roster } from './roster.ts';
import type { Session } from './session.ts';
import { FLAG_COOLING, FLAG_EXHAUSTED, type SlotTable } from './slot-table.ts';

/** Tries at a random session that does not rest, before one that rests is given after all. */
const SHARED_TRIES = 16;

/** Sessions for shared use: many may hold the same one, and nobody gives it back. Waits for no page to finish. */
export class SharedUse {
  readonly #table: SlotTable;
  readonly #random: Random;
  readonly #roster: Roster;
  readonly #availability: Availability;
  readonly #desk: LeaseDesk;
  readonly #hasRoom: () => boolean;
  readonly #grow: () => number | Promise<number>;
  readonly #hand: Hand | undefined;

  constructor(parts: {
    table: SlotTable;
    random: Random;
    roster: Roster;
    availability: Availability;
    desk: LeaseDesk;
    hasRoom: () => boolean;
    /** Makes a session that is not yet available to leases; -1 for none. */
    grow: () => number | Promise<number>;
    /** Where sessions are fetched from a store that is shared. */
    hand: Hand | undefined;
  }) {
    this.#table = parts.table;
    this.#random = parts.random;
    this.#roster = parts.roster;
    this.#availability = parts.availability;
    this.#desk = parts.desk;
    this.#hasRoom = parts.hasRoom;
    this.#grow = parts.grow;
    this.#hand = parts.hand;
  }

  /** A new one while the pool is not full, then any. A promise only where making one takes its time. */
  take(): Session | Promise<Session> {
    if (this.#hand) return this.#takeShared(this.#hand);
    return this.#takeOwn();
  }

  /** `undefined` where none of this id may be had at once. */
  takeById(id: string): Session | undefined | Promise<Session | undefined> {
    const slot = this.#roster.slotOf(id);
    if (slot !== -1) return this.#roster.handleOf(slot);
    return this.#hand?.fetch([id]).then(() => {
      const fetched = this.#roster.slotOf(id);
      return fetched === -1 ? undefined : this.#roster.handleOf(fetched);
    });
  }

  /** As many as are used are fetched, up to the fair share. Where none is to be had at once, the call waits for one. */
  async #takeShared(hand: Hand): Promise<Session> {
    if (!this.#hasRoom()) await hand.fetchOne();
    return this.#roster.size > 0 || this.#hasRoom() ? this.#takeOwn() : this.takeFit();
  }

  #takeOwn(): Session | Promise<Session> {
    if (!this.#hasRoom() && this.#roster.size > 0) return this.#share(-1);
    const grown = this.#grow();
    return grown instanceof Promise ? grown.then((slot) => this.#share(slot)) : this.#share(grown);
  }

  /** One that the pool's hooks have made fit: lent as by a lease, and given back at once. */
  async takeFit(): Promise<Session> {
    const lease = await this.#desk.lease();
    lease.release();
    return lease.session;
  }

  /** The session that was made, or where none was, one of those that are there. */
  #share(made: number): Session {
    if (made === -1) return this.#roster.handleOf(this.#pick());
    this.#desk.admit(made);
    return this.#roster.handleOf(made);
  }

  /** Uniformly at random, passing over those at rest where it can. */
  #pick(): number {
    let slot = -1;
    for (let attempt = 0; attempt < SHARED_TRIES; attempt++) {
      slot = this.#roster.at(Math.floor(this.#random.next() * this.#roster.size));
      const flags = this.#table.flags.get(slot);
      if ((flags & (FLAG_COOLING | FLAG_EXHAUSTED)) === 0) return slot;
    }
    const ready = this.#availability.pick(undefined);
    return ready === -1 ? slot : ready;
  }
}
