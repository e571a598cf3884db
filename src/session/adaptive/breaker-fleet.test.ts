import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Breaker } from './breaker.ts';

const NOW = 1_000_000;
const DOWN = { isDown: true, probe: 0, handsCount: 4 };
const UP = { ...DOWN, isDown: false };

function breaker(): Breaker {
  return new Breaker(ADAPTIVE_DEFAULTS.breaker);
}

function foundDown(): Breaker {
  const found = breaker();
  for (let serial = 1; serial <= 8; serial++) {
    found.noteBad(NOW, 1, 0.95, { serial, inAll: 50 }, { inFlight: 9, sentAt: NOW - 100 });
  }
  return found;
}

describe('a breaker in a fleet', () => {
  it('opens by the word of others, once, and says that it found nothing itself', () => {
    const follower = breaker();
    expect(follower.hear(DOWN, NOW, 9)).toBe(true);
    expect(follower.hear(DOWN, NOW + 1000, 9)).toBe(false);
    expect(follower.state).toBe('open');
    expect(follower.foundDownAt).toBeUndefined();
    expect(foundDown().foundDownAt).toBe(NOW);
  });

  it('goes on by the word of others, with its share of the first load', () => {
    const follower = breaker();
    follower.hear(DOWN, NOW, 9);
    follower.hear(UP, NOW + 1000, 0);
    expect(follower.state).toBe('ramping');
    expect(follower.refusesUntil(NOW + 1000, 0)).toBe(0);
    expect(follower.refusesUntil(NOW + 1000, 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('that found the outage itself asks at once when others have answers, and one of its own is enough', () => {
    const finder = foundDown();
    finder.hear(DOWN, NOW + 1000, 0);
    expect(finder.refusesUntil(NOW + 60_000, 0)).toBeGreaterThan(NOW + 60_000);
    finder.hear(UP, NOW + 61_000, 0);
    expect(finder.state).toBe('open');
    expect(finder.refusesUntil(NOW + 61_000, 0)).toBe(0);
    expect(finder.noteAttempt(NOW + 61_000)).toBe(true);
    finder.noteProbe(NOW + 61_100, true, NOW + 61_000);
    expect(finder.state).toBe('ramping');
    expect(finder.lastGoodSentAt).toBe(NOW + 61_000);
  });

  it('that is wrong about the origin keeps its own counsel until it has an answer', () => {
    const finder = foundDown();
    finder.hear(UP, NOW + 1000, 0);
    expect(finder.state).toBe('open');
    expect(finder.refusesUntil(NOW + 1000, 0)).toBe(finder.nextProbeAt);
  });

  it('gives an origin up after eleven minutes, if leases wait for it', () => {
    const idle = breaker();
    const waiting = breaker();
    for (const each of [idle, waiting]) each.hear(DOWN, NOW, 0);
    const end = NOW + 660_000;
    waiting.refusesUntil(end - 1000, 0);
    for (const each of [idle, waiting]) each.hear(DOWN, end, 0);
    expect(idle.state).toBe('open');
    expect(waiting.state).toBe('given up');
    expect(waiting.hear(DOWN, end + 1000, 0)).toBe(false);
    expect(waiting.state).toBe('given up');
  });
});
