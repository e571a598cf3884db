import { messageOf, TroupeError } from '../core/errors.ts';
import type { Excuse, Outcome } from '../session/outcome.ts';
import type { Attempt } from './attempt.ts';
import type { BasicTools } from './basic-tools.ts';
import { outcomeOfError } from './classify.ts';
import type { BasicContext } from './context.ts';
import type { CrawlParts } from './crawl-parts.ts';
import type { ErrorHandler } from './crawler-options.ts';
import type { AttemptResult } from './request-runner.ts';
import { type Decision, decide } from './retry-policy.ts';

const BACKOFF_MAX_SECS = 60;

/** What became of a request: it came to its end, it will come back, or the crawl must end with an error. */
export type Settlement = 'ended' | 'waiting' | { readonly crash: unknown };

/**
 * Does with a request what the outcome of an attempt calls for. What the handler wrote is durable before the
 * request is marked handled, so a crash between the two repeats the request and loses nothing.
 */
export class RequestSettler<Context extends BasicContext> {
  readonly #parts: CrawlParts<Context>;
  readonly #basic: BasicTools<Context>;

  constructor(parts: CrawlParts<Context>, basic: BasicTools<Context>) {
    this.#parts = parts;
    this.#basic = basic;
  }

  async settle(attempt: Attempt, result: AttemptResult, site: string): Promise<Settlement> {
    if (result.kind === 'skipped') return this.#skip(attempt);
    if (result.kind === 'paused') return this.#delay(attempt, result.until);
    let { outcome, error } = result;
    if (outcome.kind === 'ok') {
      try {
        await attempt.written();
      } catch (thrown) {
        outcome = outcomeOfError(thrown);
        error = thrown;
      }
    }
    this.#parts.statistics.countAttempt(outcome.kind);
    if (outcome.kind === 'ok') return this.#finish(attempt, site);
    return this.#afterFailure(attempt, { ...result, outcome, error }, site);
  }

  async #finish(attempt: Attempt, site: string): Promise<Settlement> {
    const { queue, statistics, pacer, history } = this.#parts;
    const { request } = attempt;
    if (pacer.isActive && attempt.proxyInfo === null) pacer.succeed(this.#parts.directLane(site));
    history.forget(request.id);
    await queue.markRequestHandled(request);
    statistics.countFinished(this.#durationMs(attempt), request.retryCount);
    return 'ended';
  }

  async #afterFailure(
    attempt: Attempt,
    result: Extract<AttemptResult, { kind: 'ended' }>,
    site: string,
  ): Promise<Settlement> {
    const { context, outcome, error, excuse } = result;
    const { request, session } = attempt;
    const { history, options, pacer } = this.#parts;
    const now = options.clock.monotonicMs();
    if (outcome.kind === 'throttled' && attempt.proxyInfo === null) {
      pacer.throttle(this.#parts.directLane(site), attempt.sentAt, outcome.retryAfterSecs);
    }
    // Where the site is down a request waits as it does for one that is too busy.
    history.note(request.id, session, excuse === 'origin' ? 'throttled' : outcome.kind, now);
    const decision = this.#decide(attempt, outcome, error, excuse, now);
    if (outcome.kind !== 'neutral') request.pushErrorMessage(error);
    switch (decision.action) {
      case 'fail':
        return this.#fail(attempt, context, decision.error);
      case 'crash':
        await this.#parts.queue.reclaimRequest(request, { forefront: true });
        return { crash: decision.error };
      case 'return':
        await this.#parts.queue.reclaimRequest(request, { forefront: true });
        return 'waiting';
      default:
        return this.#tryAgain(attempt, context, error, decision, site);
    }
  }

  #decide(
    attempt: Attempt,
    outcome: Outcome,
    error: unknown,
    excuse: Excuse,
    now: number,
  ): Decision {
    const { request } = attempt;
    return decide(
      outcome,
      error,
      {
        url: request.url,
        retryCount: request.retryCount,
        rotationCount: request.sessionRotationCount,
        noRetry: request.noRetry,
        maxRetries: request.maxRetries,
        throttledForMs: this.#parts.history.throttledForMs(request.id, now),
        excuse,
      },
      this.#parts.options,
    );
  }

  async #tryAgain(
    attempt: Attempt,
    context: BasicContext,
    error: unknown,
    decision: Decision,
    site: string,
  ): Promise<Settlement> {
    const { request } = attempt;
    const { queue, statistics, options } = this.#parts;
    options.log.debug(`${request.url}: ${messageOf(error)}; ${decision.action}`);
    if (decision.action === 'wait') return this.#delay(attempt, this.#dueAt(attempt, site));
    await this.#callHandler('errorHandler', options.errorHandler, attempt, context, error);
    // The handler may have seen that it is no use.
    if (request.noRetry) return this.#fail(attempt, context, error);
    if (decision.action === 'rotate') {
      request.sessionRotationCount++;
      statistics.countRotation();
    } else {
      request.retryCount++;
      statistics.countRetry();
    }
    await queue.reclaimRequest(request);
    return 'waiting';
  }

  /** When a throttled request may try again: with the site without a proxy, else later each time. */
  #dueAt({ request, proxyInfo }: Attempt, site: string): number {
    const { options, pacer, history } = this.#parts;
    const now = options.clock.now();
    const count = history.throttledCount(request.id);
    if (proxyInfo === null) {
      const lane = this.#parts.directLane(site);
      if (pacer.pausedUntil(lane) > 0) return pacer.admit(lane, request.id);
    }
    // The first time another session, from another address, may take over at once.
    if (count <= 1) return now;
    return now + Math.min(BACKOFF_MAX_SECS, 2 ** (count - 2)) * 1000;
  }

  async #delay({ request }: Attempt, until: number): Promise<Settlement> {
    const { queue, statistics, options } = this.#parts;
    statistics.countDelay();
    const delaySecs = Math.max(0, until - options.clock.now()) / 1000;
    await queue.reclaimRequest(request, { delaySecs });
    return 'waiting';
  }

  async #skip({ request }: Attempt): Promise<Settlement> {
    this.#parts.statistics.countSkipped();
    this.#parts.options.log.debug(`${request.url} is left out: robots.txt forbids it`);
    await this.#parts.queue.markRequestHandled(request);
    return 'waiting';
  }

  async #fail(attempt: Attempt, context: BasicContext, error: unknown): Promise<Settlement> {
    const { queue, statistics, options, history } = this.#parts;
    const { request } = attempt;
    options.log.warning(`${request.url} failed for good: ${messageOf(error)}`, {
      retries: request.retryCount,
      rotations: request.sessionRotationCount,
    });
    const crash = await this.#callHandler(
      'failedRequestHandler',
      options.failedRequestHandler,
      attempt,
      context,
      error,
    );
    if (crash) {
      await queue.reclaimRequest(request, { forefront: true });
      return { crash };
    }
    history.forget(request.id);
    await queue.markRequestFailed(request);
    statistics.countFailed(this.#durationMs(attempt), request.retryCount);
    return 'ended';
  }

  /** @returns the error the user's handler ended with, if it did */
  async #callHandler(
    name: string,
    handler: ErrorHandler<Context> | undefined,
    attempt: Attempt,
    context: BasicContext,
    error: unknown,
  ): Promise<TroupeError | undefined> {
    if (!handler) return undefined;
    const { options } = this.#parts;
    const cause = error instanceof Error ? error : new Error(String(error));
    const after = attempt.successor(name);
    // Inherits, as copying would call the getters of the page.
    const afterwards = Object.assign(Object.create(context), this.#basic.contextFor(after));
    try {
      await after.run(`The ${name}`, options.requestHandlerTimeoutSecs, () =>
        handler(afterwards, cause),
      );
      await after.written();
      return undefined;
    } catch (thrown) {
      options.log.exception(thrown, `The ${name} threw at ${attempt.request.url}`);
      return new TroupeError(
        'TROUPE_ERROR_HANDLER_FAILED',
        `The ${name} threw at ${attempt.request.url}: ${messageOf(thrown)}`,
        { cause: thrown },
      );
    }
  }

  #durationMs({ startedAt }: Attempt): number {
    return this.#parts.options.clock.monotonicMs() - startedAt;
  }
}
