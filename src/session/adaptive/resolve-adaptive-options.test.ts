import { expect, test } from 'vitest';
import { openPool } from '../../../test/support/session-pools.ts';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { resolveAdaptiveOptions } from './resolve-adaptive-options.ts';

test('what is left out has its default, and the defaults cannot be changed', () => {
  const options = resolveAdaptiveOptions({ pick: { candidates: 4 } });
  expect(options.pick).toEqual({ ...ADAPTIVE_DEFAULTS.pick, candidates: 4 });
  expect(options.breaker).toEqual(ADAPTIVE_DEFAULTS.breaker);
  expect(resolveAdaptiveOptions()).toEqual(ADAPTIVE_DEFAULTS);
  expect(Object.values(ADAPTIVE_DEFAULTS).every((group) => Object.isFrozen(group))).toBe(true);
});

test('errors name the option and what came', () => {
  expect(() => resolveAdaptiveOptions({ pick: { candidates: 0 } })).toThrow(
    'Expected `pick.candidates` to be an integer from 1 to 64, got `0` (number)',
  );
  expect(() => resolveAdaptiveOptions({ pacing: { firstcut: 1 } as never })).toThrow(
    'Unknown option `pacing.firstcut` in adaptive; did you mean `firstCut`?',
  );
  expect(() => resolveAdaptiveOptions({ cooldown: { banSecs: 600 } })).toThrow(
    'Expected `adaptive.cooldown.maxBanSecs` to be a number ≥ `banSecs` (600), got `300` (number)',
  );
});

test('a pool names the whole path', async () => {
  await expect(
    openPool({ selection: 'adaptive', adaptive: { breaker: { threshold: -1 } } }),
  ).rejects.toThrow('Expected `adaptive.breaker.threshold` to be a number ≥ 0.001, got `-1`');
});
