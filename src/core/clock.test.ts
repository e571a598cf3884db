import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

/** How many timers hold the process now. */
function holdingTimersCount(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

describe('systemClock', () => {
  afterEach(() => vi.useRealTimers());

  it('tells the wall clock and a clock that never runs backwards', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  });

  it('fires a timer once, and never one that was cancelled', async () => {
    const fired: string[] = [];
    systemClock.setTimer(() => fired.push('cancelled'), 0).cancel();
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, 1));
    expect(fired).toEqual([]);
  });

  it('holds the process for a timer, but not for a background one', () => {
    const before = holdingTimersCount();
    const background = systemClock.setTimer(() => {}, 60_000, { isBackground: true });
    expect(holdingTimersCount()).toBe(before);
    const timer = systemClock.setTimer(() => {}, 60_000);
    expect(holdingTimersCount()).toBe(before + 1);
    background.cancel();
    timer.cancel();
  });

  it('waits for delays longer than the 24.8 days that Node can wait', () => {
    vi.useFakeTimers();
    const days = 24 * 3600 * 1000;
    let firedCount = 0;
    systemClock.setTimer(() => firedCount++, 60 * days);
    vi.advanceTimersByTime(59 * days);
    expect(firedCount).toBe(0);
    vi.advanceTimersByTime(2 * days);
    expect(firedCount).toBe(1);
  });

  it('cancels a long delay in any of its parts', () => {
    vi.useFakeTimers();
    const days = 24 * 3600 * 1000;
    let firedCount = 0;
    const timer = systemClock.setTimer(() => firedCount++, 60 * days);
    vi.advanceTimersByTime(30 * days);
    timer.cancel();
    vi.advanceTimersByTime(60 * days);
    expect(firedCount).toBe(0);
  });

  it('never fires a timer of infinite delay', () => {
    vi.useFakeTimers();
    let firedCount = 0;
    const timer = systemClock.setTimer(() => firedCount++, Number.POSITIVE_INFINITY);
    vi.advanceTimersByTime(100 * 24 * 3600 * 1000);
    timer.cancel();
    expect(firedCount).toBe(0);
  });

  it('sleeps until the signal aborts, and rejects with its reason', async () => {
    const controller = new AbortController();
    const before = holdingTimersCount();
    const sleeping = systemClock.sleep(60_000, { signal: controller.signal });
    const reason = new Error('stopped');
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(holdingTimersCount()).toBe(before);
  });

  it('does not begin to sleep on an aborted signal', async () => {
    const reason = new Error('already stopped');
    await expect(systemClock.sleep(0, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('leaves no listener on the signal after a sleep', async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    await systemClock.sleep(0, { signal });
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});
