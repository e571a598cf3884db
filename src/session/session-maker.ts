import { TroupeError } from '../core/errors.ts';
import { randomFingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import {
  DuplicateSessionError,
  NoSessionLeftError,
  PoolFullError,
  SessionCreationError,
} from './errors.ts';
import { fillSlot } from './fill-slot.ts';
import type { Hand } from './hand/hand.ts';
import type { Ledger } from './ledger.ts';
import type { PoolView, ResolvedPoolOptions } from './pool-options.ts';
import type { Roster } from './roster.ts';
import { Session, seatOf } from './session.ts';
import {
  resolveSessionOptions,
  type SessionLimits,
  type SessionOptions,
} from './session-options.ts';
import type { SlotTable } from './slot-table.ts';
import { newSessionId } from './solo-seat.ts';

const NO_OPTIONS: SessionOptions = Object.freeze({});
/** Places kept for each lease that is open, and the most of all places. */
const KEPT_FOR_EACH = 2;
const KEPT_SHARE = 0.25;

/** Makes sessions: the user's function or the defaults, then a proxy, then a place in the roster. Synchronous wherever nothing asynchronous is asked for. */
export class SessionMaker {
  readonly #options: ResolvedPoolOptions;
  readonly #limits: SessionLimits;
  readonly #ledger: Ledger;
  readonly #roster: Roster;
  readonly #view: PoolView;
  /** Sessions in the making: they hold a place already. */
  #makingCount = 0;
  readonly #makingIds = new Set<string>();
  #createdCount = 0;
  /** `createSessionFunction` had none to give, and nothing has changed since. */
  #isDry = false;
  readonly #onPlaceFreed: () => void;
  readonly #hand: Hand | undefined;
  readonly #wantedProxy: () => string | undefined;

  constructor(parts: {
    options: ResolvedPoolOptions;
    limits: SessionLimits;
    ledger: Ledger;
    roster: Roster;
    view: PoolView;
    onPlaceFreed: () => void;
    /** Where the pool's places are shared with other workers. */
    hand: Hand | undefined;
    /** URL of a proxy of which more sessions would be of use. */
    wantedProxy: () => string | undefined;
  }) {
    this.#options = parts.options;
    this.#limits = parts.limits;
    this.#ledger = parts.ledger;
    this.#roster = parts.roster;
    this.#view = parts.view;
    this.#onPlaceFreed = parts.onPlaceFreed;
    this.#hand = parts.hand;
    this.#wantedProxy = parts.wantedProxy;
  }

  get createdCount(): number {
    return this.#createdCount;
  }

  hasRoom(): boolean {
    return !this.#isDry && this.#hasPlace();
  }

  /** For one that nobody needs yet. Places are kept for sessions that will be wanted of a certain proxy. */
  hasSpareRoom(openLeases: number): boolean {
    const { createSessionFunction, proxyConfiguration, maxPoolSize } = this.#options;
    if (createSessionFunction || !proxyConfiguration) return this.hasRoom();
    const kept = Math.min(KEPT_FOR_EACH * openLeases, KEPT_SHARE * maxPoolSize);
    return !this.#isDry && this.#hasPlace(kept);
  }

  /** `createSessionFunction` had none to give, as far as is known. */
  get isDry(): boolean {
    return this.#isDry;
  }

  /** Sessions in the making. */
  get makingCount(): number {
    return this.#makingCount;
  }

  /** A session has left: `createSessionFunction` may have another one now. */
  noteLeft(): void {
    this.#isDry = false;
  }

  /**
   * A living session that is not yet available to leases; -1 when `createSessionFunction` has none to give.
   *
   * @throws SessionCreationError, NoSessionLeftError, also as a rejection
   */
  make(request: unknown): number | Promise<number> {
    const { createSessionFunction } = this.#options;
    if (!createSessionFunction) return this.#finish(NO_OPTIONS, null, request);
    // Held while the function runs, so that what it asks of the pool itself cannot overfill it.
    this.#makingCount++;
    let made: unknown;
    try {
      made = this.#callUser(createSessionFunction);
      if (!isThenable(made)) return this.#takeIn(made, request);
    } finally {
      this.#makingCount--;
    }
    return this.#reserved(async () => this.#takeIn(await promised(made), request));
  }

  /**
   * As `make`, and of this id, unless `createSessionFunction` gives its sessions ids of its own; -1 when it has none.
   *
   * @throws PoolFullError, DuplicateSessionError, SessionCreationError
   */
  async makeNamed(id: string): Promise<number> {
    if (!this.#hasPlace()) throw new PoolFullError(this.#options.maxPoolSize);
    const { createSessionFunction } = this.#options;
    if (!createSessionFunction) return this.#finish({ id }, null, undefined);
    return this.#reserved(async () => {
      const made = await promised(this.#callUser(createSessionFunction));
      if (made === null) {
        this.#isDry = true;
        return -1;
      }
      if (made instanceof Session) return this.#finish(NO_OPTIONS, made, undefined);
      const own = checked(made);
      return this.#finish({ ...own, id: own.id ?? id }, null, undefined);
    });
  }

  /**
   * A session with options of its own, or one made outside, whatever `createSessionFunction` would make.
   *
   * @throws PoolFullError, DuplicateSessionError
   */
  add(
    given: SessionOptions | Session,
    { evenIfFull = false }: { evenIfFull?: boolean } = {},
  ): number | Promise<number> {
    if (!evenIfFull && !this.#hasPlace()) throw new PoolFullError(this.#options.maxPoolSize);
    if (given instanceof Session) return this.#finish(NO_OPTIONS, given, undefined, evenIfFull);
    return this.#finish(given, null, undefined, evenIfFull);
  }

  #hasPlace(kept = 0): boolean {
    if (this.#hand) return this.#makingCount + kept < this.#hand.placesCount;
    return this.#roster.size + this.#makingCount + kept < this.#options.maxPoolSize;
  }

  /** What `createSessionFunction` gave. */
  #takeIn(made: unknown, request: unknown): number | Promise<number> {
    if (made === null) return this.#noneToGive();
    if (made instanceof Session) return this.#finish(NO_OPTIONS, made, request);
    return this.#finish(checked(made), null, request);
  }

  #noneToGive(): number {
    this.#isDry = true;
    // The one that is being made now is this one.
    if (this.#roster.size > 0 || this.#makingCount > 1) return -1;
    if (this.#hand && this.#hand.elsewhereCount > 0) return -1;
    throw new NoSessionLeftError();
  }

  #finish(
    options: SessionOptions,
    made: Session | null,
    request: unknown,
    evenIfFull = false,
  ): number | Promise<number> {
    const asked = made?.id ?? options.id;
    if (asked !== undefined && this.#isTaken(asked)) throw new DuplicateSessionError(asked);
    const id = asked ?? this.#newId();
    const own = made ? made.proxyInfo : options.proxyInfo;
    const { proxyConfiguration } = this.#options;
    if (own || !proxyConfiguration || (!made && own === null)) {
      return this.#settle(id, options, made, own ?? null, evenIfFull);
    }
    const bound = this.#bind(id, request);
    if (!(bound instanceof Promise)) return this.#settle(id, options, made, bound, evenIfFull);
    this.#makingIds.add(id);
    return this.#reserved(async () => {
      try {
        return this.#settle(id, options, made, await bound, evenIfFull);
      } catch (error) {
        throw creationError('no proxy for it', error);
      } finally {
        this.#makingIds.delete(id);
      }
    });
  }

  #bind(id: string, request: unknown): ProxyInfo | null | Promise<ProxyInfo | null> {
    try {
      const prefer = this.#wantedProxy();
      const options = prefer === undefined ? { request } : { request, prefer };
      return this.#options.proxyConfiguration?.bind(id, options) ?? null;
    } catch (error) {
      throw creationError('no proxy for it', error);
    }
  }

  #settle(
    id: string,
    options: SessionOptions,
    made: Session | null,
    proxy: ProxyInfo | null,
    evenIfFull: boolean,
  ): number {
    const { table } = this.#ledger;
    const now = this.#options.clock.now();
    const own = made ? optionsOf(made) : options === NO_OPTIONS ? undefined : options;
    const slot = fillSlot(table, id, own, this.#limits, {
      now,
      fingerprint:
        made?.fingerprint ?? options.fingerprint ?? randomFingerprint(this.#options.random),
      proxy,
    });
    this.#roster.enter(slot);
    if (made) this.#adopt(slot, made, table);
    this.#createdCount++;
    this.#hand?.noteCreated(slot, evenIfFull);
    return slot;
  }

  /** The handle, its cookies and its user data stay the ones the user made. */
  #adopt(slot: number, made: Session, table: SlotTable): void {
    const { cold } = seatOf(made);
    if (cold) table.cold.set(slot, cold);
    this.#roster.adopt(slot, made);
  }

  #callUser(create: NonNullable<ResolvedPoolOptions['createSessionFunction']>): unknown {
    try {
      return create(this.#view, { sessionOptions: this.#options.sessionOptions });
    } catch (error) {
      throw creationError('createSessionFunction threw', error);
    }
  }

  /** Holds a place in the pool while something asynchronous goes on. */
  async #reserved(work: () => Promise<number>): Promise<number> {
    this.#makingCount++;
    let isMade = false;
    try {
      const slot = await work();
      isMade = slot !== -1;
      return slot;
    } finally {
      this.#makingCount--;
      if (!isMade) this.#onPlaceFreed();
    }
  }

  #isTaken(id: string): boolean {
    return this.#roster.has(id) || (this.#makingIds.size > 0 && this.#makingIds.has(id));
  }

  #newId(): string {
    for (;;) {
      const id = newSessionId(this.#options.random);
      if (!this.#isTaken(id)) return id;
    }
  }
}

function isThenable(made: unknown): boolean {
  return typeof (made as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** What an asynchronous `createSessionFunction` comes to. @throws SessionCreationError */
async function promised(made: unknown): Promise<unknown> {
  try {
    return await made;
  } catch (error) {
    throw creationError('createSessionFunction threw', error);
  }
}

function checked(made: unknown): SessionOptions {
  return resolveSessionOptions(made, 'the result of createSessionFunction');
}

/** A session made outside keeps the limits and counters it was made with. */
function optionsOf(made: Session): SessionOptions {
  return {
    maxAgeSecs: made.maxAgeSecs,
    maxErrorScore: made.maxErrorScore,
    errorScoreDecrement: made.errorScoreDecrement,
    maxUsageCount: made.maxUsageCount,
    maxConcurrency: made.maxConcurrency,
    minIntervalSecs: made.minIntervalSecs,
    createdAt: made.createdAt,
    expiresAt: made.expiresAt,
    usageCount: made.usageCount,
    errorScore: made.errorScore,
  };
}

/** Errors of Troupe's own say enough already. */
function creationError(what: string, error: unknown): Error {
  return error instanceof TroupeError ? error : new SessionCreationError(what, error);
}
