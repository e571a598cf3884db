import type { Clock } from '../../core/clock.ts';
import { TimeoutError } from '../../core/errors.ts';

/**
 * Waits for one step of a browser, which may hang without a word. A late result is ignored.
 *
 * @throws TimeoutError, or what the step rejects with
 */
export function bounded<T>(
  step: Promise<T>,
  what: string,
  limitMs: number,
  clock: Clock,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => reject(new TimeoutError(what, limitMs)), limitMs);
    step.then(resolve, reject).finally(() => timer.cancel());
  });
}
