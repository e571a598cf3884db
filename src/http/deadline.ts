import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '../core/clock.ts';
import { afterPoll } from './after-poll.ts';

/** Something in flight that can be ended from outside. */
export interface Stoppable {
  stop(kind: 'total-timeout' | 'aborted', what: string, cause?: unknown): void;
}

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly totalTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ends a request when its total time is up or its caller aborts, whichever hop is under way.
 * Holds a timer and a listener only between `watch` and `release`.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #totalTimeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #startedAt: number;
  #target: Stoppable | undefined;
  #timer: Timer | undefined;

  constructor({ clock, totalTimeoutMs, signal }: DeadlineOptions) {
    this.#clock = clock;
    this.#totalTimeoutMs = totalTimeoutMs;
    this.#signal = signal;
    this.#startedAt = clock.monotonicMs();
  }

  /** From now on this is what is stopped, at once when the signal has already fired. */
  watch(target: Stoppable): void {
    this.#disarm();
    this.#target = target;
    if (this.#signal?.aborted) {
      this.#onAbort();
      return;
    }
    if (this.#signal) listenTo(this.#signal, this.#onAbort);
    if (this.#totalTimeoutMs === Number.POSITIVE_INFINITY) return;
    const spentMs = this.#clock.monotonicMs() - this.#startedAt;
    this.#timer = this.#clock.setTimer(this.#onTimeout, this.#totalTimeoutMs - spentMs);
  }

  /** The target has ended by itself. Nothing happens when another one is watched by now. */
  release(target: Stoppable): void {
    if (this.#target === target) this.#disarm();
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#target = undefined;
  }

  readonly #onTimeout = (): void => {
    const target = this.#target;
    afterPoll(() => {
      if (!target || target !== this.#target) return;
      this.#disarm();
      target.stop('total-timeout', `not finished after ${this.#totalTimeoutMs / 1000} s`);
    });
  };

  readonly #onAbort = (): void => {
    const target = this.#target;
    this.#disarm();
    target?.stop('aborted', 'aborted by the caller', this.#signal?.reason);
  };
}

const shared = new WeakSet<AbortSignal>();

/** One signal may stand over hundreds of requests; more than ten listeners are no leak here. */
function listenTo(signal: AbortSignal, onAbort: () => void): void {
  if (!shared.has(signal)) {
    shared.add(signal);
    setMaxListeners(0, signal);
  }
  signal.addEventListener('abort', onAbort);
}
