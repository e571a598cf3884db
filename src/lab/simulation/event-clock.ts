import { type Clock, sleepOn, type Timer } from '../../core/clock.ts';
import { nextTurn } from '../../core/next-turn.ts';
import { DueHeap } from './due-heap.ts';

/** Where simulated time begins, ms since 1970; any fixed moment will do. */
const START_MS = 1_700_000_000_000;

/**
 * A clock for discrete-event simulation: it jumps from one timer to the next, and lets promises settle in between.
 * Timers fire in order of due time, then of creation, so that a run can be repeated exactly.
 */
export class EventClock implements Clock {
  #nowMs = 0;
  readonly #due = new DueHeap<{ callback: (() => void) | undefined }>();

  now(): number {
    return START_MS + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const due: { callback: (() => void) | undefined } = { callback };
    if (delayMs < Number.POSITIVE_INFINITY) this.#due.add(due, this.#nowMs + Math.max(0, delayMs));
    return {
      cancel: () => {
        due.callback = undefined;
      },
    };
  }

  sleep(delayMs: number, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    return sleepOn(this, delayMs, options?.signal);
  }

  /** Moves time on to `untilMs`, or until `isOver` says so. Rejects with what a timer's callback throws. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await nextTurn();
    while (!isOver()) {
      const atMs = this.#due.firstAtMs;
      if (atMs > untilMs) {
        this.#nowMs = untilMs;
        return;
      }
      const { callback } = this.#due.takeFirst() as { callback: (() => void) | undefined };
      if (!callback) continue;
      this.#nowMs = atMs;
      callback();
      await nextTurn();
    }
  }
}
