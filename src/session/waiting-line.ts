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
  sessionId: string | null;
  /** Rises with each waiter: who came first. */
  readonly order: number;
  readonly lease: Promise<Lease>;
  #resolve: (lease: Lease) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #isDone = false;
  #timer: Timer | undefined;
  #onAbort: (() => void) | undefined;

  constructor(options: LeaseOptions, sessionId: string | null, order: number) {
    this.options = options;
    this.sessionId = sessionId;
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

/** Those who wait, in the order they came. A set keeps insertion order and removes in O(1). */
export class WaitingLine {
  readonly #any = new Set<Waiter>();
  readonly #pinned = new Map<string, Set<Waiter>>();

  get anyCount(): number {
    return this.#any.size;
  }

  get isEmpty(): boolean {
    return this.#any.size === 0 && this.#pinned.size === 0;
  }

  add(waiter: Waiter): void {
    if (waiter.sessionId === null) {
      this.#any.add(waiter);
      return;
    }
    const line = this.#pinned.get(waiter.sessionId);
    if (line) line.add(waiter);
    else this.#pinned.set(waiter.sessionId, new Set([waiter]));
  }

  remove(waiter: Waiter): void {
    if (waiter.sessionId === null) {
      this.#any.delete(waiter);
      return;
    }
    const line = this.#pinned.get(waiter.sessionId);
    line?.delete(waiter);
    if (line?.size === 0) this.#pinned.delete(waiter.sessionId);
  }

  firstOfAny(): Waiter | undefined {
    return this.#any.values().next().value;
  }

  firstFor(sessionId: string): Waiter | undefined {
    return this.#pinned.size === 0 ? undefined : this.#pinned.get(sessionId)?.values().next().value;
  }

  /** Everybody who waits for this session and no other. */
  allFor(sessionId: string): Waiter[] {
    return [...(this.#pinned.get(sessionId) ?? [])];
  }

  all(): Waiter[] {
    return [...this.#any, ...[...this.#pinned.values()].flatMap((line) => [...line])];
  }
}
