/** A timer that can be taken back before it fires. */
export interface Timer {
  cancel(): void;
}

export interface TimerOptions {
  /** Let the process end although the timer is still due. @default false */
  readonly isBackground?: boolean;
}

/** The only source of time. Everything that waits or measures takes one, so tests can move it by hand. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds from an arbitrary start; never runs backwards. For durations. */
  monotonicMs(): number;
  /** Any length; one of `Infinity` never fires. */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted first. */
  sleep(delayMs: number, options?: { signal?: AbortSignal | undefined }): Promise<void>;
}

/** Longest delay Node's timers take; a longer one would fire at once, so it is waited for in parts. */
const MAX_DELAY_MS = 2_147_483_647;

/** {@link Clock.sleep} for any clock, built on its `setTimer`. */
export function sleepOn(
  clock: Pick<Clock, 'setTimer'>,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs, options) {
    let handle: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const laterMs = leftMs - MAX_DELAY_MS;
      handle =
        laterMs > 0
          ? setTimeout(() => wait(laterMs), MAX_DELAY_MS)
          : setTimeout(callback, Math.max(0, leftMs));
      if (options?.isBackground) handle.unref();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  sleep(delayMs, options) {
    return sleepOn(systemClock, delayMs, options?.signal);
  },
};
