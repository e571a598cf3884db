import type { Request } from '../queue/request.ts';
import type { OnMissingSession } from '../queue/request-options.ts';
import { SessionMissingError } from '../session/errors.ts';
import type { Lease } from '../session/lease.ts';
import type { Excuse, Outcome } from '../session/outcome.ts';
import type { LeaseOptions } from '../session/waiting-line.ts';
import type { Attempt } from './attempt.ts';
import type { BasicTools } from './basic-tools.ts';
import { outcomeOfError } from './classify.ts';
import type { BasicContext } from './context.ts';
import type { CrawlParts } from './crawl-parts.ts';
import type { PageTools } from './page-kind.ts';
import type { Robots } from './robots.ts';

/** What one attempt came to. `paused` and `skipped` attempts never went out. */
export type AttemptResult =
  | {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly error: unknown;
      /** Who is to blame in place of the session. */
      readonly excuse: Excuse;
      readonly context: BasicContext;
    }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'paused'; readonly until: number };

/** Runs one attempt: session, page, handler, verdict. Settles the lease exactly once, whatever happens. */
export class RequestRunner<Context extends BasicContext> {
  readonly #parts: CrawlParts<Context>;
  readonly #basic: BasicTools<Context>;
  readonly #tools: PageTools;
  /** Aborted when the crawl starts nothing more. */
  readonly #stopSignal: AbortSignal;
  #waitingForSessionCount = 0;

  constructor(parts: CrawlParts<Context>, basic: BasicTools<Context>, stopSignal: AbortSignal) {
    this.#parts = parts;
    this.#stopSignal = stopSignal;
    this.#basic = basic;
    const { sender, statistics, options } = parts;
    this.#tools = {
      sender,
      log: options.log,
      handlerTimeoutSecs: options.requestHandlerTimeoutSecs,
      now: () => options.clock.now(),
      countBytes: (bytes) => statistics.countBytes(bytes),
      enqueue: (attempt, hrefs, links) => this.#basic.enqueue(attempt, hrefs, links),
    };
  }

  /** Attempts that wait for a session to become free. */
  get waitingForSessionCount(): number {
    return this.#waitingForSessionCount;
  }

  async run(attempt: Attempt, site: string): Promise<AttemptResult> {
    let lease: Lease | undefined;
    let context: BasicContext | undefined;
    let page: Context | undefined;
    let outcome: Outcome;
    let error: unknown;
    let latencyMs: number | undefined;
    try {
      if (this.#parts.robots && !attempt.request.skipNavigation) {
        const refused = await this.#askRobots(this.#parts.robots, attempt, site);
        if (refused) return refused;
      }
      lease = await this.#takeSession(attempt);
      context = this.#basic.contextFor(attempt);
      const until = this.#pausedUntil(attempt, site);
      if (until > 0) {
        lease?.release();
        return { kind: 'paused', until };
      }
      page = await this.#parts.kind.open(attempt, context, this.#tools);
      latencyMs = this.#sinceSentMs(attempt);
      await this.#handle(attempt, page);
      outcome = okOutcome(attempt, latencyMs);
    } catch (thrown) {
      error = thrown;
      outcome = this.#isCancelled(attempt)
        ? { kind: 'neutral' }
        : this.#failureOf(thrown, attempt, latencyMs);
    }
    if (page) await this.#parts.kind.close?.(page);
    const excuse = lease?.report(outcome) ?? 'none';
    context ??= this.#basic.contextFor(attempt);
    return { kind: 'ended', outcome, error, excuse, context };
  }

  async #askRobots(
    robots: Robots,
    { request, hasPlace }: Attempt,
    site: string,
  ): Promise<AttemptResult | undefined> {
    const { pacer } = this.#parts;
    const { isAllowed, crawlDelaySecs } = await robots.check(request.url, this.#stopSignal);
    if (!isAllowed) return { kind: 'skipped' };
    if (!crawlDelaySecs) return undefined;
    pacer.keepApart(site, crawlDelaySecs * 1000);
    // Whoever started before the delay was known has not asked for its place yet.
    const until = hasPlace ? 0 : pacer.admit(site, request.id);
    return until > 0 ? { kind: 'paused', until } : undefined;
  }

  async #takeSession(attempt: Attempt): Promise<Lease | undefined> {
    const { pool, options } = this.#parts;
    if (!pool) {
      refusePin(attempt.request, options.onMissingSession);
      attempt.proxyInfo =
        (await options.proxyConfiguration?.newProxyInfo(undefined, { request: attempt.request })) ??
        null;
      attempt.sentAt = options.clock.now();
      return undefined;
    }
    this.#waitingForSessionCount++;
    try {
      const lease = await this.#lease(attempt);
      attempt.session = lease.session;
      attempt.proxyInfo = lease.session.proxyInfo;
      attempt.sentAt = options.clock.now();
      return lease;
    } finally {
      this.#waitingForSessionCount--;
    }
  }

  async #lease({ request }: Attempt): Promise<Lease> {
    const pool = this.#parts.pool as NonNullable<CrawlParts<Context>['pool']>;
    const { avoid, sessionId } = this.#parts.history.wishFor(request.id);
    const wish = { url: request.url, request, avoid, signal: this.#stopSignal };
    if (isPinned(request)) return pool.lease({ ...wish, ...this.#pinOf(request) });
    if (sessionId === undefined) return pool.lease(wish);
    try {
      return await pool.lease({ ...wish, sessionId });
    } catch (error) {
      if (error instanceof SessionMissingError) return pool.lease(wish);
      throw error;
    }
  }

  #pinOf({ sessionId, sessionKey, onMissing }: Request): LeaseOptions {
    const reaction = onMissing ?? this.#parts.options.onMissingSession;
    return {
      ...(sessionId === undefined ? { sessionKey: sessionKey as string } : { sessionId }),
      ...(reaction === undefined ? {} : { onMissing: reaction }),
    };
  }

  /** Without a proxy all sessions share one address, so what one of them was told holds for all. */
  #pausedUntil({ proxyInfo, request }: Attempt, site: string): number {
    const { pacer, directLane } = this.#parts;
    if (proxyInfo !== null || !pacer.isActive) return 0;
    const lane = directLane(site);
    return pacer.pausedUntil(lane) > 0 ? pacer.admit(lane, request.id) : 0;
  }

  #handle(attempt: Attempt, page: Context): Promise<unknown> {
    const { handler, options } = this.#parts;
    return attempt.run('The requestHandler', options.requestHandlerTimeoutSecs, () =>
      handler(page),
    );
  }

  /** With how long the answer took to come, or not to come; what the user's code took is nobody's latency. */
  #failureOf(error: unknown, attempt: Attempt, pageMs: number | undefined): Outcome {
    const outcome = outcomeOfError(error);
    if (attempt.sentAt === 0 || outcome.kind === 'user') return outcome;
    return { ...outcome, latencyMs: pageMs ?? this.#sinceSentMs(attempt) };
  }

  #sinceSentMs({ sentAt }: Attempt): number {
    return Math.max(0, this.#parts.options.clock.now() - sentAt);
  }

  #isCancelled(attempt: Attempt): boolean {
    // Once stopped, an attempt without a session was waiting for one.
    return attempt.isCancelled || (this.#stopSignal.aborted && attempt.sentAt === 0);
  }
}

function okOutcome({ statusCode }: Attempt, latencyMs: number): Outcome {
  return statusCode === undefined ? { kind: 'ok' } : { kind: 'ok', status: statusCode, latencyMs };
}

function isPinned({ sessionId, sessionKey }: Request): boolean {
  return sessionId !== undefined || sessionKey !== undefined;
}

/** Without a pool there is no session to be had, whichever it is. @throws SessionMissingError */
function refusePin(request: Request, onMissingSession: OnMissingSession | undefined): void {
  const { sessionId, onMissing = onMissingSession } = request;
  if (sessionId !== undefined && onMissing !== 'replace') {
    throw new SessionMissingError(sessionId, undefined);
  }
}
