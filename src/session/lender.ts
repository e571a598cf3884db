import type { Clock } from '../core/clock.ts';
import type { Scheduler } from './adaptive/scheduler.ts';
import type { Availability } from './availability.ts';
import { Lease, type LeaseKeeper } from './lease.ts';
import type { Ledger } from './ledger.ts';
import type { Preparation } from './preparation.ts';
import type { Growth } from './supply.ts';
import type { LeaseOptions } from './waiting-line.ts';

/** Tries at finding a session that is not to be avoided. */
const AVOID_TRIES = 8;

/** Finds a session that may go out now, or makes one, for those who take any. */
export class Lender {
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #availability: Availability;
  readonly #growth: Growth;
  readonly #preparation: Preparation | undefined;
  readonly #scheduler: Scheduler | undefined;
  readonly #keeper: LeaseKeeper;
  readonly #admit: (slot: number) => void;
  readonly #check: (options: LeaseOptions) => void;

  constructor(parts: {
    clock: Clock;
    ledger: Ledger;
    availability: Availability;
    growth: Growth;
    preparation: Preparation | undefined;
    scheduler: Scheduler | undefined;
    /** Who takes the leases back. */
    keeper: LeaseKeeper;
    /** Nobody wants the session any more that was made: it may enter. */
    admit: (slot: number) => void;
    /** Throws why a lease that was asked for is not to be given after all. */
    check: (options: LeaseOptions) => void;
  }) {
    this.#clock = parts.clock;
    this.#ledger = parts.ledger;
    this.#availability = parts.availability;
    this.#growth = parts.growth;
    this.#preparation = parts.preparation;
    this.#scheduler = parts.scheduler;
    this.#keeper = parts.keeper;
    this.#admit = parts.admit;
    this.#check = parts.check;
  }

  /** A lease now, or the promise of one on a session in the making; `null` when it must wait. */
  take(options: LeaseOptions, now: number): Lease | Promise<Lease | null> | null {
    if (this.#preparation) return this.#takeFit(this.#preparation, options, now);
    if (this.#isToGrow) return this.#grow(options);
    const slot = this.#pick(options);
    const isWanting = slot === -1 || this.#scheduler?.wantedProxy !== undefined;
    if (isWanting && this.#growth.hasRoom()) return this.#grow(options);
    return slot === -1 ? null : this.open(slot, options, now);
  }

  /** Whatever may be ready. */
  get #isToGrow(): boolean {
    if (this.#availability.readyCount === 0) return this.#growth.hasRoom();
    return this.#growth.isEager && this.#growth.hasSpareRoom(this.#scheduler?.inFlight ?? 0);
  }

  /** A ready session goes out. */
  open(slot: number, options: LeaseOptions, now: number): Lease {
    const use = this.#scheduler?.open(slot, options.url, now);
    this.#availability.take(slot);
    this.#ledger.open(slot, now);
    const { leaseUrls } = this.#ledger.table;
    if (options.url === undefined) leaseUrls.clear(slot);
    else leaseUrls.set(slot, options.url);
    this.#availability.refresh(slot, now, true);
    return new Lease(this.#keeper, slot, this.#ledger.table.generationOf(slot), now, use);
  }

  #takeReady(options: LeaseOptions, now: number = this.#clock.now()): Lease | null {
    const slot = this.#pick(options);
    return slot === -1 ? null : this.open(slot, options, now);
  }

  /** Only sessions that are fit are lent. */
  #takeFit(preparation: Preparation, options: LeaseOptions, now: number): Lease | null {
    const slot = this.#pickFit(preparation, options, now);
    if (slot === -1) return null;
    return this.open(slot, options, now);
  }

  /** A session that needs no look before it is lent. Of those that do, one is sent to be looked at. */
  #pickFit(preparation: Preparation, options: LeaseOptions, now: number): number {
    const due: number[] = [];
    let slot = this.#pick(options);
    while (slot !== -1 && due.length < AVOID_TRIES && preparation.isDue(slot, now)) {
      this.#availability.take(slot);
      due.push(slot);
      slot = this.#pick(options);
    }
    const isFit = slot !== -1 && !preparation.isDue(slot, now);
    for (const aside of due.slice(1)) this.#availability.refresh(aside, now, false);
    if (due[0] !== undefined) preparation.recheck(due[0]);
    return isFit ? slot : -1;
  }

  #grow(options: LeaseOptions): Lease | Promise<Lease | null> | null {
    const grown = this.#growth.grow(options);
    if (grown === -1) return this.#takeReady(options);
    if (typeof grown === 'number') return this.#openNew(grown, options);
    return grown.then((slot) => {
      if (slot === -1) return this.#takeReady(options);
      try {
        this.#check(options);
      } catch (reason) {
        this.#admit(slot);
        throw reason;
      }
      return this.#openNew(slot, options);
    });
  }

  #openNew(slot: number, options: LeaseOptions): Lease | null {
    const now = this.#clock.now();
    this.#availability.enter(slot, now);
    if (!this.#scheduler) {
      // The store may have to hear of it first.
      return this.#availability.isReady(slot) ? this.open(slot, options, now) : null;
    }
    // Another one may be the better choice, or the new one of no use for this site.
    const chosen = this.#scheduler.pickBeside(slot, options.url);
    return chosen === -1 ? null : this.open(chosen, options, now);
  }

  /** The policy's choice; one to be avoided only when a few more tries bring nothing else. */
  #pick(options: LeaseOptions): number {
    const first = this.#availability.pick(options.url);
    const { avoid } = options;
    if (first === -1 || !avoid || avoid.length === 0) return first;
    const { ids } = this.#ledger.table;
    const setAside: number[] = [];
    let slot = first;
    while (slot !== -1 && avoid.includes(ids[slot] as string) && setAside.length < AVOID_TRIES) {
      this.#availability.take(slot);
      setAside.push(slot);
      slot = this.#availability.pick(options.url);
    }
    const now = this.#clock.now();
    for (const aside of setAside) this.#availability.refresh(aside, now, false);
    if (slot !== -1 && !avoid.includes(ids[slot] as string)) return slot;
    const canGrow = this.#growth.hasRoom() && this.#preparation?.isHopeful !== false;
    return canGrow ? -1 : first;
  }
}
