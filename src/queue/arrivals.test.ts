import { expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { Arrivals } from './arrivals.ts';

it('goes by the latest look at the store, not by one from before a wake', async () => {
  const clock = new FakeClock();
  const looks: ((dueAt: number | null) => void)[] = [];
  const nextDueAt = () => new Promise<number | null>((resolve) => looks.push(resolve));
  const arrivals = new Arrivals({ clock, pollMs: 1_000, nextDueAt });
  const first = arrivals.wait();
  arrivals.wake();
  await first;
  const second = arrivals.wait();
  looks[1]?.(clock.now() + 200);
  await clock.advance(0);
  looks[0]?.(null);
  await clock.advance(0);
  expect(clock.nextTimerInMs).toBe(200);
  await clock.advance(200);
  await second;
});

it('shares one timer, and falls back to polling when the store fails', async () => {
  const clock = new FakeClock();
  let lookCount = 0;
  const nextDueAt = async () => {
    lookCount++;
    throw new Error('the store is gone');
  };
  const arrivals = new Arrivals({ clock, pollMs: 1_000, nextDueAt });
  const waiting = Promise.all([arrivals.wait(), arrivals.wait(), arrivals.wait()]);
  await clock.advance(0);
  expect([lookCount, clock.pendingTimersCount, clock.nextTimerInMs]).toEqual([1, 1, 1_000]);
  await clock.advance(1_000);
  await waiting;
});

it('does not look again at once when the store says something is due that a claim did not find', async () => {
  const clock = new FakeClock();
  const arrivals = new Arrivals({ clock, pollMs: 1_000, nextDueAt: async () => 0 });
  const waiting = arrivals.wait();
  await clock.advance(0);
  expect(clock.nextTimerInMs).toBeGreaterThan(0);
  await clock.advance(5);
  await waiting;
});
