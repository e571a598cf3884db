import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Drift } from './drift.ts';

/** A ban is paid for in a hundred seconds. */
const WAIT_MS = 100_000;

/** What one second makes of a rate that has been quiet for so long. */
function factorAfter(quietSecs: number): number {
  const drift = new Drift(ADAPTIVE_DEFAULTS.search);
  drift.factor(1_000_000, 0, WAIT_MS);
  return drift.factor(1_001_000, quietSecs * 1000, WAIT_MS);
}

describe('Drift', () => {
  it('leaves the rate as it is until half of what a ban costs has been earned', () => {
    expect(factorAfter(49)).toBe(1);
    expect(factorAfter(50)).toBeGreaterThan(1);
  });

  it('then goes up by 2 % a minute, ever faster once more than that has been earned, and by 30 % at most', () => {
    expect(factorAfter(50)).toBeCloseTo(1 + 0.02 / 60, 10);
    expect(factorAfter(150)).toBeCloseTo(1 + 0.02 / 60, 10);
    expect(factorAfter(270)).toBeCloseTo(1 + 0.04 / 60, 10);
    expect(factorAfter(10_000)).toBeCloseTo(1 + 0.3 / 60, 10);
  });

  it('takes no more than a second of a time without successes', () => {
    const drift = new Drift(ADAPTIVE_DEFAULTS.search);
    drift.factor(1_000_000, 0, 0);
    expect(drift.factor(1_060_000, 0, 0)).toBeCloseTo(1 + 0.02 / 60, 10);
  });
});
