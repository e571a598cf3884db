import type {
  RetiredSession,
  SessionColdRow,
  SessionHotRow,
  StoredSession,
} from './session-rows.ts';

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
  /** Any sessions that are free and due, at most so many. What is not to be had stays wanted until the next take. */
  readonly count: number;
  /** These ones on top, whether due or not. One that is held is waited for: its holder hears of it. */
  readonly ids?: readonly string[];
  /** Places for sessions that are still to be made, where fewer than `count` were free; with a `count` of 0 in any case. */
  readonly places: number;
}

/** Why a session that was asked for by its id is not to be had; `held` also if it is in this very hand. */
export type Absence = 'held' | 'retired' | 'unknown';

/** Its body holds no cookies; they stand beside it, as JSON. */
export interface HeldSession extends StoredSession {
  readonly cookies: readonly string[];
  /** So long nobody may use it yet; 0 where it was taken since it was due. */
  readonly restMs: number;
}

export interface Taken {
  /** Of a large `count` a part may come at a time; then `nextDueMs` is 0. */
  readonly sessions: readonly HeldSession[];
  /** So many may be made; those not used go back with {@link HandChanges.unusedPlaces}. */
  readonly places: number;
  readonly absent: ReadonlyMap<string, Absence>;
  /** When the next free session is due, in ms from now; `null` where none is free. */
  readonly nextDueMs: number | null;
  /** The lease was over: nothing was taken. The next sync says so too, and begins a new one. */
  readonly isLost: boolean;
}

/** A session that goes back, and how long nobody may use it. One that was waited for is kept for a moment for those who ask for it. */
export interface ReturnedSession {
  readonly id: string;
  readonly restMs: number;
}

/** A cookie as it was last written; `json` is `null` where it was deleted. The key is domain, path and name. */
export interface CookieChange {
  readonly key: string;
  readonly json: string | null;
  /** Wall-clock ms of the write. Of two writes the later one stays; of two at one time the same one everywhere. */
  readonly at: number;
}

export interface CookieChanges {
  readonly id: string;
  readonly cookies: readonly CookieChange[];
}

/** What a worker has learnt of an origin since its last sync. */
export interface OriginReport {
  readonly origin: string;
  /**
   * By how much the worker changed the fleet's rate: the logarithm of the factor. Rises add up. Of cuts within a second
   * and a half, which are about the same overload, only the deepest counts.
   */
  readonly rateChange: number;
  /** A first rate, where the fleet has none so far, and instead of a change then; requests a second and address, of the whole fleet. `null`: none. */
  readonly firstRate: number | null;
  /** Requests a second and address that this worker sends at present; `null`: as it was reported last. */
  readonly load: number | null;
  readonly good: number;
  readonly bad: number;
  /** How long ago the last request went out that was answered well; `null`: none since the last report. */
  readonly upMs: number | null;
  /** How long ago the worker found it to be down; `null`: it did not, or has said so. */
  readonly downMs: number | null;
  /** It would ask whether the origin answers again; the fleet asks once in `leastMs`, and ever less often, up to `mostMs`. `null`: it would not. */
  readonly probe: ProbeTerms | null;
  /** The hand does not know yet what the fleet knows: it hears of it whether or not others have reported of late. */
  readonly isFirst: boolean;
}

export interface ProbeTerms {
  readonly leastMs: number;
  readonly mostMs: number;
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
  /** Somebody found it to be down, and nothing that was sent since then, by anybody, was answered well. */
  readonly isDown: boolean;
  /** The number of the probe that this hand may send, and nobody else until the next is due; 0 for none. */
  readonly probe: number;
}

/**
 * What became known of a session, whoever has it: it is added to what the holder writes, once that one gives it back.
 * With it also count {@link HandChanges.cookies} and {@link HandChanges.retired} of a session that the hand does not hold.
 */
export interface SessionFact {
  readonly id: string;
  readonly errorScoreChange: number;
  /** So long nobody may use it. */
  readonly restMs: number;
}

/**
 * What a worker has seen of a proxy, or of one at one origin. Of the times that all tell the latest counts, and the rest
 * that goes with it.
 */
export interface ProxyReport {
  readonly name: string;
  /** How long ago something last came back; `null`: nothing to tell. */
  readonly upMs: number | null;
  /** The last time that it failed; `null`: nothing to tell. */
  readonly failure: ProxyFailure | null;
}

export interface ProxyFailure {
  /** How long ago. */
  readonly agoMs: number;
  /** How long it is still to be left alone. */
  readonly restMs: number;
  /** Failures in a row so far. */
  readonly inRow: number;
  /** How long ago the first of these was; `null`: nothing to tell. */
  readonly firstAgoMs: number | null;
}

/** Changes of sessions that the hand does not hold (any more) are refused, one session after the other. */
export interface HandChanges {
  readonly hot: readonly SessionHotRow[];
  /**
   * New sessions come with both rows and take a place each, unless `evenIfFull` names them; without a place they are
   * refused. Bodies hold no cookies. What their first line says of `maxUsageCount` and `minIntervalSecs` counts when the
   * hand is lost.
   */
  readonly cold: readonly SessionColdRow[];
  readonly evenIfFull: readonly string[];
  readonly cookies: readonly CookieChanges[];
  readonly retired: readonly RetiredSession[];
  readonly facts: readonly SessionFact[];
  /** After their changes are written. */
  readonly returned: readonly ReturnedSession[];
  readonly unusedPlaces: number;
  readonly origins: readonly OriginReport[];
  /** Origins on which there is nothing to report, but of which the hand wants to hear; `null`: of nothing, until the next sync. */
  readonly watched: readonly string[] | null;
  readonly proxies: readonly ProxyReport[];
}

export interface HandNews {
  /**
   * The lease was over: all sessions and places are gone, nothing of this sync was written, and a new lease has begun, to
   * which {@link SessionHand.offer} brings back what is still to be had.
   */
  readonly isLost: boolean;
  /** Sessions of which changes were refused, since they are another's now or retired. */
  readonly refused: readonly string[];
  /** Retired by others since the last sync, whoever held them. */
  readonly retired: readonly RetiredSession[];
  /** So many sessions others would take at once if they were free, beyond those that are. */
  readonly wantedCount: number;
  /** Sessions in this hand that somebody else waits for; named until they are returned. */
  readonly wantedIds: readonly string[];
  /** Live hands, this one included. */
  readonly handsCount: number;
  /** Sessions alive, in all hands and in none. */
  readonly poolSize: number;
  /** Places that are reserved for this hand. */
  readonly placesCount: number;
  /**
   * Of those that were reported on and those watched: where another hand has reported since this one last heard of it,
   * and where the report says that it waits for an answer, or the origin is down.
   */
  readonly origins: readonly OriginNews[];
  /** What other hands have reported since this one last heard; to one that is new, all that is remembered, a part at a time. */
  readonly proxies: readonly ProxyReport[];
}

/**
 * A set of sessions that one worker holds under one lease, counted by the store's clock. Nobody else has them
 * meanwhile, so the worker picks and judges with no round trip; what changed it writes with the next sync, which also
 * prolongs the lease; nothing else does. Every write carries the lease's fencing number. Calls are made one after the
 * other, in the order in which they came; one that fails gives up the lease.
 */
export interface SessionHand {
  take(request: TakeRequest): Promise<Taken>;
  sync(changes: HandChanges): Promise<HandNews>;
  /**
   * As a sync, after one that said that the lease was over; with the rows of all sessions there were, and all that
   * was not written. What nobody has had since is in the hand again, and written as if it had never left it. To the others, which
   * are `refused`, it is added: how much uses and error score have changed since the lease, cookies by the time they
   * were written, retirements. Those named in `whole` are written whole or not at all, new ones among them.
   */
  offer(changes: HandChanges, whole: readonly string[]): Promise<HandNews>;
  /**
   * Gives all sessions and places back, and ends the lease. What changed is to be synced before, with the rest of each
   * session; those still in the hand rest for their `minIntervalSecs`.
   */
  leave(): Promise<void>;
}

/** What a store offers whose pools are shared by several workers at the same time. */
export interface SessionHands {
  join(options: HandOptions): Promise<SessionHand>;
  /** All cookies of a session, without deleted ones, whoever holds it; none where there is no such session. */
  exportCookies(id: string): Promise<readonly CookieChange[]>;
}
