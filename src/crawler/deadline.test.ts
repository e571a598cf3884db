import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { withDeadline } from './deadline.ts';

function setUp(start: () => unknown): {
  clock: FakeClock;
  controller: AbortController;
  timeouts: Error[];
  promise: Promise<unknown>;
} {
  const clock = new FakeClock();
  const controller = new AbortController();
  const timeouts: Error[] = [];
  const promise = withDeadline(start, {
    what: 'The handler',
    timeoutSecs: 5,
    clock,
    signal: controller.signal,
    onTimeout: (error) => timeouts.push(error),
  });
  promise.catch(() => {});
  return { clock, controller, timeouts, promise };
}

test('the result comes through, and no timer stays', async () => {
  const { clock, promise } = setUp(async () => 'done');
  expect(await promise).toBe('done');
  expect(clock.pendingTimersCount).toBe(0);
});

test('what is thrown at once or later comes through', async () => {
  const thrower = (): never => {
    throw new Error('at once');
  };
  await expect(setUp(thrower).promise).rejects.toThrow('at once');
  await expect(setUp(() => Promise.reject(new Error('later'))).promise).rejects.toThrow('later');
});

test('code that never returns is given up when its time is over', async () => {
  const { clock, promise, timeouts } = setUp(() => new Promise(() => {}));
  await clock.advance(4999);
  expect(timeouts).toEqual([]);
  await clock.advance(1);
  await expect(promise).rejects.toMatchObject({ code: 'TROUPE_TIMEOUT' });
  expect(timeouts.length).toBe(1);
});

test('the signal ends the wait with its reason, and nothing is started after it', async () => {
  const { controller, promise, clock } = setUp(() => new Promise(() => {}));
  controller.abort(new Error('torn down'));
  await expect(promise).rejects.toThrow('torn down');
  expect(clock.pendingTimersCount).toBe(0);
  let isStarted = false;
  const late = withDeadline(
    () => {
      isStarted = true;
    },
    { what: 'x', timeoutSecs: 1, clock, signal: controller.signal, onTimeout: () => {} },
  );
  await expect(late).rejects.toThrow('torn down');
  expect(isStarted).toBe(false);
});
