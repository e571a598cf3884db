import type { Clock } from '../../core/clock.ts';

/**
 * Does something that must neither fail nor hold us up. Resolves with whether it succeeded in time; what takes longer
 * is left to itself.
 */
export async function tryFor(
  clock: Clock,
  limitMs: number,
  action: () => Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), limitMs);
    const settle = (isDone: boolean) => (): void => {
      timer.cancel();
      resolve(isDone);
    };
    Promise.resolve().then(action).then(settle(true), settle(false));
  });
}
