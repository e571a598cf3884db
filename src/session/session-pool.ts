import { ClosedError } from '../core/errors.ts';
import { EventSource } from '../core/events.ts';
import type { SessionStore } from '../storage/session-store.ts';
import type { OriginExplanation } from './adaptive/adaptive-explanation.ts';
import type { Scheduler } from './adaptive/scheduler.ts';
import { Availability } from './availability.ts';
import {
  CookieExchange,
  type ExportedCookies,
  type ImportCookiesOptions,
} from './cookie-exchange.ts';
import { Explainer } from './explainer.ts';
import type { SessionExplanation } from './explanation.ts';
import { fillPool } from './fill-pool.ts';
import type { Hand } from './hand/hand.ts';
import { handOn } from './hand/hand-owner.ts';
import type { CookieSource } from './imported-cookies.ts';
import type { Lease } from './lease.ts';
import { LeaseDesk } from './lease-desk.ts';
import { type Departure, Ledger, RETIRED_REASONS } from './ledger.ts';
import type { RetiredReason } from './outcome.ts';
import { Persistence, sinkOf } from './persistence.ts';
import type { SessionPoolEvents } from './pool-events.ts';
import {
  type ResolvedPoolOptions,
  resolvePoolOptions,
  type SessionPoolOptions,
} from './pool-options.ts';
import { Preparation } from './preparation.ts';
import { Roster } from './roster.ts';
import { selectionFor } from './selection-for.ts';
import { Session, type SessionPoolState } from './session.ts';
import type { HookTools } from './session-hooks.ts';
import { SessionMaker } from './session-maker.ts';
import { limitsOf, resolveSessionOptions, type SessionOptions } from './session-options.ts';
import { SharedUse } from './shared-use.ts';
import { FLAG_EXHAUSTED, SlotTable } from './slot-table.ts';
import { Timeline } from './timeline.ts';
import type { LeaseOptions } from './waiting-line.ts';

const NO_OPTIONS: SessionOptions = Object.freeze({});

/**
 * A pool of identities: lends them to requests, judges every outcome, retires only what is guilty, and
 * remembers them where a storage is given. Safe under any concurrency inside one process. Lease, settle,
 * retire and counts take constant time with the default selection, however many sessions there are.
 */
export class SessionPool implements AsyncDisposable {
  readonly events: EventSource<SessionPoolEvents> = new EventSource();
  readonly #options: ResolvedPoolOptions;
  readonly #table = new SlotTable();
  readonly #timeline = new Timeline(RETIRED_REASONS);
  readonly #ledger: Ledger;
  readonly #roster: Roster;
  readonly #availability: Availability;
  readonly #maker: SessionMaker;
  readonly #preparation: Preparation | undefined;
  /** Where the selection is `adaptive`. */
  readonly #scheduler: Scheduler | undefined;
  readonly #desk: LeaseDesk;
  readonly #shared: SharedUse;
  readonly #cookies: CookieExchange;
  readonly #explainer: Explainer;
  readonly #retiredByReason = new Map<RetiredReason, number>();
  readonly #persistence: Persistence | undefined;
  /** Where the storage is one that several workers share. */
  readonly #hand: Hand | undefined;
  #retiredCount = 0;
  #exhaustedCount = 0;
  #closing: Promise<void> | undefined;

  private constructor(options: ResolvedPoolOptions, store: SessionStore | undefined) {
    const { clock, random, log } = options;
    const limits = limitsOf(options.sessionOptions);
    this.#options = options;
    this.#ledger = new Ledger({
      table: this.#table,
      timeline: this.#timeline,
      clock,
      random,
      log,
      userData: options.sessionOptions.userData,
      owner: {
        onExhausted: (slot) => this.#onExhausted(slot),
        onRetired: (slot, reason) => this.#onRetired(slot, reason),
        onDeparted: (slot, how) => this.#onDeparted(slot, how),
        onLate: (id, slot, report) => this.#hand?.noteLate(id, slot, report),
        onForgotten: (slot) => this.#onForgotten(slot),
        onChanged: (slot, isCold) => this.#onChanged(slot, isCold),
        onCooldown: (slot) => this.#availability.rest(slot),
        onCondemned: (slot, reason, status) =>
          this.#scheduler?.holds(slot, reason, status) === true,
        onProxyVerdict: (slot, verdict) => {
          const { proxyConfiguration } = options;
          const proxy = proxyConfiguration && this.#table.proxies.get(slot);
          if (proxy) proxyConfiguration.report(proxy.url, verdict);
        },
      },
    });
    const roster = new Roster(this.#ledger);
    this.#roster = roster;
    const { ready, scheduler } = selectionFor(options, {
      ledger: this.#ledger,
      roster,
      events: this.events,
      onFit: (slot) => this.#desk.onFit(slot),
    });
    this.#scheduler = scheduler;
    this.#availability = new Availability(this.#table, ready);
    this.#preparation =
      options.hooks &&
      new Preparation({
        hooks: options.hooks,
        ledger: this.#ledger,
        clock,
        random,
        log,
        owner: {
          handleOf: (slot) => roster.handleOf(slot),
          onFit: (slot) => this.#desk.onFit(slot),
          onDormant: (slot) => this.#desk.onDormant(slot),
          onQuarantined: () => this.#desk.onQuarantined(),
        },
      });
    this.#explainer = new Explainer({
      table: this.#table,
      roster,
      timeline: this.#timeline,
      preparation: this.#preparation,
      scheduler: this.#scheduler,
    });
    this.#hand =
      store?.hands &&
      handOn(store, {
        options,
        table: this.#table,
        ledger: this.#ledger,
        roster,
        availability: this.#availability,
        preparation: this.#preparation,
        scheduler: this.#scheduler,
        obituaries: this.#explainer.obituaries,
        persistence: () => this.#persistence as Persistence,
        desk: () => this.#desk,
        maker: () => this.#maker,
        enterNew: (slot) => this.#enter(slot),
      });
    this.#persistence =
      store &&
      new Persistence({ sink: this.#hand ?? sinkOf(store), table: this.#table, clock, log });
    this.#maker = new SessionMaker({
      options,
      limits,
      ledger: this.#ledger,
      roster,
      view: this,
      onPlaceFreed: () => this.#desk.onRoom(),
      hand: this.#hand,
      wantedProxy: () => this.#scheduler?.wantedProxy,
    });
    this.#desk = new LeaseDesk({
      clock,
      events: this.events,
      preparation: this.#preparation,
      scheduler: this.#scheduler,
      ledger: this.#ledger,
      roster,
      availability: this.#availability,
      hand: this.#hand,
      growth: {
        // What others may need as well is taken when it is needed.
        isEager: !this.#hand && ready.growth === 'eager',
        hasRoom: () => this.#maker.hasRoom(),
        hasSpareRoom: (openLeases) => this.#maker.hasSpareRoom(openLeases),
        grow: (lease) => this.#grow(lease.request),
        reasonOf: (id) => this.#reasonOf(id),
      },
    });
    this.#shared = new SharedUse({
      table: this.#table,
      random,
      roster,
      availability: this.#availability,
      desk: this.#desk,
      hasRoom: () => this.#maker.hasRoom(),
      grow: () => this.#grow(undefined),
      hand: this.#hand,
    });
    this.#cookies = new CookieExchange({
      ledger: this.#ledger,
      roster,
      hand: this.#hand,
      hands: store?.hands,
      persistence: () => this.#persistence,
      reasonOf: (id) => this.#reasonOf(id),
    });
  }

  /**
   * Opens a pool, restoring its sessions when a storage is given.
   *
   * @throws OptionError
   */
  static async open(options: SessionPoolOptions = {}): Promise<SessionPool> {
    const resolved = resolvePoolOptions(options);
    const store = await resolved.storage?.openSessionStore(resolved.storeName);
    const pool = new SessionPool(resolved, store);
    await fillPool({
      options: resolved,
      store,
      hand: pool.#hand,
      ledger: pool.#ledger,
      roster: pool.#roster,
      persistence: pool.#persistence,
      desk: pool.#desk,
      maker: pool.#maker,
      enter: (slot) => pool.#enter(slot),
    });
    return pool;
  }

  get maxPoolSize(): number {
    return this.#options.maxPoolSize;
  }

  /** Sessions that are alive, not used up and not in quarantine; those at rest count. O(1). */
  get usableSessionsCount(): number {
    this.#desk.catchUp(this.#options.clock.now());
    return this.#roster.size - this.#exhaustedCount - this.quarantinedSessionsCount;
  }

  /** Sessions set aside: their hooks failed time and again, or it is not settled yet whether they are to blame. O(1). */
  get quarantinedSessionsCount(): number {
    const held = this.#scheduler?.court.quarantinedCount ?? 0;
    return held + (this.#preparation?.quarantinedCount ?? 0);
  }

  /** What the hooks' last failure said, while none has succeeded since. */
  get lastInitFailure(): string | undefined {
    return this.#preparation?.lastFailure;
  }

  /** Sessions that rest after a 429 or a failure of their proxy. O(1). */
  get coolingSessionsCount(): number {
    this.#desk.catchUp(this.#options.clock.now());
    return this.#availability.coolingCount;
  }

  /** Sessions retired since the pool was opened. O(1). */
  get retiredSessionsCount(): number {
    this.#desk.catchUp(this.#options.clock.now());
    return this.#retiredCount;
  }

  /** Sessions made since the pool was opened, restored ones not counted. O(1). */
  get createdSessionsCount(): number {
    return this.#maker.createdCount;
  }

  /** How many sessions retired for each reason since the pool was opened. */
  get retiredByReason(): Partial<Record<RetiredReason, number>> {
    return Object.fromEntries(this.#retiredByReason);
  }

  /** The living sessions, in no particular order. */
  get sessions(): Iterable<Session> {
    this.#desk.catchUp(this.#options.clock.now());
    return this.#roster.sessions();
  }

  /**
   * Lends a session for one use, which counts at once. Waits, in order, while none may be used: all in
   * use, or resting. Makes a new one while the pool is not full.
   *
   * @throws LeaseTimeoutError, SessionMissingError, SessionCreationError, ClosedError, or the signal's reason
   */
  lease(options?: LeaseOptions): Promise<Lease> {
    return this.#desk.lease(options);
  }

  /**
   * A session for shared use: never waits for a page to finish. Makes a new one while the pool is not
   * full, then picks uniformly at random, passing over those at rest where it can. Uses count when the
   * session is marked. With an id: that session, `undefined` when it is not usable. In a pool with hooks it is
   * lent as by a lease, so that it is fit for use, and given back at once, which counts a use.
   *
   * @throws SessionCreationError, ClosedError
   */
  async getSession(id?: string): Promise<Session | undefined> {
    return this.getSessionNow(id);
  }

  /**
   * As {@link SessionPool.getSession}, but at once wherever nothing asynchronous stands in the way: an asynchronous
   * `createSessionFunction` or `newUrlFunction`, hooks, a list of proxies that is still loading.
   *
   * @throws SessionCreationError, ClosedError
   */
  getSessionNow(id?: string): Session | undefined | Promise<Session | undefined> {
    this.#checkOpen();
    this.#desk.catchUp(this.#options.clock.now());
    if (id !== undefined) {
      return this.#shared.takeById(id);
    }
    return this.#preparation ? this.#shared.takeFit() : this.#shared.take();
  }

  /**
   * Makes a session at once, or takes in one that was made outside; `evenIfFull` lets the pool exceed `maxPoolSize`.
   *
   * @throws PoolFullError, DuplicateSessionError, OptionError, SessionCreationError
   */
  async addSession(
    given: SessionOptions | Session = NO_OPTIONS,
    options: { readonly evenIfFull?: boolean } = {},
  ): Promise<Session> {
    this.#checkOpen();
    this.#desk.catchUp(this.#options.clock.now());
    const isReady = given === NO_OPTIONS || given instanceof Session;
    const own = isReady ? given : resolveSessionOptions(given, 'SessionOptions');
    const add = (): number | Promise<number> => this.#maker.add(own, options);
    const { evenIfFull = false } = options;
    const made = this.#hand ? this.#hand.makeWayFor(given.id, evenIfFull, add) : add();
    const slot = typeof made === 'number' ? made : await made;
    this.#noteCreated(slot);
    this.#desk.admit(slot);
    const session = this.#roster.handleOf(slot);
    this.#ledger.review(slot);
    return session;
  }

  /** All cookies of a session, to be kept or changed elsewhere. @throws SessionMissingError */
  async exportCookies(sessionId: string): Promise<ExportedCookies> {
    this.#checkOpen();
    return this.#cookies.export(sessionId);
  }

  /**
   * Puts a whole jar, such as that of a saved log-in, in place of a session's cookies, unless these have changed since
   * they were exported: then nothing is written. On a storage that workers share it waits until this one has the
   * session. It is stored when the promise resolves.
   *
   * @returns the new version
   * @throws CookieConflictError, SessionMissingError, OptionError where a cookie is not sound, or the signal's reason
   *
   * @example
   * const pool = await SessionPool.open({ initialSessions: [{ id: 'ann' }] });
   * const { version } = await pool.exportCookies('ann');
   * const saved = [{ name: 'login', value: 'yes', domain: 'example.com' }];
   * await pool.importCookies('ann', saved, { version });
   */
  async importCookies(
    sessionId: string,
    cookieJar: CookieSource,
    options: ImportCookiesOptions,
  ): Promise<string> {
    this.#checkOpen();
    return this.#cookies.import(sessionId, cookieJar, options);
  }

  /** What happened to a session lately, and why it retired; `null` when it is not known, or no longer. */
  explain(id: string): SessionExplanation | null {
    this.#desk.catchUp(this.#options.clock.now());
    return this.#explainer.explain(id);
  }

  /**
   * What an adaptive pool has learnt of an origin: its pace, whether it is down, how long it bans. `null` when nothing
   * is known of it, or nothing any more, and in a pool with another selection.
   *
   * @param url the origin, or any URL of it
   */
  explainOrigin(url: string): OriginExplanation | null {
    this.#desk.catchUp(this.#options.clock.now());
    return this.#explainer.explainOrigin(url);
  }

  /** All sessions in the documented shape. */
  getState(): SessionPoolState {
    return {
      usableSessionsCount: this.usableSessionsCount,
      retiredSessionsCount: this.retiredSessionsCount,
      sessions: [...this.sessions].map((session) => session.getState()),
    };
  }

  /**
   * Lends the pool's hooks what they send requests and open pages with; a crawler does so while it runs. Returns how
   * to take it back: hooks that still use it are told to end, and begin anew with what the pool is lent next.
   */
  lendTools(tools: HookTools): () => void {
    return this.#preparation?.lend(tools) ?? (() => {});
  }

  /** Writes all that has changed until now. Rejects with the storage's error; nothing is given up then. */
  async persistState(): Promise<void> {
    await this.#persistence?.flush();
  }

  /** Ends all waiting, saves, and lends nothing any more. The storage stays open. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#desk.close();
    this.#preparation?.close();
    try {
      await this.#persistence?.close();
    } finally {
      if (this.#hand) await this.#hand.leave();
    }
  }

  #enter(slot: number): void {
    this.#noteCreated(slot);
    this.#desk.admit(slot);
  }

  #grow(request: unknown): number | Promise<number> {
    const made = this.#maker.make(request);
    if (typeof made !== 'number') return made.then((slot) => this.#noteGrown(slot));
    return this.#noteGrown(made);
  }

  #noteGrown(slot: number): number {
    if (slot !== -1) this.#noteCreated(slot);
    return slot;
  }

  #noteCreated(slot: number): void {
    this.#persistence?.noteNew(slot);
    if (this.events.hasListeners('sessionCreated')) {
      this.events.emit('sessionCreated', { session: this.#roster.handleOf(slot) });
    }
  }

  #onChanged(slot: number, isCold: boolean): void {
    if (!this.#persistence) return;
    if (isCold) this.#persistence.noteCold(slot);
    else this.#persistence.noteHot(slot);
    this.#hand?.noteChange(slot, isCold);
  }

  #onExhausted(slot: number): void {
    this.#exhaustedCount++;
    this.#availability.refresh(slot, this.#options.clock.now(), false);
  }

  #onRetired(slot: number, reason: RetiredReason): void {
    const now = this.#options.clock.now();
    this.#retiredCount++;
    this.#retiredByReason.set(reason, (this.#retiredByReason.get(reason) ?? 0) + 1);
    this.#hand?.noteRetired(slot);
    this.#persistence?.noteRetired(slot, reason, now);
    this.#letGo(slot, reason, now);
    if (this.events.hasListeners('sessionRetired')) {
      this.events.emit('sessionRetired', { session: this.#roster.handleOf(slot), reason });
    }
    this.#desk.onRetired(slot);
  }

  #onDeparted(slot: number, how: Departure): void {
    this.#letGo(slot, how, this.#options.clock.now());
    this.#hand?.noteWaiting();
  }

  /** It is no longer one of ours; its slot stays until the last lease on it is settled. */
  #letGo(slot: number, reason: RetiredReason | Departure, now: number): void {
    const id = this.#table.ids[slot] as string;
    if ((this.#table.flags.get(slot) & FLAG_EXHAUSTED) !== 0) this.#exhaustedCount--;
    const note = this.#preparation?.leave(slot);
    this.#roster.leave(slot);
    this.#maker.noteLeft();
    this.#availability.leave(slot);
    this.#scheduler?.leave(slot);
    this.#options.proxyConfiguration?.release(id);
    this.#explainer.noteGone(slot, { reason, at: now, note });
  }

  #onForgotten(slot: number): void {
    this.#desk.onForgotten();
    const id = this.#table.ids[slot] as string;
    this.#roster.free(slot, this.#explainer.obituaries.get(id)?.final);
  }

  #reasonOf(id: string): string | undefined {
    return this.#explainer.obituaries.reasonOf(id) ?? this.#hand?.reasonOf(id);
  }

  #checkOpen(): void {
    if (this.#closing) throw new ClosedError('The session pool');
  }
}
