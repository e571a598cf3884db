import { expect, test } from 'vitest';
import { EventClock } from './event-clock.ts';

test('timers fire in order of due time, those of one moment in the order they were set', async () => {
  const clock = new EventClock();
  const fired: string[] = [];
  const startMs = clock.now();
  for (const [name, delayMs] of [
    ['c', 20],
    ['a', 10],
    ['d', 20],
    ['b', 10],
  ] as const) {
    clock.setTimer(() => fired.push(`${name}@${clock.now() - startMs}`), delayMs);
  }
  clock.setTimer(() => fired.push('never'), 15).cancel();
  clock.setTimer(() => fired.push('endless'), Number.POSITIVE_INFINITY);
  await clock.run(100);
  expect(fired).toEqual(['a@10', 'b@10', 'c@20', 'd@20']);
  expect(clock.monotonicMs()).toBe(100);
});

test('promises settle before time moves on', async () => {
  const clock = new EventClock();
  const seenAt: number[] = [];
  const walk = async (): Promise<void> => {
    for (let step = 0; step < 3; step++) {
      await clock.sleep(10);
      for (let turn = 0; turn < 20; turn++) await null;
      seenAt.push(clock.monotonicMs());
    }
  };
  const walking = walk();
  clock.setTimer(() => seenAt.push(-1), 15);
  await clock.run(1000);
  await walking;
  expect(seenAt).toEqual([10, -1, 20, 30]);
});

test('time stops where it is when the run is over', async () => {
  const clock = new EventClock();
  let isOver = false;
  clock.setTimer(() => {
    isOver = true;
  }, 30);
  clock.setTimer(() => expect.unreachable('after the end'), 40);
  await clock.run(100, () => isOver);
  expect(clock.monotonicMs()).toBe(30);
});
