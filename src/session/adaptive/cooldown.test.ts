import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Cooldown } from './cooldown.ts';

const cooldown = () => new Cooldown(ADAPTIVE_DEFAULTS.cooldown, new SeededRandom(1));

describe('Cooldown', () => {
  it('lets an address rest for as long as bans were seen to last', () => {
    const learnt = cooldown();
    learnt.noteReturn(60_000, 150_000);
    learnt.noteReturn(110_000, 180_000);
    for (let n = 0; n < 100; n++) {
      const restMs = learnt.banMs(1, 0.9, false, 0);
      expect(restMs).toBeGreaterThan(110_000);
      expect(restMs).toBeLessThanOrEqual(150_000);
    }
    expect(learnt.banMs(2, 0.9, false, 140_000)).toBeLessThanOrEqual(10_000);
  });

  it('does not rest an address for long where blocks seldom stick', () => {
    const learnt = cooldown();
    learnt.noteReturn(110_000, 150_000);
    expect(learnt.banMs(1, 0.2, false, 0)).toBeLessThanOrEqual(4000);
  });

  it('probes again after half of the time it has waited already, whatever its guess', () => {
    const unknowing = cooldown();
    for (let n = 0; n < 100; n++) {
      const restMs = unknowing.banMs(5, 0.9, false, 100_000);
      expect(restMs).toBeGreaterThanOrEqual(25_000);
      expect(restMs).toBeLessThanOrEqual(50_000);
    }
  });

  it('learns from a probe only when it came out otherwise than guessed', () => {
    const guessing = cooldown();
    guessing.noteProbe(false, 10_000);
    guessing.noteProbe(true, 30_000);
    expect(guessing.banSecs).toBe(20);
    guessing.noteProbe(false, 30_000);
    expect(guessing.banSecs).toBeCloseTo(21, 10);
    guessing.noteProbe(true, 10_000);
    expect(guessing.banSecs).toBeCloseTo(21 * 0.95, 10);
  });

  it('says when others need not rest as long as it seemed', () => {
    const learnt = cooldown();
    expect(learnt.latestEndMs(1000)).toBe(Number.POSITIVE_INFINITY);
    expect(learnt.noteReturn(60_000, 150_000)).toBe(true);
    expect(learnt.noteReturn(110_000, 180_000)).toBe(false);
    expect(learnt.latestEndMs(1000)).toBe(150_000);
    expect(learnt.latestEndMs(170_000)).toBe(170_000);
  });

  it('believes what it saw last where bans no longer last as long', () => {
    const learnt = cooldown();
    learnt.noteReturn(110_000, 150_000);
    learnt.noteReturn(10_000, 30_000);
    expect(learnt.banMs(1, 0.9, false, 0)).toBeLessThanOrEqual(30_000);
  });
});
