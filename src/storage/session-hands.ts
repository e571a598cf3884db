import type {
  RetiredSession,
  SessionColdRow,
  SessionHotRow,
  StoredSession,
} from './session-store.ts';

/** How a worker joins a pool that several share at the same time. */
export interface HandOptions {
  /** Without a sync for so long the hand goes back to the pool, and what its worker writes later is refused. */
  readonly leaseMs: number;
  /** Sessions alive at once, in all hands and in none. */
  readonly maxPoolSize: number;
  /**
   * Uses of a session that may go out before they are written. When a worker dies so many count as made, as nobody
   * knows; so no session is ever used more often than it may.
   */
  readonly usesAhead: number;
}

export interface TakeRequest {
  /** Any sessions that are free and due, at most so many. */
  readonly count: number;
  /** These ones, whether due or not. */
  readonly ids?: readonly string[];
  /** Places for sessions that are still to be made, where fewer than `count` were free; with a `count` of 0 in any case. */
  readonly places: number;
}

/** Why a session that was asked for by its id is not to be had. */
export type Absence = 'held' | 'retired' | 'unknown';

/** Its body holds no cookies; they stand beside it, as JSON. */
export interface HeldSession extends StoredSession {
  readonly cookies: readonly string[];
  /** So long nobody may use it yet; 0 where it was taken since it was due. */
  readonly restMs: number;
}

export interface Taken {
  readonly sessions: readonly HeldSession[];
  /** So many may be made; those not used go back with {@link HandChanges.unusedPlaces}. */
  readonly places: number;
  readonly absent: ReadonlyMap<string, Absence>;
  /** When the next free session is due, in ms from now; `null` where none is free. */
  readonly nextDueMs: number | null;
  /** The lease was over: nothing was taken. The next sync says so too, and begins a new one. */
  readonly isLost: boolean;
}

/** A session that goes back, and how long nobody may use it. */
export interface ReturnedSession {
  readonly id: string;
  readonly restMs: number;
}

/** A cookie as it was last written; `json` is `null` where it was deleted. The key is domain, path and name. */
export interface CookieChange {
  readonly key: string;
  readonly json: string | null;
  /** Wall-clock ms of the write. Of two writes the later one stays. */
  readonly at: number;
}

export interface CookieChanges {
  readonly id: string;
  readonly cookies: readonly CookieChange[];
}

/** What a worker has learnt of an origin since its last sync. */
export interface OriginReport {
  readonly origin: string;
  /** By how much the worker changed the learnt rate: the logarithm of the factor. */
  readonly rateChange: number;
  /** A first rate, where the fleet has none so far; requests a second and address, of the whole fleet. `null`: none. */
  readonly firstRate: number | null;
  /** Requests a second and address that this worker sends at present. */
  readonly load: number;
  readonly good: number;
  readonly bad: number;
}

/** What the fleet knows of an origin. */
export interface OriginNews {
  readonly origin: string;
  /** Requests a second and address, of the whole fleet; `null` while nothing is learnt. */
  readonly rate: number | null;
  /** Requests a second and address, of all live hands together. */
  readonly load: number;
  /** Results of all workers, older ones fading with a half-life of ten minutes. */
  readonly good: number;
  readonly bad: number;
}

/** Rows of sessions that the hand does not hold (any more) are refused, one by one. */
export interface HandChanges {
  readonly hot: readonly SessionHotRow[];
  /** New sessions come with both rows and take a place each, unless `evenIfFull` names them. Bodies hold no cookies. */
  readonly cold: readonly SessionColdRow[];
  readonly evenIfFull: readonly string[];
  readonly cookies: readonly CookieChanges[];
  readonly retired: readonly RetiredSession[];
  /** After their changes are written. */
  readonly returned: readonly ReturnedSession[];
  readonly unusedPlaces: number;
  readonly origins: readonly OriginReport[];
}

export interface HandNews {
  /** The lease was over: none of the changes was written, all sessions are gone, and a new lease has begun. */
  readonly isLost: boolean;
  /** Sessions of which changes were refused, since they are another's now or retired. */
  readonly refused: readonly string[];
  /** Retired by others since the last sync, whoever held them. */
  readonly retired: readonly RetiredSession[];
  /** So many sessions others would take at once if they were free. */
  readonly wantedCount: number;
  /** Sessions in this hand that somebody else waits for. */
  readonly wantedIds: readonly string[];
  /** Live hands, this one included. */
  readonly handsCount: number;
  /** Sessions alive, in all hands and in none. */
  readonly poolSize: number;
  readonly origins: readonly OriginNews[];
}

/**
 * A set of sessions that one worker holds under one lease, counted by the store's clock. Nobody else has them
 * meanwhile, so the worker picks and judges with no round trip; what changed it writes with the next sync, which also
 * prolongs the lease. Every write carries the lease's fencing number.
 */
export interface SessionHand {
  take(request: TakeRequest): Promise<Taken>;
  sync(changes: HandChanges): Promise<HandNews>;
  /** Gives all sessions and places back. What changed is to be synced before. */
  leave(): Promise<void>;
}

/** What a store offers whose pools are shared by several workers at the same time. */
export interface SessionHands {
  join(options: HandOptions): Promise<SessionHand>;
  /**
   * A whole jar, in place of the present one, unless that was changed since: then nothing is written.
   *
   * @returns whether it was written
   */
  importCookies(id: string, cookies: readonly CookieChange[], version: number): Promise<boolean>;
  /** All cookies of a session and the jar's version. */
  exportCookies(
    id: string,
  ): Promise<{ readonly cookies: readonly CookieChange[]; readonly version: number }>;
}
