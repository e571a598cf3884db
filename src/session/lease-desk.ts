import type { Clock } from '../core/clock.ts';
import { ClosedError } from '../core/errors.ts';
import type { EventSource } from '../core/events.ts';
import type { Scheduler } from './adaptive/scheduler.ts';
import { isChanceFailure, type Use } from './adaptive/use.ts';
import type { Availability } from './availability.ts';
import { SessionGoneError, SessionMissingError } from './errors.ts';
import type { Hand } from './hand/hand.ts';
import { KeyedLeases } from './keyed-leases.ts';
import { Lease, type LeaseKeeper } from './lease.ts';
import { describeUse, handOver, isGood, isLineOfKey, onMissingOf } from './lease-rules.ts';
import type { Ledger } from './ledger.ts';
import { Lender } from './lender.ts';
import type { Excuse, Outcome } from './outcome.ts';
import type { SessionPoolEvents } from './pool-events.ts';
import type { Preparation } from './preparation.ts';
import type { Roster } from './roster.ts';
import type { Session } from './session.ts';
import { SessionKeys } from './session-keys.ts';
import { FLAG_ALIVE, FLAG_RETIRED } from './slot-table.ts';
import { type Growth, Supply } from './supply.ts';
import { firstOf, type LeaseOptions, type Line, Waiter, WaitingLine } from './waiting-line.ts';
import { WakeUp } from './wake-up.ts';

const NO_OPTIONS: LeaseOptions = Object.freeze({});
/** Lines that are tried in one go; the others have their turn at the next occasion. */
const MAX_LINES_TRIED = 64;
/** How soon to look again where it cannot be told when a session may be lent for a site. */
const LOOK_AGAIN_MS = 1000;

/** Lends sessions, keeps those who wait in line, and takes sessions back. */
export class LeaseDesk implements LeaseKeeper {
  readonly #clock: Clock;
  readonly #events: EventSource<SessionPoolEvents>;
  readonly #ledger: Ledger;
  readonly #roster: Roster;
  readonly #availability: Availability;
  readonly #growth: Growth;
  readonly #preparation: Preparation | undefined;
  readonly #scheduler: Scheduler | undefined;
  readonly #hand: Hand | undefined;
  readonly #supply: Supply | undefined;
  readonly #lender: Lender;
  readonly #line = new WaitingLine();
  readonly #keys: SessionKeys;
  readonly #keyed: KeyedLeases;
  readonly #wakeUp: WakeUp;
  #nextOrder = 0;
  #settling: Lease | undefined;
  /** When somebody who waits for one session may have it by time alone, for all that is known of its site. */
  #pinnedRetryAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(parts: {
    clock: Clock;
    events: EventSource<SessionPoolEvents>;
    ledger: Ledger;
    roster: Roster;
    availability: Availability;
    growth: Growth;
    /** Where sessions need hooks before they may be lent. */
    preparation: Preparation | undefined;
    /** Where it depends on the site which sessions may be lent. */
    scheduler: Scheduler | undefined;
    /** Where the pool's sessions are shared with other workers. */
    hand: Hand | undefined;
  }) {
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#ledger = parts.ledger;
    this.#roster = parts.roster;
    this.#availability = parts.availability;
    this.#growth = parts.growth;
    this.#preparation = parts.preparation;
    this.#scheduler = parts.scheduler;
    this.#hand = parts.hand;
    this.#keys = new SessionKeys(parts.ledger, parts.roster);
    this.#keyed = new KeyedLeases({
      keys: this.#keys,
      clock: parts.clock,
      hand: parts.hand,
      owner: {
        leaseAny: (options, now) => this.#leaseAny(options, now),
        leaseById: (id, options, now) => this.#leaseById(id, options, now),
        waitFor: (line, options) => this.#wait(options, line),
        leaveLine: (line) => this.#leaveLine(line),
        isMissing: (id) => this.#isMissing(id),
        check: (options) => this.#check(options),
      },
    });
    this.#wakeUp = new WakeUp(parts.clock, () => this.#onTime());
    this.#lender = new Lender({
      ...parts,
      keeper: this,
      admit: (slot) => this.admit(slot),
      check: (options) => this.#check(options),
    });
    this.#supply =
      parts.preparation &&
      new Supply({
        preparation: parts.preparation,
        growth: parts.growth,
        line: this.#line,
        admit: (slot) => this.admit(slot),
        serve: () => this.#serve(),
      });
  }

  lease(options: LeaseOptions = NO_OPTIONS): Promise<Lease> {
    if (this.#isClosed) return Promise.reject(new ClosedError('The session pool'));
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const now = this.#clock.now();
    this.catchUp(now);
    if (options.sessionId !== undefined || options.sessionKey !== undefined) {
      return this.#leasePinned(options, now);
    }
    if (this.#hasLine(options)) return this.#wait(options, null);
    try {
      const lease = this.#take(options, now);
      if (lease instanceof Lease) {
        // Where the pool is to grow, the next lease may find one more.
        if (this.#growth.isEager) this.#supply?.addOne(options);
        return Promise.resolve(lease);
      }
      return lease ?? this.#wait(options, null);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sessionAt(slot: number, generation: number): Session {
    if (this.#ledger.table.generationOf(slot) !== generation) throw new SessionGoneError();
    return this.#roster.handleOf(slot);
  }

  settle(
    lease: Lease,
    slot: number,
    openedAt: number,
    outcome: Outcome | null,
    use: Use | undefined,
  ): Excuse {
    const { table } = this.#ledger;
    const now = this.#clock.now();
    let excuse: Excuse = 'none';
    if (outcome && this.#events.hasListeners('outcomeReported')) {
      const { session } = lease;
      const url = table.leaseUrls.get(slot);
      this.#events.emit('outcomeReported', { session, url, outcome, leasedAt: openedAt, at: now });
    }
    this.#settling = lease;
    if (this.#scheduler && use) excuse = this.#settleAdaptive(this.#scheduler, use, outcome, now);
    else this.#ledger.settle(slot, openedAt, outcome, now);
    if (this.#hand?.isGivingBack) this.#hand.offer(slot);
    this.#settling = undefined;
    const flags = table.flags.get(slot);
    const isAlive = (flags & (FLAG_ALIVE | FLAG_RETIRED)) === FLAG_ALIVE;
    if (isAlive && this.#availability.refresh(slot, now, isGood(outcome))) this.#wake(slot);
    else if (this.#scheduler && this.#line.anyCount > 0) this.#serve();
    else if (isAlive && !this.#line.isEmpty) this.#planWakeUp();
    return excuse;
  }

  /** Where it is settled first who is to blame, then what the session pays, then what follows for others. */
  #settleAdaptive(scheduler: Scheduler, use: Use, outcome: Outcome | null, now: number): Excuse {
    const excuse = scheduler.judge(use, outcome, now);
    const before = this.#ledger.table.errorScore.get(use.slot);
    const isExcused = excuse !== 'none' || isChanceFailure(use, now);
    this.#ledger.settle(use.slot, use.openedAt, outcome, now, isExcused);
    const added = this.#ledger.table.errorScore.get(use.slot) - before;
    scheduler.settle(use, outcome, Math.max(0, added), now);
    return excuse;
  }

  /** A session that was just made, or restored, may be lent from now on. */
  admit(slot: number): void {
    this.#preparation?.receive(slot);
    this.#availability.enter(slot, this.#clock.now());
    if (this.#availability.isReady(slot)) this.#wake(slot);
    else this.onDormant(slot);
  }

  /** Sessions that came from the store: those that are over end, then those who wait get theirs. */
  admitAll(slots: readonly number[]): void {
    const now = this.#clock.now();
    for (const slot of slots) {
      this.#preparation?.receive(slot);
      this.#availability.enter(slot, now);
      this.#ledger.review(slot);
    }
    this.catchUp(now);
    for (const slot of slots) {
      if ((this.#ledger.table.flags.get(slot) & FLAG_ALIVE) === 0) continue;
      if (this.#availability.isReady(slot)) this.#wake(slot);
      else this.onDormant(slot);
    }
  }

  /** Leases that wait for any session, and for which none is on its way. */
  get lackingCount(): number {
    return Math.max(0, this.#line.anyCount - (this.#supply?.onTheWayCount ?? 0));
  }

  /** Sessions that somebody waits for, and that the pool does not hold. */
  missingIds(): readonly string[] {
    return this.#line.pinnedIds().filter((id) => !this.#roster.has(id) && !isLineOfKey(id));
  }

  isWaitedFor(id: string): boolean {
    return this.#line.firstFor(id) !== undefined;
  }

  /** A session's hooks have made it fit. */
  onFit(slot: number): void {
    if (this.#availability.refresh(slot, this.#clock.now(), true)) this.#wake(slot);
    else if (!this.#line.isEmpty) this.#planWakeUp();
  }

  /** A session waits to be prepared, should anybody want it. */
  onDormant(slot: number): void {
    const id = this.#ledger.table.ids[slot] as string;
    if (this.#line.firstFor(id)) this.#preparation?.preparePinned(slot);
    else this.#supply?.ensureEnough();
  }

  /** A session is set aside; those who wait for any may get another. */
  onQuarantined(): void {
    if (this.#line.anyCount > 0) this.#serve();
  }

  /** A restored session is meant by the same keys as before. */
  restoreKeys(slot: number): void {
    this.#keys.restore(slot);
  }

  /** Ends rests and lives that are over. */
  catchUp(now: number): void {
    if (this.#availability.nextChangeAt > now) return;
    this.#availability.endRests(now, this.#line.isEmpty ? undefined : (slot) => this.#wake(slot));
    for (;;) {
      const slot = this.#availability.firstExpired(now);
      if (slot === -1) return;
      this.#ledger.retire(slot, 'expired');
    }
  }

  /** The slot is about to go to another session: the lease that ends it takes hold of its own. */
  onForgotten(): void {
    void this.#settling?.session;
  }

  /** A session has gone: there may be room for a new one, and those who wait for it alone wait in vain. */
  onRetired(slot: number): void {
    if (this.#line.isEmpty) return;
    this.onMissing(this.#ledger.table.ids[slot] as string);
    this.#serve();
  }

  /** There is no such session: those who wait for it alone wait in vain. */
  onMissing(id: string): void {
    for (const waiter of this.#line.allFor(id)) {
      const reaction = onMissingOf(waiter.options);
      if (reaction === 'wait') continue;
      this.#line.remove(waiter);
      if (reaction === 'replace') this.#leaseAgain(waiter);
      else waiter.fail(new SessionMissingError(id, this.#growth.reasonOf(id)));
    }
  }

  /** Where sessions come from has failed: nobody who waits for one of them gets any. */
  failWaiting(error: unknown): void {
    for (const waiter of this.#line.all()) {
      if (waiter.sessionId !== null && this.#roster.has(waiter.sessionId)) continue;
      this.#line.remove(waiter);
      waiter.fail(error);
    }
  }

  /** Room has come back without a retirement, for instance because making a session failed. */
  onRoom(): void {
    if (this.#line.anyCount > 0) this.#serve();
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeUp.cancel();
    for (const waiter of this.#line.all()) {
      this.#line.remove(waiter);
      waiter.fail(new ClosedError('The session pool'));
    }
  }

  async #leasePinned(options: LeaseOptions, now: number): Promise<Lease> {
    const { sessionId, sessionKey = '' } = options;
    if (sessionId === undefined) return this.#keyed.lease(sessionKey, options, now);
    return this.#leaseById(sessionId, options, now);
  }

  #leaveLine(line: string): void {
    for (const waiter of this.#line.allFor(line)) {
      this.#line.remove(waiter);
      this.#leaseAgain(waiter);
    }
  }

  /** @throws why a lease that was asked for is not to be given after all */
  #check({ signal }: LeaseOptions): void {
    if (this.#isClosed) throw new ClosedError('The session pool');
    if (signal?.aborted) throw signal.reason;
  }

  /** What somebody in line waited for is not to be had any more: from the beginning, though not for longer. */
  #leaseAgain(waiter: Waiter): void {
    this.lease(waiter.options).then(
      (lease) => handOver(waiter, lease),
      (error) => waiter.fail(error),
    );
  }

  #leaseById(id: string, options: LeaseOptions, now: number): Lease | Promise<Lease> {
    const slot = this.#roster.slotOf(id);
    if (slot === -1) {
      if (!this.#isMissing(id)) return this.#wait(options, id);
      const reaction = onMissingOf(options);
      if (reaction === 'replace') return this.#leaseAny(options, now);
      if (reaction === 'wait') return this.#wait(options, id);
      throw new SessionMissingError(id, this.#growth.reasonOf(id));
    }
    if (!this.#mayGo(slot, options)) {
      const lease = this.#wait(options, id);
      this.#preparation?.preparePinned(slot);
      return lease;
    }
    if (!this.#preparation?.isDue(slot, now)) return this.#lender.open(slot, options, now);
    const lease = this.#wait(options, id);
    this.#recheck(this.#preparation, slot);
    return lease;
  }

  /** It is not here, and in no other hand as far as is known. */
  #isMissing(id: string): boolean {
    return !this.#roster.has(id) && this.#hand?.isGone(id) !== false;
  }

  #leaseAny(options: LeaseOptions, now: number): Lease | Promise<Lease> {
    const lease = this.#hasLine(options) ? null : this.#take(options, now);
    return lease ?? this.#wait(options, null);
  }

  /** A lease now, or the promise of one where a session is in the making; `null` when it must wait. */
  #take(options: LeaseOptions, now: number): Lease | Promise<Lease> | null {
    const lease = this.#lender.take(options, now);
    if (!(lease instanceof Promise)) return lease;
    return lease.then((made) => made ?? this.#leaseLater(options));
  }

  /** What was to be made was not, or is of no use here. */
  #leaseLater(options: LeaseOptions): Promise<Lease> {
    if (this.#isClosed) throw new ClosedError('The session pool');
    return this.#wait(options, null);
  }

  #recheck(preparation: Preparation, slot: number): void {
    this.#availability.take(slot);
    preparation.recheck(slot);
  }

  #wait(options: LeaseOptions, sessionId: string | null): Promise<Lease> {
    const place = { sessionId, commonLine: this.#lineOf(options) };
    const waiter = new Waiter(options, place, this.#nextOrder++);
    this.#line.add(waiter, this.#retryAt);
    waiter.watch(
      this.#clock,
      () => this.#describe(),
      () => this.#line.remove(waiter),
    );
    this.#planWakeUp();
    this.#hand?.noteWaiting();
    if (sessionId === null) this.#supply?.ensureEnough();
    if (sessionId === null) this.#scheduler?.court.convictIfAlone(this.#roster.size);
    return waiter.lease;
  }

  /** A session has become free: whoever of its own line and the common line came first gets it. */
  #wake(slot: number): void {
    if (this.#line.isEmpty) return;
    const id = this.#ledger.table.ids[slot] as string;
    const pinned = this.#line.firstFor(id);
    const common = this.#line.firstOfAny();
    if (!pinned || (common && common.order < pinned.order)) this.#serve();
    this.#servePinned(slot, id);
    if (pinned && this.#availability.isReady(slot)) this.#serve();
  }

  #servePinned(slot: number, id: string): void {
    const now = this.#clock.now();
    for (const waiter of this.#line.allFor(id)) {
      if (!this.#availability.isReady(slot)) return;
      if (this.#preparation?.isDue(slot, now)) {
        this.#recheck(this.#preparation, slot);
        return;
      }
      if (!this.#mayGo(slot, waiter.options)) continue;
      this.#line.remove(waiter);
      waiter.serve(this.#lender.open(slot, waiter.options, now));
    }
  }

  /** Each line sends one at a time, so that the sites take turns. */
  #serve(): void {
    let isAnyServed: boolean;
    do {
      isAnyServed = false;
      for (const line of this.#line.turn(MAX_LINES_TRIED)) {
        if (this.#serveFirst(line)) isAnyServed = true;
        this.#line.pass(line);
      }
    } while (isAnyServed);
    this.#supply?.ensureEnough();
    if (this.#line.anyCount > 0) this.#hand?.noteWaiting();
    this.#planWakeUp();
  }

  /** Says whether somebody stands in line no longer. */
  #serveFirst(line: Line): boolean {
    const served = firstOf(line);
    if (!served) return false;
    let lease: Lease | Promise<Lease> | null;
    try {
      lease = this.#take(served.options, this.#clock.now());
    } catch (error) {
      lease = Promise.reject(error);
    }
    line.retryAt = lease === null ? this.#retryAt : Number.POSITIVE_INFINITY;
    if (lease === null) return this.#scheduler?.court.convictIfAlone(this.#roster.size) === true;
    this.#line.remove(served);
    if (lease instanceof Lease) served.serve(lease);
    else
      lease.then(
        (made) => handOver(served, made),
        (error) => served.fail(error),
      );
    return true;
  }

  get #retryAt(): number {
    return this.#scheduler?.retryAt ?? Number.POSITIVE_INFINITY;
  }

  #lineOf({ url }: LeaseOptions): string {
    return this.#scheduler ? this.#scheduler.lineOf(url) : '';
  }

  #hasLine(options: LeaseOptions): boolean {
    return this.#line.anyCount > 0 && this.#line.isWaitedFor(this.#lineOf(options));
  }

  /** Whether a session that was asked for by name may be lent for this site; if not, its line knows when. */
  #mayGo(slot: number, { url }: LeaseOptions): boolean {
    if (!this.#availability.isReady(slot)) return false;
    const until = this.#scheduler?.refusesUntil(slot, url) ?? 0;
    if (until === 0) return true;
    const again = Number.isFinite(until) ? until : this.#clock.now() + LOOK_AGAIN_MS;
    this.#pinnedRetryAt = Math.min(this.#pinnedRetryAt, again);
    return false;
  }

  /** For the next moment at which waiting may end by time alone. */
  #planWakeUp(): void {
    this.#wakeUp.plan(this.#line.isEmpty ? Number.POSITIVE_INFINITY : this.#nextChangeAt);
  }

  #onTime(): void {
    const now = this.#clock.now();
    this.catchUp(now);
    this.#scheduler?.catchUp(now);
    if (this.#pinnedRetryAt <= now) this.#retryPinned();
    this.#serve();
  }

  get #nextChangeAt(): number {
    const at = this.#availability.nextChangeAt;
    if (!this.#scheduler) return at;
    return Math.min(at, this.#scheduler.nextChangeAt, this.#line.retryAt, this.#pinnedRetryAt);
  }

  #retryPinned(): void {
    this.#pinnedRetryAt = Number.POSITIVE_INFINITY;
    for (const id of this.#line.pinnedIds()) {
      const slot = this.#roster.slotOf(id);
      if (slot !== -1) this.#servePinned(slot, id);
    }
  }

  #describe(): string {
    const aside = this.#preparation?.quarantinedCount ?? 0;
    return describeUse(this.#availability, this.#roster.size, aside, this.#line.anyCount);
  }
}
