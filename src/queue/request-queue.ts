import type { Clock, Timer } from '../core/clock.ts';
import { ClosedError, messageOf, OptionError, TroupeError } from '../core/errors.ts';
import { EventSource } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { expectedText } from '../core/options.ts';
import type { RequestRow, RequestStore } from '../storage/request-store.ts';
import { Arrivals } from './arrivals.ts';
import { Claims, type Held } from './claims.ts';
import { Request } from './request.ts';
import { type AddedRequestInfo, RequestAdder } from './request-adder.ts';
import { domainOfOrigin } from './request-origin.ts';
import {
  type RequestQueueOptions,
  type ResolvedRequestQueueOptions,
  resolveRequestQueueOptions,
} from './request-queue-options.ts';
import {
  type RequestSource,
  type RequestSources,
  requestChunks,
  requestOf,
} from './request-source.ts';
import { Settlements } from './settlements.ts';
import { Turns } from './turns.ts';

export interface RequestQueueEvents {
  /** The store has taken in requests it did not know. */
  requestsAdded: { readonly count: number; readonly isForefront: boolean };
  requestHandled: { readonly request: Request };
  requestReclaimed: { readonly request: Request };
  /** Another worker has claimed the request while it was in use here; it may be handled twice. */
  lockLost: { readonly request: Request };
}

export interface RequestQueueInfo {
  readonly name: string;
  readonly totalRequestCount: number;
  readonly handledRequestCount: number;
  /** Neither handled nor claimed by anybody. */
  readonly pendingRequestCount: number;
  /** Claimed, by this process or another. */
  readonly lockedRequestCount: number;
}

export interface AddRequestOptions {
  /** Before all others of their origin; of several, the last added comes first. @default false */
  readonly forefront?: boolean;
}

export interface ReclaimRequestOptions {
  /** @default false */
  readonly forefront?: boolean;
  /** Not handed out before this time has passed. @default 0 */
  readonly delaySecs?: number;
}

interface Taker {
  readonly resolve: (request: Request | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A durable queue of requests, each handled at least once. Requests with the same unique key are one request.
 * What a method acknowledges survives the death of the process; what was in use then comes up again once its lock
 * has run out, or at once after {@link close}. Requests of one origin come in order, and origins take turns.
 * Several queues, in several processes, may work on one store: none
 * hands out what another holds. All methods may be called concurrently.
 */
export class RequestQueue extends EventSource<RequestQueueEvents> implements AsyncDisposable {
  readonly name: string;
  readonly #store: RequestStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lockMs: number;
  readonly #claims: Claims;
  readonly #adder: RequestAdder;
  readonly #settlements: Settlements;
  readonly #arrivals: Arrivals;
  readonly #turns: Turns = new Turns(() => this.#turn());
  readonly #takers: Taker[] = [];
  #sameDomainDelaySecs: number;
  #beatTimer: Timer | undefined;
  #isBeatDue = false;
  #closing: Promise<void> | undefined;

  private constructor(store: RequestStore, options: ResolvedRequestQueueOptions) {
    super();
    const { name, clock, log, maxLookAhead, maxRecent } = options;
    this.name = name;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#lockMs = options.lockSecs * 1000;
    this.#sameDomainDelaySecs = options.sameDomainDelaySecs;
    this.#claims = new Claims({
      store,
      clock,
      log,
      lockMs: this.#lockMs,
      maxLookAhead,
      originDelayMs: options.sameDomainDelaySecs * 1000,
    });
    this.#adder = new RequestAdder({
      store,
      clock,
      maxRecent,
      toRow: (request) => this.#rowOf(request),
      onPending: () => this.#turns.request(),
      onAdded: (count, isForefront) => this.#onAdded(count, isForefront),
    });
    this.#settlements = new Settlements({
      store,
      claims: this.#claims,
      onPending: () => this.#turns.request(),
      onChanged: () => this.#announce(),
    });
    this.#arrivals = new Arrivals({
      clock,
      pollMs: options.pollSecs * 1000,
      nextDueAt: async () =>
        this.#claims.isDrained ? this.#claims.nextDueAt : await store.nextDueAt(),
    });
  }

  /** @throws OptionError */
  static async open(options: RequestQueueOptions): Promise<RequestQueue> {
    const resolved = resolveRequestQueueOptions(options);
    const store = await resolved.storage.openRequestStore(resolved.name);
    return new RequestQueue(store, resolved);
  }

  /** Between two requests to one registrable domain, of all workers together; 0 for none. */
  get sameDomainDelaySecs(): number {
    return this.#sameDomainDelaySecs;
  }

  /** Raises {@link sameDomainDelaySecs}, for what is fetched and added from now on; it is never lowered. */
  keepApart(sameDomainDelaySecs: number): void {
    if (sameDomainDelaySecs <= this.#sameDomainDelaySecs) return;
    this.#sameDomainDelaySecs = sameDomainDelaySecs;
    this.#claims.keepApart(sameDomainDelaySecs * 1000);
  }

  /**
   * Adds one request unless its unique key is known. Durable when the promise resolves.
   *
   * @throws OptionError when the source makes no request
   * @throws ClosedError
   */
  async addRequest(
    source: RequestSource,
    options: AddRequestOptions = {},
  ): Promise<AddedRequestInfo> {
    this.#assertOpen();
    return this.#adder.add(requestOf(source), options.forefront === true);
  }

  /**
   * Adds any number of requests, in chunks. Resolves with one info a source, in order, when all are durable.
   * On an error, chunks before the failing one stay added.
   *
   * @throws OptionError when a source makes no request
   * @throws ClosedError
   */
  async addRequests(
    sources: RequestSources,
    options: AddRequestOptions = {},
  ): Promise<AddedRequestInfo[]> {
    const infos: AddedRequestInfo[] = [];
    for await (const chunk of requestChunks(sources)) {
      this.#assertOpen();
      const added = chunk.map((request) => this.#adder.add(request, options.forefront === true));
      infos.push(...(await Promise.all(added)));
    }
    return infos;
  }

  /**
   * What adding a request of this unique key would answer at once because it was added before; `undefined` when the
   * store would have to be asked. Spares a crawler making a request of each link it has seen already.
   */
  knownRequest(uniqueKey: string): AddedRequestInfo | undefined {
    return this.#adder.known(uniqueKey);
  }

  /**
   * The next request, lent to the caller until it is marked handled or reclaimed; `null` when there is none now.
   *
   * @throws ClosedError
   */
  async fetchNextRequest(): Promise<Request | null> {
    this.#assertOpen();
    const request = this.#takers.length === 0 ? this.#claims.take() : undefined;
    if (request) {
      if (this.#claims.shouldRefill) this.#turns.request();
      return request;
    }
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#turns.request();
    });
  }

  /**
   * Resolves when fetching may bring a request, or when the queue may be finished: after requests were added,
   * reclaimed or fell due, after the last one in use was handled, on {@link close}, and every `pollSecs` for
   * the sake of other processes. A hint: fetch again, and wait again after a `null`.
   *
   * @throws the signal's reason when it is aborted first
   */
  async waitForRequests(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.#assertOpen();
    options.signal?.throwIfAborted();
    if (this.#claims.hasAhead || !this.#claims.isDrained) return;
    await this.#arrivals.wait(options.signal);
  }

  /**
   * Durable when the promise resolves. Resolves with `null` when the lock was lost: another worker has the
   * request and will settle it.
   *
   * @throws TroupeError `TROUPE_REQUEST_NOT_FETCHED` when the request is not lent to the caller
   * @throws ClosedError
   */
  async markRequestHandled(request: Request): Promise<AddedRequestInfo | null> {
    return await this.#end(request, false);
  }

  /**
   * Marks a request handled that failed for good: it counts as handled, and {@link failedRequests} finds it again.
   * Otherwise as {@link markRequestHandled}.
   */
  async markRequestFailed(request: Request): Promise<AddedRequestInfo | null> {
    return await this.#end(request, true);
  }

  /**
   * Puts a request back to be fetched again, with its present retry counts, errors and user data. Otherwise as
   * {@link markRequestHandled}.
   */
  async reclaimRequest(
    request: Request,
    options: ReclaimRequestOptions = {},
  ): Promise<AddedRequestInfo | null> {
    const held = this.#heldFor(request);
    const { forefront = false, delaySecs = 0 } = options;
    if (!(delaySecs >= 0)) {
      throw new OptionError('delaySecs', expectedText('delaySecs', 'a number ≥ 0', delaySecs));
    }
    request.handledAt = undefined;
    const { body } = request.toRow();
    const notBefore = delaySecs > 0 ? this.#clock.now() + delaySecs * 1000 : undefined;
    const item = { held, body, isForefront: forefront, notBefore };
    if (!(await this.#settlements.reclaim(item))) return this.#reportLate(held);
    if (this.hasListeners('requestReclaimed')) this.emit('requestReclaimed', { request });
    return settledInfo(request);
  }

  /** Whether fetching now would bring nothing; requests in use or delayed may still come back. */
  async isEmpty(): Promise<boolean> {
    this.#assertOpen();
    if (this.#claims.hasAhead || this.#adder.hasPending) return false;
    const dueAt = await this.#nextDueAt();
    return dueAt === null || dueAt > this.#clock.now();
  }

  /** Whether every request is handled, by whatever process. */
  async isFinished(): Promise<boolean> {
    this.#assertOpen();
    if (this.#claims.hasAny || this.#adder.hasPending) return false;
    return (await this.#nextDueAt()) === null;
  }

  /** Those that failed for good, with their errors. One may come twice, or be left out, if it is retried meanwhile. */
  async *failedRequests(): AsyncIterable<Request> {
    this.#assertOpen();
    for await (const rows of this.#store.failed()) yield* rows.map(Request.fromRow);
  }

  /**
   * Puts all that failed for good at the end of the queue, with no retries and rotations spent; their errors stay.
   *
   * @returns how many
   */
  async retryFailed(): Promise<number> {
    this.#assertOpen();
    let count = 0;
    for await (const rows of this.#store.failed()) {
      const fresh = rows.map((row) => {
        const request = Request.fromRow(row);
        request.retryCount = 0;
        request.sessionRotationCount = 0;
        request.handledAt = undefined;
        return { ...row, body: request.toRow().body };
      });
      count += (await this.#store.retryFailed(fresh)).length;
    }
    if (count > 0) this.#announce();
    return count;
  }

  /** As stored: what is in use shows its state at the last save. */
  async getRequest(id: string): Promise<Request | null> {
    this.#assertOpen();
    const row = await this.#store.get(id);
    return row && Request.fromRow(row);
  }

  async getInfo(): Promise<RequestQueueInfo> {
    this.#assertOpen();
    const { total, handled, pending, locked } = await this.#store.counts(this.#clock.now());
    return {
      name: this.name,
      totalRequestCount: total,
      handledRequestCount: handled,
      pendingRequestCount: pending,
      lockedRequestCount: locked,
    };
  }

  async handledCount(): Promise<number> {
    return (await this.getInfo()).handledRequestCount;
  }

  /** Removes the queue and all its requests from the store, and closes it. */
  async drop(): Promise<void> {
    this.#assertOpen();
    this.#closing = this.#stop().then(async () => {
      this.#claims.forgetAll();
      this.#adder.forgetAll();
      await this.#store.drop();
    });
    await this.#closing;
  }

  /**
   * Writes what is pending and gives back what is claimed but not settled, so that it can be fetched elsewhere at
   * once. Those who wait for a request get `null`. Idempotent; concurrent calls share one promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#stop().then(() => this.#claims.releaseAll());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #assertOpen(): void {
    if (this.#closing) throw new ClosedError('The request queue');
  }

  /** Requests that are kept apart stand in one line. */
  #rowOf(request: Request): RequestRow {
    const row = request.toRow();
    if (this.#sameDomainDelaySecs === 0) return row;
    return { ...row, origin: domainOfOrigin(row.origin as string) };
  }

  /** Of all that was added, whatever the store has lost of it meanwhile. */
  async #nextDueAt(): Promise<number | null> {
    for (;;) {
      await this.#adder.restore();
      const dueAt = await this.#store.nextDueAt();
      if (!this.#adder.needsRestore) return dueAt;
    }
  }

  #heldFor(request: Request): Held {
    this.#assertOpen();
    const held = this.#claims.find(request.id);
    if (held?.isInUse && !held.isSettling) return held;
    throw new TroupeError(
      'TROUPE_REQUEST_NOT_FETCHED',
      `Request ${request.id} was not fetched from this queue, or is settled already`,
    );
  }

  async #end(request: Request, isFailed: boolean): Promise<AddedRequestInfo | null> {
    const held = this.#heldFor(request);
    request.handledAt = new Date(this.#clock.now()).toISOString();
    const { body } = request.toRow();
    if (!(await this.#settlements.handle({ held, body, isFailed }))) return this.#reportLate(held);
    this.#adder.noteHandled(request);
    if (this.hasListeners('requestHandled')) this.emit('requestHandled', { request });
    return settledInfo(request);
  }

  /**
   * Everything there is to do with the store. Writes are handed in together, so that a store can commit them
   * together, and in the order that loses nothing in a crash: links found on a page before the page is handled.
   */
  async #turn(): Promise<void> {
    if (this.#isBeatDue) await this.#beat();
    if (this.#adder.needsRestore) await this.#restore();
    await Promise.all([this.#adder.commit(), this.#settlements.commit()]);
    await this.#serveTakers();
    this.#scheduleBeat();
    if (this.#adder.needsCommit || this.#settlements.needsCommit) this.#turns.request();
  }

  async #beat(): Promise<void> {
    this.#isBeatDue = false;
    try {
      for (const request of await this.#claims.beat()) this.#reportLost(request);
    } catch (error) {
      this.#log.warning(`Could not extend the locks of requests in use: ${messageOf(error)}`);
      this.#scheduleBeat(this.#lockMs / 10);
    }
  }

  async #restore(): Promise<void> {
    try {
      await this.#adder.restore();
    } catch (error) {
      this.#log.warning(`Could not add again what was added last: ${messageOf(error)}`);
    }
  }

  #scheduleBeat(delayMs: number = this.#lockMs / 2): void {
    if (this.#closing || this.#beatTimer || !this.#claims.hasAny) return;
    const onBeat = (): void => {
      this.#beatTimer = undefined;
      this.#isBeatDue = true;
      this.#turns.request();
    };
    this.#beatTimer = this.#clock.setTimer(onBeat, delayMs, { isBackground: true });
  }

  async #serveTakers(): Promise<void> {
    try {
      let hasMore = true;
      while (hasMore && !this.#closing) {
        this.#handOut();
        if (this.#takers.length === 0 && !this.#claims.shouldRefill) return;
        hasMore = await this.#claims.refill(this.#takers.length);
      }
      this.#handOut();
      for (const { resolve } of this.#takers.splice(0)) resolve(null);
    } catch (error) {
      if (this.#takers.length === 0) this.#log.warning(`Could not claim: ${messageOf(error)}`);
      for (const { reject } of this.#takers.splice(0)) reject(error);
    }
  }

  #handOut(): void {
    while (!this.#closing && this.#takers.length > 0) {
      const request = this.#claims.take();
      if (!request) return;
      this.#takers.shift()?.resolve(request);
    }
  }

  #onAdded(count: number, isForefront: boolean): void {
    if (isForefront) this.#claims.noteForefront(count);
    this.#announce();
    this.emit('requestsAdded', { count, isForefront });
  }

  #announce(): void {
    this.#claims.noteAvailable();
    this.#arrivals.wake();
  }

  /** Settled too late: the beat may have noticed already. */
  #reportLate({ request, isLost }: Held): null {
    if (!isLost) this.#reportLost(request);
    return null;
  }

  #reportLost(request: Request): void {
    this.#log.warning(`Lost the lock of request ${request.id}; another worker has it`, {
      url: request.url,
    });
    this.emit('lockLost', { request });
  }

  /** No new work, what is pending written, timers gone. */
  async #stop(): Promise<void> {
    // The caller sets #closing in the same step, so nothing new gets in.
    this.#beatTimer?.cancel();
    this.#turns.request();
    await this.#turns.whenIdle();
    this.#beatTimer?.cancel();
    this.#arrivals.wake();
  }
}

function settledInfo({ id, uniqueKey }: Request): AddedRequestInfo {
  return { requestId: id, uniqueKey, wasAlreadyPresent: true, wasAlreadyHandled: false };
}
