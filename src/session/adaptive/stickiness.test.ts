import { expect, it } from 'vitest';
import { Stickiness } from './stickiness.ts';

it('begins at one half, follows what the next tries came to, and forgets', () => {
  const stickiness = new Stickiness();
  expect(stickiness.share).toBe(0.5);
  for (let n = 0; n < 60; n++) stickiness.note(false);
  expect(stickiness.share).toBeLessThan(0.05);
  for (let n = 0; n < 100; n++) stickiness.note(true);
  expect(stickiness.share).toBeGreaterThan(0.8);
});

it('goes by its terms: how much the beginning weighs, and how many tries are remembered', () => {
  const sure = new Stickiness({ priorTries: 9, memory: 2 });
  sure.note(true);
  expect(sure.share).toBe(0.55);
  sure.note(true);
  sure.note(true);
  expect(sure.tries).toBe(2);
});
