import { describe, expect, it } from 'vitest';
import { FleetWord } from './fleet-word.ts';

const NOW = 1_000_000;
const DOWN = { isDown: true, probe: 0, handsCount: 3 };

describe('the word of a fleet', () => {
  it('lets a probe out only with leave, and one with each', () => {
    const word = new FleetWord();
    word.hear(DOWN);
    expect(word.refusesUntil(NOW, 0, false)).toBeGreaterThan(NOW);
    word.hear({ ...DOWN, probe: 7 });
    expect(word.refusesUntil(NOW, NOW + 9000, false)).toBe(0);
    word.noteProbe();
    word.hear({ ...DOWN, probe: 7 });
    expect(word.refusesUntil(NOW, 0, false)).toBeGreaterThan(NOW);
    word.hear({ ...DOWN, probe: 8 });
    expect(word.refusesUntil(NOW, 0, false)).toBe(0);
    word.hear(DOWN);
    expect(word.refusesUntil(NOW, 0, false)).toBeGreaterThan(NOW);
  });

  it('leaves a worker to itself that is alone, that has answers, or that hears of no outage', () => {
    const word = new FleetWord();
    expect(word.refusesUntil(NOW, 0, false)).toBe(0);
    word.hear({ ...DOWN, handsCount: 1 });
    expect(word.refusesUntil(NOW, NOW + 9000, false)).toBe(NOW + 9000);
    word.hear(DOWN);
    expect(word.refusesUntil(NOW, NOW + 9000, true)).toBe(NOW + 9000);
    word.hear({ ...DOWN, isDown: false });
    expect(word.refusesUntil(NOW, 0, false)).toBe(0);
  });

  it('tells the end of an outage once, and who still waits for it', () => {
    const word = new FleetWord();
    expect(word.hear(DOWN)).toBe(false);
    word.refusesUntil(NOW, 0, false);
    expect(word.isAsked(NOW + 2000)).toBe(true);
    expect(word.isAsked(NOW + 2001)).toBe(false);
    expect(word.hear({ ...DOWN, isDown: false })).toBe(true);
    expect(word.hear({ ...DOWN, isDown: false })).toBe(false);
  });
});
