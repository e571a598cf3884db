import { expect, test } from 'vitest';
import { Dice } from './dice.ts';

test('a draw depends on seed, subject, number and purpose, and on nothing else', () => {
  const dice = new Dice('a');
  const first = dice.draw(3, 7, 'block');
  dice.draw(4, 1, 'error');
  expect(dice.draw(3, 7, 'block')).toBe(first);
  expect(new Dice('a').draw(3, 7, 'block')).toBe(first);
  for (const other of [
    new Dice('b').draw(3, 7, 'block'),
    dice.draw(4, 7, 'block'),
    dice.draw(3, 8, 'block'),
    dice.draw(3, 7, 'error'),
  ]) {
    expect(other).not.toBe(first);
  }
});

test('draws are uniform, and neighbours are independent', () => {
  const dice = new Dice(1);
  const tens = new Array(10).fill(0);
  let product = 0;
  const count = 20_000;
  for (let nth = 0; nth < count; nth++) {
    const value = dice.draw(nth % 50, Math.floor(nth / 50), 'block');
    tens[Math.floor(value * 10)]++;
    product += (value - 0.5) * (dice.draw((nth + 1) % 50, Math.floor(nth / 50), 'block') - 0.5);
  }
  for (const seen of tens) expect(Math.abs(seen - count / 10)).toBeLessThan(200);
  expect(Math.abs(product / count)).toBeLessThan(0.003);
});

test('normal draws have mean 0 and deviation 1', () => {
  const dice = new Dice(2);
  const values = Array.from({ length: 20_000 }, (_, nth) => dice.drawNormal(0, nth));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(Math.sqrt(variance) - 1)).toBeLessThan(0.03);
});
