import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { RateLimiter } from './rate-limiter.ts';

/** Starts whenever allowed, looking every `stepMs`, and returns the times of the starts. */
async function startsWithin(
  limiter: RateLimiter,
  clock: FakeClock,
  totalMs: number,
  stepMs: number,
): Promise<number[]> {
  const starts: number[] = [];
  for (let passed = 0; passed < totalMs; passed += stepMs) {
    while (limiter.delayMs === 0 && starts.length < 10_000) {
      limiter.take();
      starts.push(clock.monotonicMs());
    }
    await clock.advance(stepMs);
  }
  return starts;
}

test('starts are spread evenly over the minute', async () => {
  const clock = new FakeClock();
  const starts = await startsWithin(new RateLimiter(60, clock), clock, 10_000, 100);
  expect(starts).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
});

test('late timers do not lower the rate', async () => {
  const clock = new FakeClock();
  const starts = await startsWithin(new RateLimiter(60, clock), clock, 21_000, 70);
  expect(starts.length).toBe(21);
});

test('idle time is not saved up for a burst', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(60, clock);
  limiter.take();
  await clock.advance(30_000);
  expect(limiter.delayMs).toBe(0);
  limiter.take();
  expect(limiter.delayMs).toBe(1000);
});

test('no limit never waits', () => {
  const limiter = new RateLimiter(Number.POSITIVE_INFINITY, new FakeClock());
  for (let start = 0; start < 1000; start++) limiter.take();
  expect(limiter.delayMs).toBe(0);
});
