import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Drift } from './drift.ts';

/** What one second makes of a rate that has been quiet for so long. */
function factorAfter(quietSecs: number): number {
  const drift = new Drift(ADAPTIVE_DEFAULTS.search);
  drift.factor(1_000_000, 0);
  return drift.factor(1_001_000, quietSecs * 1000);
}

describe('Drift', () => {
  it('goes up by 2 % a minute, from three minutes on ever faster, and by 30 % at most', () => {
    expect(factorAfter(1)).toBeCloseTo(1 + 0.02 / 60, 10);
    expect(factorAfter(180)).toBeCloseTo(1 + 0.02 / 60, 10);
    expect(factorAfter(300)).toBeCloseTo(1 + 0.04 / 60, 10);
    expect(factorAfter(10_000)).toBeCloseTo(1 + 0.3 / 60, 10);
  });

  it('takes no more than a second of a time without successes', () => {
    const drift = new Drift(ADAPTIVE_DEFAULTS.search);
    drift.factor(1_000_000, 0);
    expect(drift.factor(1_060_000, 0)).toBeCloseTo(1 + 0.02 / 60, 10);
  });
});
