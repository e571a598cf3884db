import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type {
  Claim,
  ClaimedRequest,
  RequestStore,
  ReturnedRequest,
} from '../storage/request-store.ts';
import { LookAhead } from './look-ahead.ts';
import { Request } from './request.ts';

/** A request this queue has claimed: waiting in the look-ahead, or in use. */
export interface Held {
  readonly row: ClaimedRequest;
  readonly request: Request;
  fence: number;
  /** Wall-clock ms. */
  lockedUntil: number;
  isInUse: boolean;
  /** Somebody is marking it handled or giving it back. */
  isSettling: boolean;
  /** Another worker has claimed it since. */
  isLost: boolean;
}

export interface ClaimsOptions {
  readonly store: RequestStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly lockMs: number;
  readonly maxLookAhead: number;
  readonly originDelayMs: number;
}

/**
 * What one queue has claimed. The methods that call the store must not run at the same time as each other or as
 * other writes of this queue; the queue's turns see to that.
 */
export class Claims {
  readonly #store: RequestStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lockMs: number;
  readonly #held = new Map<string, Held>();
  readonly #ahead: LookAhead<Held>;
  #originDelayMs = 0;
  #isDrained = false;
  #nextDueAt: number | null = 0;
  #hasTakenSinceBeat = false;

  constructor({ store, clock, log, lockMs, maxLookAhead, originDelayMs }: ClaimsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#lockMs = lockMs;
    this.#ahead = new LookAhead(maxLookAhead);
    this.keepApart(originDelayMs);
  }

  /** Claims that are still ours, whether ahead or in use. */
  get hasAny(): boolean {
    for (const held of this.#held.values()) if (!held.isLost) return true;
    return false;
  }

  get hasAhead(): boolean {
    return this.#ahead.size > 0;
  }

  /** The last claim found less than it asked for, and nothing that could be claimed has come up since. */
  get isDrained(): boolean {
    return this.#isDrained;
  }

  /** When the store will have something, as the last claim found that it has nothing now. Wall-clock ms. */
  get nextDueAt(): number | null {
    return this.#nextDueAt;
  }

  /**
   * From now on so much time passes between two claims of one origin. What is claimed is to start at once then, so
   * nothing is claimed ahead of need.
   */
  keepApart(originDelayMs: number): void {
    if (originDelayMs <= this.#originDelayMs) return;
    this.#originDelayMs = originDelayMs;
    this.#ahead.stop();
  }

  /** Somebody takes requests here, and claiming more now saves the next taker the wait. */
  get shouldRefill(): boolean {
    if (!this.#hasTakenSinceBeat) return false;
    return this.#ahead.isOvertaken || (this.#ahead.isLow && !this.#isDrained);
  }

  noteAvailable(): void {
    this.#isDrained = false;
  }

  noteForefront(count: number): void {
    this.#ahead.noteForefront(count);
  }

  find(id: string): Held | undefined {
    return this.#held.get(id);
  }

  forget(held: Held): void {
    if (this.#held.get(held.row.id) === held) this.#held.delete(held.row.id);
  }

  /** The next request, from memory only. */
  take(): Request | undefined {
    this.#hasTakenSinceBeat = true;
    for (;;) {
      const held = this.#ahead.take();
      if (!held) return undefined;
      if (held.lockedUntil > this.#clock.now()) {
        held.isInUse = true;
        return held.request;
      }
      // The process was held up for so long that another worker may have it by now.
      this.forget(held);
      this.#isDrained = false;
    }
  }

  /**
   * Claims once, for `wanted` waiting takers and the look-ahead.
   *
   * @returns whether there may be more to claim
   */
  async refill(wanted: number): Promise<boolean> {
    const plan = this.#ahead.plan(wanted);
    const lockedUntil = this.#clock.now() + this.#lockMs;
    const { requests: rows, nextDueAt } = await this.#store.claim(plan.limit, {
      now: lockedUntil - this.#lockMs,
      lockMs: this.#lockMs,
      originDelayMs: this.#originDelayMs,
    });
    this.#ahead.accept(plan, await this.#hold(rows, lockedUntil), rows.length);
    if (plan.place === 'last') this.#isDrained = rows.length < plan.limit;
    this.#nextDueAt = nextDueAt;
    await this.#giveBack(this.#ahead.takeExcess());
    return plan.place === 'first' || !this.#isDrained;
  }

  /**
   * Extends all locks. A look-ahead nobody has taken from since the last beat goes back, so that an idle process
   * does not sit on requests others could work on.
   *
   * @returns requests in use that another worker has claimed since
   */
  async beat(): Promise<Request[]> {
    if (!this.#hasTakenSinceBeat) await this.#giveBack(this.#ahead.takeAll());
    this.#hasTakenSinceBeat = false;
    const claims = [...this.#held.values()].filter((held) => !held.isLost);
    if (claims.length === 0) return [];
    const lockedUntil = this.#clock.now() + this.#lockMs;
    const valid = new Set(
      await this.#store.extend(
        claims.map(({ row, fence }) => claimOf(row, fence)),
        lockedUntil,
      ),
    );
    const lost: Request[] = [];
    for (const held of claims) {
      if (valid.has(held.row.id)) held.lockedUntil = lockedUntil;
      else if (this.#ahead.remove(held)) this.#held.delete(held.row.id);
      else {
        held.isLost = true;
        lost.push(held.request);
      }
    }
    return lost;
  }

  /** Gives everything back, what is in use first, so that the next process begins where this one stopped. */
  async releaseAll(): Promise<void> {
    const ahead = this.#ahead.takeAll();
    const inUse = [...this.#held.values()].filter((held) => held.isInUse && !held.isLost);
    await this.#giveBack([...inUse, ...ahead]);
    this.#held.clear();
  }

  forgetAll(): void {
    this.#ahead.takeAll();
    this.#held.clear();
  }

  /** Leaves out what we hold already: its lock had run out before it was extended, and now it is ours again. */
  async #hold(rows: readonly ClaimedRequest[], lockedUntil: number): Promise<Held[]> {
    const added: Held[] = [];
    for (const row of rows) {
      const { id, fence } = row;
      const known = this.#held.get(id);
      if (known) {
        Object.assign(known, { fence, lockedUntil, isLost: false });
        continue;
      }
      const request = await this.#readOrSkip(row);
      if (!request) continue;
      const state = { isInUse: false, isSettling: false, isLost: false };
      const held: Held = { row, request, fence, lockedUntil, ...state };
      this.#held.set(id, held);
      added.push(held);
    }
    return added;
  }

  /** An unreadable request is marked handled, or it would come up again for ever. */
  async #readOrSkip(row: ClaimedRequest): Promise<Request | null> {
    try {
      return Request.fromRow(row);
    } catch (error) {
      this.#log.error(`Skipped for good: ${messageOf(error)}`);
      await this.#store.handle([row]);
      return null;
    }
  }

  /** To the store's forefront, in the order given. */
  async #giveBack(items: readonly Held[]): Promise<void> {
    if (items.length === 0) return;
    const returned = items.map((held): ReturnedRequest => {
      return { ...claimOf(held.row, held.fence), body: bodyOf(held), isForefront: true };
    });
    try {
      // The store puts each before the ones before it.
      await this.#store.giveBack(returned.reverse());
    } finally {
      for (const held of items) this.forget(held);
      this.#isDrained = false;
    }
  }
}

/** What the store finds a claim by. */
export function claimOf({ id, origin = '' }: ClaimedRequest, fence: number): Claim {
  return { id, origin, fence };
}

/** The request's present state, unless its user data cannot be saved. */
function bodyOf({ row, request, isInUse }: Held): string {
  if (!isInUse) return row.body;
  try {
    return request.toRow().body;
  } catch {
    return row.body;
  }
}
