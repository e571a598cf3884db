import type { Clock } from '../core/clock.ts';
import { OUTCOME_KINDS, type OutcomeKind, type RetiredReason } from '../session/outcome.ts';

/** What a crawl came to. Durations in milliseconds. */
export interface CrawlStatistics {
  /** Handled to the end. */
  readonly requestsFinished: number;
  /** Given up on. */
  readonly requestsFailed: number;
  /** Finished and failed together. */
  readonly requestsTotal: number;
  /** Left out because of robots.txt. */
  readonly requestsSkipped: number;
  /** Attempts that counted against `maxRequestRetries`. */
  readonly requestsRetries: number;
  /** Attempts handed to another session, which counted against `maxSessionRotations`. */
  readonly sessionRotations: number;
  /** Times a request was told to wait: throttling, delays, crawl delays. */
  readonly requestsDelayed: number;
  /** How many requests ended after how many retries: `retryHistogram[2]` after two. */
  readonly retryHistogram: readonly number[];
  /** Attempts by what they came to. */
  readonly outcomes: Readonly<Record<OutcomeKind, number>>;
  readonly sessionsCreated: number;
  readonly sessionsRetired: number;
  readonly sessionsRetiredByReason: Readonly<Record<RetiredReason, number>>;
  readonly requestsFinishedPerMinute: number;
  readonly requestsFailedPerMinute: number;
  /** Bodies as they were after decompression. */
  readonly bytesReceived: number;
  readonly requestAvgFinishedDurationMillis: number;
  readonly requestAvgFailedDurationMillis: number;
  readonly requestTotalDurationMillis: number;
  readonly crawlerRuntimeMillis: number;
}

export interface SessionCounts {
  readonly created: number;
  readonly retiredByReason: Readonly<Partial<Record<RetiredReason, number>>>;
}

const NO_RETIREMENTS: Readonly<Record<RetiredReason, number>> = Object.freeze({
  blocked: 0,
  'error-score': 0,
  exhausted: 0,
  expired: 0,
  manual: 0,
  proxy: 0,
  evicted: 0,
  invalid: 0,
});

/** Counts while a crawl runs. */
export class Statistics {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #sessionsBefore: SessionCounts | undefined;
  readonly #outcomes = Object.fromEntries(OUTCOME_KINDS.map((kind) => [kind, 0])) as Record<
    OutcomeKind,
    number
  >;
  readonly #retryHistogram: number[] = [];
  #finished = 0;
  #failed = 0;
  #skipped = 0;
  #retries = 0;
  #rotations = 0;
  #delayed = 0;
  #bytes = 0;
  #finishedMs = 0;
  #failedMs = 0;
  #stoppedAt: number | undefined;

  /** `sessionsBefore` is what the pool had counted when the crawl began, as a pool may be shared. */
  constructor(clock: Clock, sessionsBefore?: SessionCounts) {
    this.#clock = clock;
    this.#startedAt = clock.monotonicMs();
    this.#sessionsBefore = sessionsBefore && {
      created: sessionsBefore.created,
      retiredByReason: { ...sessionsBefore.retiredByReason },
    };
  }

  /** Requests that came to their end. */
  get endedCount(): number {
    return this.#finished + this.#failed;
  }

  countAttempt(kind: OutcomeKind): void {
    this.#outcomes[kind]++;
  }

  countFinished(durationMs: number, retryCount: number): void {
    this.#finished++;
    this.#finishedMs += durationMs;
    this.#countRetries(retryCount);
  }

  countFailed(durationMs: number, retryCount: number): void {
    this.#failed++;
    this.#failedMs += durationMs;
    this.#countRetries(retryCount);
  }

  countSkipped(): void {
    this.#skipped++;
  }

  countRetry(): void {
    this.#retries++;
  }

  countRotation(): void {
    this.#rotations++;
  }

  countDelay(): void {
    this.#delayed++;
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Freezes the clock of the report. */
  stop(): void {
    this.#stoppedAt = this.#clock.monotonicMs();
  }

  report(sessions: SessionCounts | undefined): CrawlStatistics {
    const runtimeMs = (this.#stoppedAt ?? this.#clock.monotonicMs()) - this.#startedAt;
    const perMinute = (count: number): number =>
      runtimeMs > 0 ? Math.round((count * 60_000) / runtimeMs) : 0;
    const retiredByReason = this.#retiredSinceStart(sessions);
    return {
      requestsFinished: this.#finished,
      requestsFailed: this.#failed,
      requestsTotal: this.endedCount,
      requestsSkipped: this.#skipped,
      requestsRetries: this.#retries,
      sessionRotations: this.#rotations,
      requestsDelayed: this.#delayed,
      retryHistogram: Array.from(this.#retryHistogram, (count) => count ?? 0),
      outcomes: { ...this.#outcomes },
      sessionsCreated: sessions ? sessions.created - (this.#sessionsBefore?.created ?? 0) : 0,
      sessionsRetired: Object.values(retiredByReason).reduce((sum, count) => sum + count, 0),
      sessionsRetiredByReason: retiredByReason,
      requestsFinishedPerMinute: perMinute(this.#finished),
      requestsFailedPerMinute: perMinute(this.#failed),
      bytesReceived: this.#bytes,
      requestAvgFinishedDurationMillis: average(this.#finishedMs, this.#finished),
      requestAvgFailedDurationMillis: average(this.#failedMs, this.#failed),
      requestTotalDurationMillis: Math.round(this.#finishedMs + this.#failedMs),
      crawlerRuntimeMillis: Math.round(runtimeMs),
    };
  }

  #countRetries(retryCount: number): void {
    this.#retryHistogram[retryCount] = (this.#retryHistogram[retryCount] ?? 0) + 1;
  }

  #retiredSinceStart(sessions: SessionCounts | undefined): Record<RetiredReason, number> {
    const retired = { ...NO_RETIREMENTS };
    if (!sessions) return retired;
    for (const reason of Object.keys(retired) as RetiredReason[]) {
      retired[reason] =
        (sessions.retiredByReason[reason] ?? 0) -
        (this.#sessionsBefore?.retiredByReason[reason] ?? 0);
    }
    return retired;
  }
}

function average(totalMs: number, count: number): number {
  return count > 0 ? Math.round((totalMs / count) * 10) / 10 : 0;
}
