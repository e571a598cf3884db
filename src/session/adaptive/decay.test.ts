import { expect, it } from 'vitest';
import { decayed } from './decay.ts';

it('leaves half after each half-life, as the exponential does', () => {
  for (let halfLives = 0.001; halfLives < 1000; halfLives *= 1.013) {
    expect(decayed(halfLives * 700, 700) / 2 ** -halfLives).toBeCloseTo(1, 12);
  }
});

it('leaves everything where hardly any time has passed, or the clock was set back', () => {
  expect(decayed(0, 60_000)).toBe(1);
  expect(decayed(29, 60_000)).toBe(1);
  expect(decayed(-5000, 60_000)).toBe(1);
});

it('leaves nothing after ages', () => {
  expect(decayed(1_700_000_000_000, 1)).toBe(0);
  expect(decayed(Number.POSITIVE_INFINITY, 1)).toBe(0);
});
