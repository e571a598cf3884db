import type { Clock } from '../core/clock.ts';
import { TroupeError } from '../core/errors.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { Request } from '../queue/request.ts';
import type { Session } from '../session/session.ts';
import { withDeadline } from './deadline.ts';

/** One try at one request: its clock, its end, and the writes its handler began. */
export class Attempt {
  readonly request: Request;
  readonly startedAt: number;
  /** Wall clock, ms: when the request went out on its session; 0 before. */
  sentAt = 0;
  /** It has been given its place in time among the requests to its site. */
  hasPlace = false;
  /** Of the page, once it has answered. */
  statusCode: number | undefined;
  session: Session | undefined;
  proxyInfo: ProxyInfo | null = null;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #pushKey: string;
  #pushCount = 0;
  #pendingCount = 0;
  #onWritten: (() => void) | undefined;
  #writeError: { readonly error: unknown } | undefined;
  #isCancelled = false;

  constructor(request: Request, clock: Clock, pushKey: string = request.uniqueKey) {
    this.request = request;
    this.#clock = clock;
    this.#pushKey = pushKey;
    this.startedAt = clock.monotonicMs();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ended from outside, not by anything that happened to the request. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** What comes after a failed attempt, for the error handlers: the same session, but its own time and rows. */
  successor(name: string): Attempt {
    const next = new Attempt(this.request, this.#clock, `${this.request.uniqueKey}#${name}`);
    next.sentAt = this.sentAt;
    next.statusCode = this.statusCode;
    next.session = this.session;
    next.proxyInfo = this.proxyInfo;
    return next;
  }

  /** A key for the next push, the same when the handler runs again. */
  nextPushKey(): string {
    return `${this.#pushKey}#${this.#pushCount++}`;
  }

  /**
   * Starts a write that must be durable before the request is marked handled, whether the handler waits for it or not.
   *
   * @throws TroupeError `TROUPE_PAGE_OVER` when the attempt was given up; another one may be running by now
   */
  write<T>(start: () => Promise<T>): Promise<T> {
    if (this.signal.aborted) return Promise.reject(pageOver(this.request));
    const writing = start();
    this.#pendingCount++;
    writing.then(
      () => this.#onWriteEnd(),
      (error) => {
        this.#writeError ??= { error };
        this.#onWriteEnd();
      },
    );
    return writing;
  }

  /** Resolves when all writes are durable. @throws the error of the first that failed */
  async written(): Promise<void> {
    if (this.#pendingCount > 0) {
      await new Promise<void>((resolve) => {
        this.#onWritten = resolve;
      });
    }
    if (this.#writeError) throw this.#writeError.error;
  }

  /** Runs a piece of user code, for at most so long; then the attempt is over. @throws TimeoutError */
  run<T>(what: string, timeoutSecs: number, start: () => Promise<T> | T): Promise<T> {
    return withDeadline(start, {
      what,
      timeoutSecs,
      clock: this.#clock,
      signal: this.signal,
      onTimeout: (error) => this.#controller.abort(error),
    });
  }

  /** Ends the attempt; the request is nobody's fault and goes back as it was. */
  cancel(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#isCancelled = true;
    this.#controller.abort(reason);
  }

  /** Ends the attempt because of what happened to its page: all that still runs for it meets this error. */
  fail(error: unknown): void {
    this.#controller.abort(error);
  }

  #onWriteEnd(): void {
    this.#pendingCount--;
    if (this.#pendingCount === 0) this.#onWritten?.();
  }
}

function pageOver(request: Request): TroupeError {
  return new TroupeError(
    'TROUPE_PAGE_OVER',
    `The attempt at ${request.url} is over; what its handler still writes is refused`,
  );
}
