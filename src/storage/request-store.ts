/** A request as a store keeps it. The store reads only what it must order, find and lock by. */
export interface RequestRow {
  /** Deterministic: derived from the unique key. */
  readonly id: string;
  readonly uniqueKey: string;
  /** Everything else about the request, as JSON. */
  readonly body: string;
  /** Those of one origin stand in one line, and the lines take turns. Any text. @default '' */
  readonly origin?: string;
}

export interface AddedRequest {
  readonly id: string;
  readonly wasAlreadyPresent: boolean;
  readonly wasAlreadyHandled: boolean;
}

/** A request lent to one worker until `lockedUntil`. The fence is the proof of the lock: every new claim of the same request raises it. */
export interface ClaimedRequest extends RequestRow {
  readonly fence: number;
}

export interface ClaimOptions {
  /** Wall clock, ms. */
  readonly now: number;
  readonly lockMs: number;
  /** Nothing more of an origin is lent out, to anybody, until this long after the claim. @default 0 */
  readonly originDelayMs?: number;
}

export interface ClaimAnswer {
  readonly requests: readonly ClaimedRequest[];
  /** Of what is left: see {@link RequestStore.nextDueAt}. May be too early by the time it is read, never too late. */
  readonly nextDueAt: number | null;
}

export interface Claim {
  readonly id: string;
  readonly fence: number;
  /** As it was claimed, to find it faster. */
  readonly origin?: string;
}

export interface EndedRequest extends Claim {
  /** The final state, for the record. */
  readonly body: string;
  /** It ended with an error, and is to be found among the failed ones. @default false */
  readonly isFailed?: boolean;
}

export interface ReturnedRequest extends Claim {
  /** The new body, with the retry counts in it. */
  readonly body: string;
  readonly isForefront?: boolean;
  /** Not handed out before this wall-clock time, in ms. @default at once */
  readonly notBefore?: number;
}

export interface RequestCounts {
  readonly total: number;
  readonly handled: number;
  /** Neither handled nor locked by anybody now; includes those that wait for their `notBefore`. */
  readonly pending: number;
  /** Locked by a worker whose lock has not run out. */
  readonly locked: number;
}

/**
 * Durable queue operations, in batches. At-least-once: a claim whose lock runs out is handed out again,
 * and the late worker's `handle` or `giveBack` is refused by its stale fence.
 * When a promise resolves its effect survives kill −9.
 *
 * Each origin has a line of its own, and the lines take turns, so one with millions of requests holds up none with
 * ten. Order is promised within a line only.
 */
export interface RequestStore {
  readonly name: string;
  /**
   * How often the store has been out of reach. With each time it may have lost what it acknowledged last, so nobody may
   * rely on what it said before. One that loses nothing has none.
   */
  readonly interruptionsCount?: number;
  /**
   * In order; `isForefront` puts them before all others of their origin, the last added foremost. Known ids are left
   * as they are, whatever their origin.
   */
  add(
    requests: readonly RequestRow[],
    options?: { isForefront?: boolean },
  ): Promise<AddedRequest[]>;
  /**
   * Up to `limit` due, unlocked, unhandled requests: the foremost of each origin whose turn it is, in equal shares.
   * Of an origin that is to be left alone for a while, one.
   */
  claim(limit: number, options: ClaimOptions): Promise<ClaimAnswer>;
  /** Extends locks; returns the ids whose claim was still valid. */
  extend(claims: readonly Claim[], lockedUntil: number): Promise<string[]>;
  /** Marks handled for good; returns the ids whose claim was still valid. Those that failed count as handled too. */
  handle(claims: readonly EndedRequest[]): Promise<string[]>;
  /**
   * Unlocks and reorders within the line; returns the ids whose claim was still valid. What must wait and goes to the
   * end takes its place there no earlier than now, and no later than when it falls due.
   */
  giveBack(requests: readonly ReturnedRequest[]): Promise<string[]>;
  /** Those that failed, in batches. One may come twice, or be left out, if it fails or is retried meanwhile. */
  failed(): AsyncIterable<readonly RequestRow[]>;
  /** Puts failed requests at the end of the line, with these bodies; returns the ids of those that had failed. */
  retryFailed(requests: readonly RequestRow[]): Promise<string[]>;
  get(id: string): Promise<(RequestRow & { readonly isHandled: boolean }) | null>;
  counts(now: number): Promise<RequestCounts>;
  /**
   * Wall-clock ms at which the next pending or locked request becomes claimable, its origin's delay included; in the
   * past, such as 0, when one is now; `null` when none is left.
   */
  nextDueAt(): Promise<number | null>;
  drop(): Promise<void>;
}
