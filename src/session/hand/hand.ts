import type { Clock } from '../../core/clock.ts';
import { ClosedError } from '../../core/errors.ts';
import type { Absence, HandChanges, HandNews, HeldSession } from '../../storage/session-hands.ts';
import type { RetiredSession, SessionChanges } from '../../storage/session-store.ts';
import { DuplicateSessionError, PoolFullError } from '../errors.ts';
import { type Departure, type LateReport, type Ledger, RETIRED_REASONS } from '../ledger.ts';
import type { SessionSink } from '../persistence.ts';
import type { Roster } from '../roster.ts';
import { bodyWithoutCookies } from '../session-record.ts';
import { FLAG_STORED, type SlotTable } from '../slot-table.ts';
import { NO_CHANGES } from './changes.ts';
import { FairShare } from './fair-share.ts';
import { GoneSessions } from './gone-sessions.ts';
import { HandLink, type Holdings } from './hand-link.ts';
import type { HandOwner, HandParts } from './hand-parts.ts';
import { HandReturns } from './hand-returns.ts';
import { HandRows } from './hand-rows.ts';
import { HandSupply } from './hand-supply.ts';
import { KeySessions } from './key-sessions.ts';
import { LateMarks } from './late-marks.ts';
import { LateReports } from './late-reports.ts';
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
  readonly #lateReports: LateReports;
  readonly #sought = new SoughtSessions();
  readonly #evenIfFull = new Set<string>();
  /** New, or with other cookies altogether, and the store has not confirmed it yet. */
  readonly #whole = new Set<string>();
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
        onWritten: (changes) => this.#onWritten(changes),
        holdings: () => this.#holdings(),
        onOffered: (offered, answer) => this.#onOffered(offered, answer),
        onStale: () => this.#onStale(),
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
    this.#lateReports = new LateReports({
      ...parts,
      tell: (known) => this.#link.tell(known),
      retire: (id, reason) => this.#lateMarks.note(id, reason),
    });
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

  /** A use of the session has been counted, or something else of it has changed; cookies or user data if `isCold`. */
  noteChange(slot: number, isCold: boolean): void {
    if (this.#usesAhead.isMany(slot)) this.#noteManyUses(slot);
    if (isCold && this.#suspensions.isStale) this.#rows.noteCookies(slot);
  }

  /** Until it is written, the session counts only as it is: nothing of it is added to what another has of it. */
  noteWhole(id: string): void {
    this.#whole.add(id);
  }

  noteCreated(slot: number, evenIfFull: boolean): void {
    const id = this.#table.ids[slot] as string;
    this.#whole.add(id);
    if (evenIfFull) this.#evenIfFull.add(id);
    else this.#supply.usePlace();
    this.#usesAhead.noteWritten(slot, this.#table.usageCount.get(slot));
    this.#returns.noteCame(slot, this.#clock.now());
    // Others may ask for it by its id.
    this.#parts.persistence().hurry();
    const mayBeAnothers = this.#suspensions.isStale || this.#suspensions.isInTheMaking(slot);
    if (mayBeAnothers) this.#suspensions.suspend(slot);
  }

  noteRetired(slot: number): void {
    const id = this.#table.ids[slot] as string;
    const isEven = this.#evenIfFull.delete(id);
    this.#whole.delete(id);
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

  /** Of a session that has left the hand; with a slot, where a lease of it is still open here. */
  noteLate(id: string, slot: number, report: LateReport | null): void {
    if (slot !== -1) this.#lateReports.note(id, slot, report);
    else if (typeof report === 'string') this.#lateMarks.note(id, report);
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
    // Even if the lease was over meanwhile, and whoever has them now.
    const facts = retired.map(({ id }) => ({ id, errorScoreChange: 0, restMs: 0 }));
    const cookies = this.#rows.cookiesOf(cold);
    await this.#link.sync({ hot, cold, retired, facts, evenIfFull, cookies });
    for (const { id } of hot) {
      const slot = this.#roster.slotOf(id);
      if (slot !== -1) this.#suspensions.resume(slot);
    }
  }

  /** All goes back, as it is; here it can still be read. */
  async leave(): Promise<void> {
    this.#supply.close();
    this.#lateMarks.close();
    this.#sought.fail(new ClosedError('The session pool'));
    for (const slot of this.#slots()) this.#link.tell(this.#rows.returning(slot));
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
      if (this.#suspensions.isStale) this.#suspensions.suspend(slot);
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
    if (!this.#link.mayBeOver) this.#suspensions.resumeAll();
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

  #onWritten({ hot, cold }: HandChanges): void {
    for (const { id } of cold) {
      this.#evenIfFull.delete(id);
      this.#whole.delete(id);
    }
    for (const { id, usageCount } of hot) {
      const slot = this.#roster.slotOf(id);
      if (slot !== -1) this.#usesAhead.noteWritten(slot, usageCount);
    }
  }

  #onStale(): void {
    const slots = this.#slots();
    this.#suspensions.suspendAll(slots);
    for (const slot of slots) {
      if (this.#parts.persistence().mayBeCold(slot)) this.#rows.noteCookies(slot);
    }
  }

  #holdings(): Holdings {
    const changes = {
      ...NO_CHANGES,
      ...this.#rows.offered(this.#slots()),
      evenIfFull: [...this.#evenIfFull],
    };
    const whole = [...this.#whole];
    const placesCount = whole.length + this.#supply.neededCount;
    return { changes, whole, placesCount };
  }

  #onOffered({ hot }: HandChanges, { refused, placesCount }: HandNews): void {
    const offered = new Map(hot.map((row) => [row.id, row]));
    const madeSince = [...this.#whole].filter((id) => !offered.has(id)).length;
    this.#supply.reset(Math.max(0, placesCount - madeSince));
    if (hot.length > 0) this.#logLoss(hot.length, refused.length);
    for (const id of refused) {
      const slot = this.#roster.slotOf(id);
      if (slot === -1) continue;
      const row = this.#whole.has(id) ? undefined : offered.get(id);
      const since = row && this.#rows.since(row);
      if (since && since.facts.length > 0) this.#link.tell(since);
      this.#depart(slot, 'lost');
    }
  }

  #logLoss(count: number, lostCount: number): void {
    const fate =
      lostCount === 0
        ? `its ${count} sessions are still its own, and nothing is lost`
        : `${lostCount} of its ${count} sessions are no longer in its hand; uses, marks, cookies and retirements are ` +
          'added to what others have of them, user data is not';
    const { leaseSecs, log } = this.#parts;
    log.warning(`The store did not hear of this worker for more than ${leaseSecs} s: ${fate}`);
  }

  #onFailure(error: unknown): void {
    this.#parts.log.exception(
      error,
      'The store of the sessions does not answer; until it does, none is lent',
    );
  }

  #giveBack(slot: number): void {
    this.#link.tell(this.#rows.returning(slot));
    this.#depart(slot, 'returned');
  }

  #depart(slot: number, how: Departure): void {
    if (how === 'lost') this.#lostCount++;
    this.#parts.persistence().forget(slot);
    this.#noteGone(slot);
    this.#ledger.depart(slot, how);
  }

  #noteGone(slot: number): void {
    this.#rows.noteGone(slot);
    this.#returns.noteGone(slot);
    this.#suspensions.noteGone(slot);
  }

  #slots(): number[] {
    return Array.from({ length: this.#roster.size }, (_, index) => this.#roster.at(index));
  }
}
