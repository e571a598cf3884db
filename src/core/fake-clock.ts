import { type Clock, sleepOn, type Timer } from './clock.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test or a simulation moves it. Timers fire in order of due time, then of creation. */
export class FakeClock implements Clock {
  /** Timers live on this one; the wall clock is ahead of it by `#wallOffset`. */
  #monotonic = 0;
  #wallOffset: number;
  #order = 0;
  readonly #due: Due[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#wallOffset = startMs;
  }

  now(): number {
    return this.#monotonic + this.#wallOffset;
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const due: Due = { at: this.#monotonic + Math.max(0, delayMs), order: this.#order++, callback };
    this.#due.push(due);
    return {
      cancel: () => {
        const index = this.#due.indexOf(due);
        if (index !== -1) this.#due.splice(index, 1);
      },
    };
  }

  sleep(delayMs: number, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    return sleepOn(this, delayMs, options?.signal);
  }

  /** How many timers wait to fire. */
  get pendingTimersCount(): number {
    return this.#due.length;
  }

  /** Milliseconds until the next timer fires, or `null` when none waits. */
  get nextTimerInMs(): number | null {
    const next = this.#takeNext(Number.POSITIVE_INFINITY, false);
    return next ? Math.max(0, next.at - this.#monotonic) : null;
  }

  /** Moves time on, firing what falls due on the way, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    await settle();
    for (;;) {
      const next = this.#takeNext(until, true);
      if (!next) break;
      this.#monotonic = Math.max(this.#monotonic, next.at);
      next.callback();
      await settle();
    }
    this.#monotonic = until;
    await settle();
  }

  /** Sets the wall clock alone, as when the machine's clock is set: timers and `monotonicMs` take no notice. */
  jumpTo(ms: number): void {
    this.#wallOffset = ms - this.#monotonic;
  }

  #takeNext(until: number, isRemoved: boolean): Due | undefined {
    let best = -1;
    for (let index = 0; index < this.#due.length; index++) {
      const candidate = this.#due[index] as Due;
      if (candidate.at > until) continue;
      const current = this.#due[best];
      if (
        !current ||
        candidate.at < current.at ||
        (candidate.at === current.at && candidate.order < current.order)
      ) {
        best = index;
      }
    }
    const found = this.#due[best];
    if (found && isRemoved) this.#due.splice(best, 1);
    return found;
  }
}

/** Lets every promise that can settle without time passing settle. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
