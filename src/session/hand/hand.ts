import type { Clock } from '../../core/clock.ts';
import { ClosedError } from '../../core/errors.ts';
import type { Absence, HandNews, HeldSession } from '../../storage/session-hands.ts';
import type { RetiredSession, SessionChanges } from '../../storage/session-store.ts';
import { DuplicateSessionError, PoolFullError } from '../errors.ts';
import { type Departure, type LateMark, type Ledger, RETIRED_REASONS } from '../ledger.ts';
import type { SessionSink } from '../persistence.ts';
import type { Roster } from '../roster.ts';
import { bodyWithoutCookies } from '../session-record.ts';
import { FLAG_STORED, type SlotTable } from '../slot-table.ts';
import { FairShare } from './fair-share.ts';
import { GoneSessions } from './gone-sessions.ts';
import { HandLink } from './hand-link.ts';
import type { HandOwner, HandParts } from './hand-parts.ts';
import { HandReturns } from './hand-returns.ts';
import { HandRows } from './hand-rows.ts';
import { HandSupply } from './hand-supply.ts';
import { KeySessions } from './key-sessions.ts';
import { LateMarks } from './late-marks.ts';
import { SoughtSessions } from './sought-sessions.ts';
import { Suspensions } from './suspensions.ts';
import { UsesAhead, usesAheadFor } from './uses-ahead.ts';

/** The sessions this worker holds of a pool that several share: fetched when needed, given back when not, nobody else's in between. */
export class Hand implements SessionSink {
  readonly #parts: HandParts;
  readonly #table: SlotTable;
  readonly #roster: Roster;
  readonly #ledger: Ledger;
  readonly #owner: HandOwner;
  readonly #clock: Clock;
  readonly #link: HandLink;
  readonly #share: FairShare;
  readonly #supply: HandSupply;
  readonly #returns: HandReturns;
  readonly #usesAhead: UsesAhead;
  readonly #keys: KeySessions;
  readonly #rows: HandRows;
  readonly #suspensions: Suspensions;
  readonly #gone = new GoneSessions();
  readonly #lateMarks: LateMarks;
  readonly #sought = new SoughtSessions();
  readonly #evenIfFull = new Set<string>();
  #lostCount = 0;

  constructor(parts: HandParts) {
    this.#parts = parts;
    this.#table = parts.table;
    this.#roster = parts.roster;
    this.#ledger = parts.ledger;
    this.#owner = parts.owner;
    this.#clock = parts.clock;
    const { owner, roster, clock, random } = parts;
    this.#share = new FairShare(parts.maxPoolSize);
    this.#usesAhead = new UsesAhead(usesAheadFor(parts.maxUsageCount), parts.table);
    this.#suspensions = new Suspensions({
      ...parts,
      usesAhead: this.#usesAhead,
      onFit: (slot) => owner.onFit(slot),
    });
    this.#rows = new HandRows(parts);
    this.#returns = new HandReturns({ ...parts, share: this.#share });
    const { hands } = parts.store;
    if (!hands) throw new TypeError('The store lends no hands');
    this.#link = new HandLink({
      hands,
      options: {
        leaseMs: parts.leaseSecs * 1000,
        maxPoolSize: parts.maxPoolSize,
        usesAhead: this.#usesAhead.limit,
      },
      clock,
      owner: {
        reports: () => ({
          ...owner.evidence(),
          unusedPlaces: this.#supply.releasePlaces(),
        }),
        onNews: (news) => this.#onNews(news),
        onLost: () => this.#onLost(),
        onStale: () => this.#suspensions.suspendAll(this.#slots()),
        onFailure: (error) => this.#onFailure(error),
      },
    });
    this.#supply = new HandSupply({
      owner: {
        take: (request) => this.#link.take(request),
        get heldCount() {
          return roster.size;
        },
        get canGrow() {
          return owner.canGrow();
        },
        get makingCount() {
          return owner.makingCount();
        },
        get lackingCount() {
          return owner.lackingCount();
        },
        missingIds: () => [...owner.missingIds(), ...this.#sought.ids()],
        receive: (sessions) => this.#receive(sessions),
        onPlaces: () => owner.onPlaces(),
        onAbsent: (id, absence) => this.#onAbsent(id, absence),
        onFailure: (error) => {
          owner.onFailure(error);
          this.#sought.fail(error);
        },
      },
      share: this.#share,
      clock,
      random,
    });
    this.#lateMarks = new LateMarks({ ...parts, obtain: (id) => this.obtain(id) });
    this.#keys = new KeySessions({
      find: (ids) => this.fetch(ids),
      create: (id) => this.#create(id),
      isHeld: (id) => roster.has(id),
    });
  }

  /** The first news have come when it resolves. */
  join(): Promise<void> {
    return this.#link.join();
  }

  /** Places for new sessions that are reserved for this worker. */
  get placesCount(): number {
    return this.#suspensions.isStale ? 0 : this.#supply.placesCount;
  }

  /** Sessions alive that are not in this hand, by the latest news. */
  get elsewhereCount(): number {
    return Math.max(0, this.#share.poolSize - this.#roster.size);
  }

  /** Whether a session that has become idle may have to go back, rather than to the next who waits here. */
  get isGivingBack(): boolean {
    return this.#returns.isAnyOwed;
  }

  /** A lease waits, for any session or for one that is not in the hand. */
  noteWaiting(): void {
    this.#supply.noteWaiting();
  }

  /** Whether the store says that no such session lives. */
  isGone(id: string): boolean {
    return this.#gone.has(id);
  }

  /** Why a session retired that this worker never had. */
  reasonOf(id: string): string | undefined {
    return this.#gone.reasonOf(id);
  }

  /** A use of the session has just ended; if it is wanted elsewhere, it goes, and others ask first for the next. */
  offer(slot: number): void {
    if (!this.#returns.isDue(slot)) return;
    this.#supply.letOthersGoFirst();
    this.#giveBack(slot);
  }

  /** A use of the session has been counted. */
  noteUse(slot: number): void {
    if (this.#usesAhead.isMany(slot)) this.#noteManyUses(slot);
  }

  noteCreated(slot: number, evenIfFull: boolean): void {
    if (evenIfFull) this.#evenIfFull.add(this.#table.ids[slot] as string);
    else this.#supply.usePlace();
    this.#usesAhead.noteWritten(slot, this.#table.usageCount.get(slot));
    this.#returns.noteCame(slot, this.#clock.now());
    // Others may ask for it by its id.
    this.#parts.persistence().hurry();
    if (this.#suspensions.isInTheMaking(slot)) this.#suspensions.suspend(slot);
  }

  noteRetired(slot: number): void {
    const isEven = this.#evenIfFull.delete(this.#table.ids[slot] as string);
    const isStored = (this.#table.flags.get(slot) & FLAG_STORED) !== 0;
    if (!isStored && !isEven) this.#supply.regainPlace();
    this.#noteGone(slot);
  }

  /**
   * Adds a session by hand, where its id is free in the whole pool and there is a place.
   *
   * @throws DuplicateSessionError, PoolFullError
   */
  async makeWayFor<Made>(
    id: string | undefined,
    evenIfFull: boolean,
    make: () => Made | Promise<Made>,
  ): Promise<Made> {
    if (id !== undefined && !this.#roster.has(id)) {
      const absence = (await this.fetch([id])).get(id);
      if (absence !== 'unknown') throw new DuplicateSessionError(id);
    }
    if (evenIfFull) return make();
    try {
      if (!(await this.#supply.promisePlace())) throw new PoolFullError(this.#parts.maxPoolSize);
      return await make();
    } finally {
      this.#supply.endPromise();
    }
  }

  /** Fetches sessions by their ids; says why some are not to be had. */
  async fetch(ids: readonly string[]): Promise<ReadonlyMap<string, Absence>> {
    const missing = ids.filter((id) => !this.#roster.has(id));
    if (missing.length === 0) return new Map();
    const { sessions, absent } = await this.#link.take({ count: 0, ids: missing, places: 0 });
    this.#receive(sessions);
    return absent;
  }

  /** Takes a session that is free; says why one is not to be had. Whoever holds it hears that somebody waits. */
  async look(id: string): Promise<Absence | undefined> {
    const absence = (await this.fetch([id])).get(id);
    if (absence === 'retired' && !this.#gone.isRetired(id)) await this.#learnOfRetirement(id);
    return absence;
  }

  /** Waits until a session is in the hand, or known to be in none. */
  async obtain(id: string, signal?: AbortSignal): Promise<void> {
    while ((await this.look(id)) === 'held') {
      const coming = this.#sought.seek(id, signal);
      this.#supply.noteWaiting();
      await coming;
    }
  }

  /** A user who still holds a session judges it. Of one that was lost others know more. */
  noteLateMark(id: string, mark: LateMark): void {
    if (this.#roster.has(id) || this.#owner.wasReturned(id)) this.#lateMarks.note(id, mark);
  }

  /** So many sessions have left the hand without being given back. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** The id of the one session that all workers use for a key; `undefined` where there can be none. */
  idForKey(key: string): Promise<string | undefined> {
    return this.#keys.idFor(key);
  }

  /** One more session, or a place for one, where the fair share has room. */
  fetchOne(): Promise<boolean> {
    return this.#supply.fetchOne();
  }

  /** Gives back all that nobody uses, once the store knows what was made. */
  async giveBackIdle(): Promise<void> {
    await this.#parts.persistence().flush();
    for (const slot of this.#returns.idle()) this.#giveBack(slot);
  }

  bodyOf(table: SlotTable, slot: number): string {
    return bodyWithoutCookies(table, slot);
  }

  async save({ hot, cold, retired }: SessionChanges): Promise<void> {
    const evenIfFull = [...this.#evenIfFull];
    await this.#link.sync({ hot, cold, retired, evenIfFull, cookies: this.#rows.cookiesOf(cold) });
    for (const { id } of cold) this.#evenIfFull.delete(id);
    for (const { id, usageCount } of hot) {
      const slot = this.#roster.slotOf(id);
      if (slot === -1) continue;
      this.#usesAhead.noteWritten(slot, usageCount);
      this.#suspensions.resume(slot);
    }
  }

  /** All goes back, as it is; here it can still be read. */
  async leave(): Promise<void> {
    this.#supply.close();
    this.#lateMarks.close();
    this.#sought.fail(new ClosedError('The session pool'));
    for (const slot of this.#slots()) this.#link.giveBack(this.#rows.returning(slot));
    await this.#link.leave();
  }

  #noteManyUses(slot: number): void {
    this.#parts.persistence().hurry();
    if (this.#usesAhead.isAtLimit(slot)) this.#suspensions.suspend(slot);
  }

  /** A session that no other worker may make at the same time: it is not lent before the store knows. */
  async #create(id: string): Promise<string | null | undefined> {
    let made: string | undefined;
    try {
      if (!(await this.#supply.promisePlace())) return undefined;
      await this.#suspensions.whileMaking(id, async () => {
        made = await this.#owner.add(id);
        await this.#parts.persistence().flush();
      });
    } finally {
      this.#supply.endPromise();
    }
    if (made === undefined) return undefined;
    const slot = this.#roster.slotOf(made);
    if (slot === -1) return made === id ? null : undefined;
    this.#suspensions.resume(slot);
    return made;
  }

  #receive(sessions: readonly HeldSession[]): void {
    const now = this.#clock.now();
    const slots: number[] = [];
    for (const session of sessions) {
      const slot = this.#owner.enter(session);
      if (slot === -1) continue;
      this.#usesAhead.noteWritten(slot, session.hot.usageCount);
      this.#returns.noteCame(slot, now);
      slots.push(slot);
      this.#sought.settle(session.hot.id);
    }
    this.#owner.admit(slots);
  }

  #onAbsent(id: string, absence: Exclude<Absence, 'held'>): void {
    if (absence === 'retired' && !this.#gone.isRetired(id)) {
      void this.#learnOfRetirement(id);
      return;
    }
    this.#gone.whileAbsent(id, () => this.#owner.onAbsent(id));
    this.#sought.settle(id);
  }

  /** Why it retired is among the news, unless that was long ago. */
  async #learnOfRetirement(id: string): Promise<void> {
    try {
      await this.#link.sync();
    } catch (error) {
      this.#onFailure(error);
    }
    this.#gone.noteRetired(id, 'by another worker');
    this.#owner.onAbsent(id);
    this.#sought.settle(id);
  }

  #onNews(news: HandNews): void {
    this.#share.note(news.handsCount, news.poolSize);
    this.#owner.onFleetNews(news);
    this.#suspensions.resumeAll();
    for (const id of news.refused) this.#onRefused(id);
    for (const retired of news.retired) this.#onRetired(retired);
    const leaving = this.#returns.choose(news, this.#clock.now());
    if (leaving.length > 0) this.#supply.shrink();
    for (const slot of leaving) this.#giveBack(slot);
    this.#supply.noteNews();
  }

  /** It was retired by somebody who did not hold it, or is another's though it should not be. */
  #onRefused(id: string): void {
    const slot = this.#roster.slotOf(id);
    if (slot === -1) return;
    this.#parts.log.warning(
      `What changed in the session "${id}" was refused: it has retired, or is in another worker's hand`,
    );
    this.#depart(slot, 'lost');
  }

  #onRetired(retired: RetiredSession): void {
    const { id } = retired;
    const reason = RETIRED_REASONS.find((known) => known === retired.reason) ?? 'manual';
    const slot = this.#roster.slotOf(id);
    if (slot !== -1) {
      this.#ledger.retire(slot, reason);
      return;
    }
    this.#gone.noteRetired(id, reason);
    this.#owner.onRetiredElsewhere(retired, reason);
    this.#owner.onAbsent(id);
    this.#sought.settle(id);
  }

  #onLost(): void {
    const slots = this.#slots();
    const inFlight = slots.reduce((sum, slot) => sum + this.#table.inFlight.get(slot), 0);
    if (slots.length > 0) {
      this.#parts.log.warning(
        `The store did not hear of this worker for more than ${this.#parts.leaseSecs} s: ${slots.length} sessions are ` +
          `no longer in its hand, and what ${inFlight} requests in flight report of them is not counted`,
      );
    }
    this.#supply.reset();
    this.#evenIfFull.clear();
    for (const slot of slots) this.#depart(slot, 'lost');
    this.#supply.reset();
  }

  #onFailure(error: unknown): void {
    this.#parts.log.exception(
      error,
      'The store of the sessions does not answer; until it does, none is lent',
    );
  }

  #giveBack(slot: number): void {
    this.#link.giveBack(this.#rows.returning(slot));
    this.#depart(slot, 'returned');
  }

  #depart(slot: number, how: Departure): void {
    if (how === 'lost') this.#lostCount++;
    this.#parts.persistence().forget(slot);
    this.#noteGone(slot);
    this.#ledger.depart(slot, how);
  }

  #noteGone(slot: number): void {
    this.#returns.noteGone(slot);
    this.#suspensions.noteGone(slot);
  }

  #slots(): number[] {
    return Array.from({ length: this.#roster.size }, (_, index) => this.#roster.at(index));
  }
}
