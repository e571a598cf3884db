import type { Clock } from '../core/clock.ts';
import type { OutcomeKind } from '../session/outcome.ts';
import { StalledError } from './crawl-errors.ts';

/** Notices that a crawl gets nowhere because the site throttles everything, or no session may be used. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #progressAt: number;
  #throttledCount = 0;

  constructor(options: { clock: Clock; stallTimeoutSecs: number }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.stallTimeoutSecs * 1000;
    this.#progressAt = this.#clock.monotonicMs();
  }

  note(kind: OutcomeKind): void {
    if (kind === 'throttled') {
      this.#throttledCount++;
    } else if (kind !== 'neutral') {
      this.#throttledCount = 0;
      this.#progressAt = this.#clock.monotonicMs();
    }
  }

  /** Handlers that are busy are not stalled: they have a timeout of their own. */
  check(now: {
    runningCount: number;
    waitingForSessionCount: number;
    /** What the sessions' hooks failed with last. */
    initFailure?: string | undefined;
  }): StalledError | null {
    const waitedMs = this.#clock.monotonicMs() - this.#progressAt;
    if (waitedMs < this.#timeoutMs) return null;
    const { runningCount, waitingForSessionCount } = now;
    if (runningCount > waitingForSessionCount) return null;
    const reasons: string[] = [];
    if (this.#throttledCount > 0) {
      reasons.push(`the site throttled ${this.#throttledCount} attempts in a row`);
    }
    if (waitingForSessionCount > 0) {
      reasons.push(`${waitingForSessionCount} requests wait for a session that may be used`);
    }
    if (reasons.length === 0) return null;
    if (now.initFailure) reasons.push(`no session gets ready: ${now.initFailure}`);
    return new StalledError(
      `Nothing came to an end for ${Math.round(waitedMs / 1000)} s: ${reasons.join(' and ')}. ` +
        'What is left stays in the queue; `stallTimeoutSecs` sets how long to wait',
    );
  }
}
