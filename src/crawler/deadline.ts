import type { Clock } from '../core/clock.ts';
import { TimeoutError } from '../core/errors.ts';

export interface DeadlineOptions {
  readonly what: string;
  readonly timeoutSecs: number;
  readonly clock: Clock;
  /** Ends the wait too, with its reason. */
  readonly signal: AbortSignal;
  /** Called when the time is up, before the promise rejects. */
  readonly onTimeout: (error: TimeoutError) => void;
}

/**
 * Waits for a piece of user code, but not for ever. Code that never returns cannot be ended in JavaScript;
 * its late result is ignored.
 *
 * @throws TimeoutError, the signal's reason, or what the code throws
 */
export function withDeadline<T>(start: () => Promise<T> | T, options: DeadlineOptions): Promise<T> {
  const { what, timeoutSecs, clock, signal, onTimeout } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      end();
      reject(signal.reason);
    };
    const timer = clock.setTimer(() => {
      const error = new TimeoutError(what, timeoutSecs * 1000);
      onTimeout(error);
      end();
      reject(error);
    }, timeoutSecs * 1000);
    signal.addEventListener('abort', onAbort, { once: true });
    // In a promise, so that what is thrown at once is treated as what is thrown later.
    new Promise<T>((settle) => settle(start())).then(
      (result) => {
        end();
        resolve(result);
      },
      (error) => {
        end();
        reject(error);
      },
    );
  });
}
