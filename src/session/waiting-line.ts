import type { Clock, Timer } from '../core/clock.ts';
import { LeaseTimeoutError } from './errors.ts';
import type { Lease } from './lease.ts';

export interface LeaseOptions {
  /** What the lease is for; `getCookieString()` without a URL means it, and policies may use it. */
  readonly url?: string;
  /** This very session, and no other. */
  readonly sessionId?: string;
  /** Leases of one key get the same session as long as it lives, also after a restart. */
  readonly sessionKey?: string;
  /**
   * When the session meant is not in the pool, or retires while the lease waits for it: `wait` until one of its id
   * is added, take another (`replace`), or `fail`.
   * @default 'fail' with a `sessionId`, 'replace' with a `sessionKey`
   */
  readonly onMissing?: 'wait' | 'replace' | 'fail';
  /** Ids of sessions not to give if another one can be had. */
  readonly avoid?: readonly string[];
  readonly signal?: AbortSignal;
  /** How long to wait for a session. @default for ever */
  readonly timeoutSecs?: number;
  /** Handed to `newUrlFunction` when the lease makes a new session. */
  readonly request?: unknown;
}

/** Somebody waiting for a session. */
export class Waiter {
  readonly options: LeaseOptions;
  /** The id it must have, `null` for any. */
  readonly sessionId: string | null;
  /** Where it stands: with those who wait for the same session, or for any session and the same site. */
  readonly lineKey: string;
  /** Rises with each waiter: who came first. */
  readonly order: number;
  readonly lease: Promise<Lease>;
  #resolve: (lease: Lease) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #isDone = false;
  #timer: Timer | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    options: LeaseOptions,
    place: { readonly sessionId: string | null; readonly commonLine: string },
    order: number,
  ) {
    this.options = options;
    this.sessionId = place.sessionId;
    this.lineKey = place.sessionId ?? place.commonLine;
    this.order = order;
    this.lease = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  watch(clock: Clock, describe: () => string, onGone: () => void): void {
    const { signal, timeoutSecs } = this.options;
    if (timeoutSecs !== undefined && Number.isFinite(timeoutSecs)) {
      this.#timer = clock.setTimer(() => {
        this.fail(new LeaseTimeoutError(timeoutSecs, describe()));
        onGone();
      }, timeoutSecs * 1000);
    }
    if (!signal) return;
    this.#onAbort = () => {
      this.fail(signal.reason);
      onGone();
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  serve(lease: Lease): void {
    this.#finish();
    this.#resolve(lease);
  }

  fail(error: unknown): void {
    this.#finish();
    this.#reject(error);
  }

  #finish(): void {
    this.#isDone = true;
    this.#timer?.cancel();
    if (this.#onAbort) this.options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Those who wait for the same, in the order they came. A set keeps insertion order and removes in O(1). */
export interface Line {
  readonly key: string;
  readonly waiters: Set<Waiter>;
  /** When waiting may end by time alone, as far as this line has a reason of its own to wait. */
  retryAt: number;
}

/**
 * Those who wait: for one session in its line, all others in common lines, as a rule in a single one. Where sessions
 * are lent for some sites and not for others there is one for each site, so that none holds up another.
 */
export class WaitingLine {
  readonly #common = new Map<string, Line>();
  readonly #pinned = new Map<string, Line>();
  #commonCount = 0;

  get anyCount(): number {
    return this.#commonCount;
  }

  get isEmpty(): boolean {
    return this.#commonCount === 0 && this.#pinned.size === 0;
  }

  get commonLinesCount(): number {
    return this.#common.size;
  }

  /** The earliest `retryAt` of the common lines, `Infinity` when time alone ends no waiting. */
  get retryAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const line of this.#common.values()) at = Math.min(at, line.retryAt);
    return at;
  }

  isWaitedFor(lineKey: string): boolean {
    return this.#common.has(lineKey);
  }

  /** @param retryAt when a line that begins with this waiter is to be tried again */
  add(waiter: Waiter, retryAt: number = Number.POSITIVE_INFINITY): void {
    const lines = this.#linesOf(waiter);
    const line = lines.get(waiter.lineKey);
    if (line) line.waiters.add(waiter);
    else lines.set(waiter.lineKey, newLine(waiter, retryAt));
    if (waiter.sessionId === null) this.#commonCount++;
  }

  remove(waiter: Waiter): void {
    const lines = this.#linesOf(waiter);
    const line = lines.get(waiter.lineKey);
    if (!line?.waiters.delete(waiter)) return;
    if (waiter.sessionId === null) this.#commonCount--;
    if (line.waiters.size === 0) lines.delete(waiter.lineKey);
  }

  /** Common lines, at most so many, those whose turn it is first. */
  turn(count: number): readonly Line[] {
    if (this.#common.size <= 1) return [...this.#common.values()];
    const lines: Line[] = [];
    for (const line of this.#common.values()) {
      if (lines.push(line) === count) break;
    }
    return lines;
  }

  /** Others have their turn now. */
  pass(line: Line): void {
    if (this.#common.size <= 1 || !this.#common.delete(line.key)) return;
    this.#common.set(line.key, line);
  }

  firstOfAny(): Waiter | undefined {
    const line = this.#common.values().next().value;
    return line && firstOf(line);
  }

  firstFor(sessionId: string): Waiter | undefined {
    const line = this.#pinned.size === 0 ? undefined : this.#pinned.get(sessionId);
    return line && firstOf(line);
  }

  /** The sessions somebody waits for. */
  pinnedIds(): readonly string[] {
    return [...this.#pinned.keys()];
  }

  /** Everybody who waits for this session and no other. */
  allFor(sessionId: string): Waiter[] {
    return [...(this.#pinned.get(sessionId)?.waiters ?? [])];
  }

  all(): Waiter[] {
    return [...this.#common.values(), ...this.#pinned.values()].flatMap((line) => [
      ...line.waiters,
    ]);
  }

  #linesOf(waiter: Waiter): Map<string, Line> {
    return waiter.sessionId === null ? this.#common : this.#pinned;
  }
}

export function firstOf(line: Line): Waiter | undefined {
  return line.waiters.values().next().value;
}

function newLine(waiter: Waiter, retryAt: number): Line {
  return {
    key: waiter.lineKey,
    waiters: new Set([waiter]),
    retryAt,
  };
}
