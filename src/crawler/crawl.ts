import { setMaxListeners } from 'node:events';
import type { Timer } from '../core/clock.ts';
import { registrableDomain } from '../core/registrable-domain.ts';
import type { Request } from '../queue/request.ts';
import type { RequestSources } from '../queue/request-source.ts';
import { Attempt } from './attempt.ts';
import { BasicTools } from './basic-tools.ts';
import { Concurrency } from './concurrency.ts';
import type { BasicContext } from './context.ts';
import type { CrawlParts } from './crawl-parts.ts';
import { feed } from './feed.ts';
import { SystemLoadProbe } from './load-probe.ts';
import { RateLimiter } from './rate-limiter.ts';
import { type AttemptResult, RequestRunner } from './request-runner.ts';
import { RequestSettler, type Settlement } from './request-settler.ts';
import { StallWatch } from './stall-watch.ts';
import { Wake } from './wake.ts';

const TICK_MS = 250;
/** Pages whose handler has returned but whose writes are on their way; they hold no place, but memory. */
const MAX_SETTLING = 500;
/** So many requests in a row that have to wait, and fetching more would only shuffle the queue. */
const MAX_DELAYED_IN_A_ROW = 500;

/** One run of a crawler: fetches requests from the queue, keeps as many in flight as it may, and ends when none is left. */
export class Crawl<Context extends BasicContext> {
  readonly #parts: CrawlParts<Context>;
  readonly #runner: RequestRunner<Context>;
  readonly #settler: RequestSettler<Context>;
  readonly #concurrency: Concurrency;
  readonly #limiter: RateLimiter;
  readonly #stall: StallWatch;
  readonly #wake = new Wake();
  readonly #stop = new AbortController();
  readonly #running = new Set<Attempt>();
  readonly #onIdle: (() => void)[] = [];
  #isFed = false;
  #settlingCount = 0;
  #delayedInARow = 0;
  #shownAt: number;
  #tick: Timer | undefined;
  #crash: { readonly error: unknown } | undefined;

  constructor(parts: CrawlParts<Context>) {
    this.#parts = parts;
    const { options } = parts;
    setMaxListeners(0, this.#stop.signal);
    const basic = new BasicTools(parts);
    this.#runner = new RequestRunner(parts, basic, this.#stop.signal);
    this.#settler = new RequestSettler(parts, basic);
    this.#concurrency = new Concurrency(options, new SystemLoadProbe());
    this.#limiter = new RateLimiter(options.maxRequestsPerMinute, options.clock);
    this.#stall = new StallWatch(options);
    this.#shownAt = options.clock.monotonicMs();
  }

  /** Resolves when the crawl is over and nothing of it is in flight. @throws what ended it before its time */
  async run(startRequests: RequestSources): Promise<void> {
    this.#startTick();
    const feeding = this.#feed(startRequests);
    // A list is taken in whole before the first page, so that a mistake in it is met before anything is fetched.
    if (Array.isArray(startRequests)) await feeding;
    try {
      await this.#pump();
    } catch (error) {
      this.#end(error);
    }
    // A source may keep its next request to itself for ever; the crawl does not wait for it.
    this.stop();
    await this.#idle();
    this.#tick?.cancel();
    this.#concurrency.close();
    if (this.#crash) throw this.#crash.error;
  }

  /** Starts nothing more; what is in flight finishes, what waits for a session goes back. */
  stop(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new DOMException('The crawl was stopped', 'AbortError'));
    this.#wake.call();
  }

  /** As {@link Crawl.stop}, and ends what is in flight. */
  tearDown(): void {
    this.stop();
    const reason = new DOMException('The crawl was torn down', 'AbortError');
    for (const attempt of this.#running) attempt.cancel(reason);
  }

  /** Places taken, and places there are. */
  get concurrency(): { readonly current: number; readonly desired: number } {
    return { current: this.#running.size, desired: this.#concurrency.desired };
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #pump(): Promise<void> {
    const { queue, options } = this.#parts;
    while (!this.#isStopped) {
      if (this.#hasEnough()) return;
      if (!this.#hasPlace()) {
        await this.#wake.wait();
        continue;
      }
      const delayMs = this.#limiter.delayMs;
      if (delayMs > 0 || this.#delayedInARow >= MAX_DELAYED_IN_A_ROW) {
        this.#delayedInARow = 0;
        await this.#wakeOrAfter(delayMs || TICK_MS);
        continue;
      }
      const request = await queue.fetchNextRequest();
      if (!request) {
        const mayEnd = this.#isFed && this.#isIdle && !options.keepAlive;
        if (mayEnd && (await queue.isFinished())) return;
        await this.#wakeOrRequests();
      } else if (this.#isStopped) {
        await queue.reclaimRequest(request, { forefront: true });
      } else {
        this.#start(request);
      }
    }
  }

  /** A long or slow source is taken in while the crawl works on what has come so far. */
  async #feed(startRequests: RequestSources): Promise<void> {
    try {
      await feed(this.#parts.queue, startRequests, this.#stop.signal);
    } catch (error) {
      this.#end(error);
    }
    this.#isFed = true;
    this.#wake.call();
  }

  get #isIdle(): boolean {
    return this.#running.size === 0 && this.#settlingCount === 0;
  }

  #hasEnough(): boolean {
    return this.#parts.statistics.endedCount >= this.#parts.options.maxRequestsPerCrawl;
  }

  #hasPlace(): boolean {
    if (this.#running.size >= this.#concurrency.desired) return false;
    if (this.#settlingCount >= MAX_SETTLING) return false;
    // Whatever is in flight may be one of the last.
    const begun = this.#parts.statistics.endedCount + this.#running.size + this.#settlingCount;
    return begun < this.#parts.options.maxRequestsPerCrawl;
  }

  /** Does not wait: a request in flight must not hold up the next. */
  #start(request: Request): void {
    const { pacer, options } = this.#parts;
    const site = this.#siteOf(request.url);
    const attempt = new Attempt(request, options.clock);
    const until = pacer.isActive ? pacer.admit(site, request.id) : 0;
    if (until > 0) {
      this.#delayedInARow++;
      this.#track(this.#settler.settle(attempt, { kind: 'paused', until }, site));
      return;
    }
    attempt.hasPlace = pacer.isPaced(site);
    this.#delayedInARow = 0;
    this.#limiter.take();
    this.#running.add(attempt);
    void this.#work(attempt, site);
  }

  async #work(attempt: Attempt, site: string): Promise<void> {
    let result: AttemptResult;
    try {
      result = await this.#runner.run(attempt, site);
    } catch (error) {
      this.#running.delete(attempt);
      this.#end(error);
      this.#noteIdle();
      return;
    }
    this.#running.delete(attempt);
    if (result.kind === 'ended') this.#stall.note(result.outcome.kind);
    this.#track(this.#settler.settle(attempt, result, site));
    this.#wake.call();
  }

  #track(settling: Promise<Settlement>): void {
    this.#settlingCount++;
    settling
      .then(
        (settlement) => {
          if (typeof settlement === 'object') this.#end(settlement.crash);
        },
        (error) => this.#end(error),
      )
      .finally(() => {
        this.#settlingCount--;
        this.#noteIdle();
        this.#wake.call();
      });
  }

  /** Ends the crawl with an error; the first one counts. */
  #end(error: unknown): void {
    this.#crash ??= { error };
    this.tearDown();
  }

  #noteIdle(): void {
    if (this.#isIdle) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  async #idle(): Promise<void> {
    while (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        this.#onIdle.push(resolve);
      });
    }
  }

  #siteOf(url: string): string {
    const parsed = new URL(url);
    return this.#parts.options.sameDomainDelaySecs > 0
      ? registrableDomain(parsed.hostname)
      : parsed.origin;
  }

  async #wakeOrAfter(delayMs: number): Promise<void> {
    const timer = this.#parts.options.clock.setTimer(() => this.#wake.call(), delayMs);
    await this.#wake.wait();
    timer.cancel();
  }

  async #wakeOrRequests(): Promise<void> {
    const waiting = new AbortController();
    const look = (): void => {
      if (!waiting.signal.aborted) this.#wake.call();
    };
    // Whoever fetches next meets the queue's error itself.
    this.#parts.queue.waitForRequests({ signal: waiting.signal }).then(look, look);
    await this.#wake.wait();
    waiting.abort();
  }

  #startTick(): void {
    this.#tick = this.#parts.options.clock.setTimer(() => {
      this.#startTick();
      const { desired } = this.#concurrency;
      this.#concurrency.adjust(this.#running.size);
      if (this.#concurrency.desired > desired) this.#wake.call();
      this.#showProgress();
      const stalled = this.#stall.check({
        runningCount: this.#running.size,
        waitingForSessionCount: this.#runner.waitingForSessionCount,
        initFailure: this.#parts.pool?.lastInitFailure,
      });
      if (stalled) this.#end(stalled);
    }, TICK_MS);
  }

  #showProgress(): void {
    const { options, statistics, pool } = this.#parts;
    const now = options.clock.monotonicMs();
    if (options.statusIntervalSecs === 0) return;
    if (now - this.#shownAt < options.statusIntervalSecs * 1000) return;
    this.#shownAt = now;
    const { requestsFinished, requestsFailed, requestsFinishedPerMinute } =
      statistics.report(undefined);
    options.log.info(
      `${requestsFinished} finished, ${requestsFailed} failed, ${requestsFinishedPerMinute} a minute, ${this.#running.size} in flight`,
      pool && {
        sessionsUsable: pool.usableSessionsCount,
        sessionsCooling: pool.coolingSessionsCount,
      },
    );
  }
}
