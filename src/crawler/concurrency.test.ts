import { expect, test } from 'vitest';
import { Concurrency } from './concurrency.ts';
import { type Load, SystemLoadProbe } from './load-probe.ts';

const IDLE: Load = { loopDelayMs: 1, loopUse: 0.2, memoryUse: 0.1 };

function setUp(
  minConcurrency = 1,
  maxConcurrency = 200,
): { concurrency: Concurrency; load: { current: Load } } {
  const load = { current: IDLE };
  const probe = { sample: () => load.current, close: () => {} };
  return { concurrency: new Concurrency({ minConcurrency, maxConcurrency }, probe), load };
}

test('it rises fast while all places are taken, up to the maximum', () => {
  const { concurrency } = setUp();
  const steps: number[] = [];
  while (concurrency.desired < 200 && steps.length < 100) {
    concurrency.adjust(concurrency.desired);
    steps.push(concurrency.desired);
  }
  expect(steps.length).toBeLessThanOrEqual(8);
  concurrency.adjust(200);
  expect(concurrency.desired).toBe(200);
});

test('it stays where it is while there are free places', () => {
  const { concurrency } = setUp();
  const before = concurrency.desired;
  concurrency.adjust(before - 1);
  expect(concurrency.desired).toBe(before);
});

test('a busy loop is not given more, a lagging one or one short of memory gets less', () => {
  const { concurrency, load } = setUp();
  const before = concurrency.desired;
  load.current = { ...IDLE, loopUse: 0.99 };
  concurrency.adjust(before);
  expect(concurrency.desired).toBe(before);
  load.current = { ...IDLE, loopDelayMs: 200 };
  concurrency.adjust(before);
  expect(concurrency.desired).toBeLessThan(before);
  const lagging = concurrency.desired;
  load.current = { ...IDLE, memoryUse: 0.95 };
  concurrency.adjust(before);
  expect(concurrency.desired).toBeLessThan(lagging);
});

test('it never falls below the minimum nor starts above the maximum', () => {
  const { concurrency, load } = setUp(5, 1000);
  load.current = { ...IDLE, loopDelayMs: 500 };
  for (let round = 0; round < 20; round++) concurrency.adjust(10);
  expect(concurrency.desired).toBe(5);
  expect(setUp(1, 3).concurrency.desired).toBe(3);
});

test('the real probe measures shares of this process', () => {
  const probe = new SystemLoadProbe();
  const load = probe.sample();
  probe.close();
  expect(load.loopDelayMs).toBeGreaterThanOrEqual(0);
  expect(load.loopUse).toBeLessThanOrEqual(1);
  expect(load.memoryUse).toBeGreaterThan(0);
  expect(load.memoryUse).toBeLessThan(1);
});
