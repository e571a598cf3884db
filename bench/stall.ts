import type { Readings } from './report.ts';

/** Wall time of the work, and the longest the event loop was kept from turning meanwhile. */
export async function timed(work: () => Promise<void>): Promise<Readings> {
  let longest = 0;
  let isRunning = true;
  let last = performance.now();
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  await new Promise((resolve) => setImmediate(resolve));
  isRunning = false;
  return { ms, 'longest stall, ms': longest };
}
