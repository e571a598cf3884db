import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('stands still until it is moved', () => {
    const clock = new FakeClock(1000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1000, 0]);
  });

  it('fires timers in the order of their due times, then of their creation', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 12 }), async (delays) => {
        const clock = new FakeClock();
        const fired: number[] = [];
        for (const [index, delay] of delays.entries()) {
          clock.setTimer(() => fired.push(index), delay);
        }
        await clock.advance(20);
        const expected = [...delays.keys()].sort(
          (a, b) => (delays[a] as number) - (delays[b] as number) || a - b,
        );
        expect(fired).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('shows each timer the time at which it was due', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    clock.setTimer(() => seen.push(clock.now()), 5);
    clock.setTimer(() => seen.push(clock.now()), 70);
    await clock.advance(100);
    expect(seen).toEqual([5, 70]);
    expect(clock.now()).toBe(100);
  });

  it('fires timers that were set on the way, if they fall due', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    const tick = (): void => {
      seen.push(clock.now());
      clock.setTimer(tick, 10);
    };
    clock.setTimer(tick, 10);
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.pendingTimersCount).toBe(1);
    expect(clock.nextTimerInMs).toBe(5);
  });

  it('lets promises settle between timers', async () => {
    const clock = new FakeClock(0);
    const seen: string[] = [];
    const wait = async (): Promise<void> => {
      await clock.sleep(10);
      seen.push(`slept until ${clock.now()}`);
      await clock.sleep(10);
      seen.push(`slept until ${clock.now()}`);
    };
    const waiting = wait();
    await clock.advance(20);
    await waiting;
    expect(seen).toEqual(['slept until 10', 'slept until 20']);
  });

  it('does not fire what was cancelled, even by a timer due at the same time', async () => {
    const clock = new FakeClock();
    let firedCount = 0;
    clock.setTimer(() => later.cancel(), 5);
    const later = clock.setTimer(() => firedCount++, 5);
    await clock.advance(10);
    later.cancel();
    expect(firedCount).toBe(0);
    expect(clock.pendingTimersCount).toBe(0);
    expect(clock.nextTimerInMs).toBeNull();
  });

  it('takes the timer of an aborted sleep away', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(10, { signal: controller.signal });
    controller.abort(new Error('stopped'));
    await expect(sleeping).rejects.toThrow('stopped');
    expect(clock.pendingTimersCount).toBe(0);
  });

  it('jumps the wall clock without touching timers or the monotonic clock', async () => {
    const clock = new FakeClock(1000);
    let firedCount = 0;
    clock.setTimer(() => firedCount++, 10);
    clock.jumpTo(500);
    expect([clock.now(), clock.monotonicMs()]).toEqual([500, 0]);
    expect(clock.nextTimerInMs).toBe(10);
    await clock.advance(9);
    expect(firedCount).toBe(0);
    await clock.advance(1);
    expect(firedCount).toBe(1);
    expect([clock.now(), clock.monotonicMs()]).toEqual([510, 10]);
  });
});
