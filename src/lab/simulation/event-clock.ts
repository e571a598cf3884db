import { type Clock, sleepOn, type Timer } from '../../core/clock.ts';
import { nextTurn } from '../../core/next-turn.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Where simulated time begins, ms since 1970; any fixed moment will do. */
const START_MS = 1_700_000_000_000;

/**
 * A clock for discrete-event simulation: it jumps from one timer to the next, and lets promises settle in between.
 * Timers fire in order of due time, then of creation, so that a run can be repeated exactly. A heap: O(log n) a timer.
 */
export class EventClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Due[] = [];

  now(): number {
    return START_MS + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const due: Due = { at: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    if (due.at < Number.POSITIVE_INFINITY) this.#push(due);
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
  async run(untilMs: number, isOver: () => boolean): Promise<void> {
    await nextTurn();
    while (!isOver()) {
      const next = this.#heap[0];
      if (!next || next.at > untilMs) {
        this.#nowMs = untilMs;
        return;
      }
      this.#pop();
      if (!next.callback) continue;
      this.#nowMs = next.at;
      next.callback();
      await nextTurn();
    }
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Due;
      if (!isBefore(due, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Due;
    const count = heap.length;
    if (count === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= count) break;
      const right = child + 1;
      if (right < count && isBefore(heap[right] as Due, heap[child] as Due)) child = right;
      const below = heap[child] as Due;
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
