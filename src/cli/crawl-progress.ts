import type { CrawlStatistics } from '../crawler/statistics.ts';
import type { RequestQueue } from '../queue/request-queue.ts';
import type { SessionPool } from '../session/session-pool.ts';
import type { Progress } from './progress.ts';

/** Follows one crawl from outside: what its queue knows, what its pool is made of. */
export class CrawlProgress {
  readonly #pool: SessionPool;
  readonly #maxRequests: number;
  /** By earlier runs of the same crawl. */
  readonly #handledBefore: number;
  #knownCount: number;

  private constructor(
    parts: CrawlProgressParts,
    counts: { readonly known: number; readonly handled: number },
  ) {
    this.#pool = parts.pool;
    this.#maxRequests = parts.maxRequests;
    this.#handledBefore = counts.handled;
    this.#knownCount = counts.known;
    parts.queue.on('requestsAdded', ({ count }) => {
      this.#knownCount += count;
    });
  }

  static async of(parts: CrawlProgressParts): Promise<CrawlProgress> {
    const { totalRequestCount, handledRequestCount } = await parts.queue.getInfo();
    return new CrawlProgress(parts, { known: totalRequestCount, handled: handledRequestCount });
  }

  /** How many requests this run may bring to an end. */
  get requestsLeft(): number {
    return Math.max(0, this.#maxRequests - this.#handledBefore);
  }

  read(statistics: CrawlStatistics): Progress {
    const { coolingSessionsCount } = this.#pool;
    return {
      finishedCount: this.#handledBefore + statistics.requestsFinished,
      failedCount: statistics.requestsFailed,
      totalCount: Math.min(this.#knownCount, this.#maxRequests),
      usableSessionsCount: this.#pool.usableSessionsCount - coolingSessionsCount,
      coolingSessionsCount,
      retired: this.#pool.retiredByReason,
    };
  }
}

export interface CrawlProgressParts {
  readonly queue: RequestQueue;
  readonly pool: SessionPool;
  /** `Infinity` for no limit. */
  readonly maxRequests: number;
}
