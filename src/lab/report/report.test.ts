import { expect, test } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { findPolicy } from '../policies/find-policy.ts';
import { runLab } from '../simulation/run-lab.ts';
import { resolveWorld } from '../worlds/resolve-world.ts';
import { compareRuns } from './comparison.ts';
import { type Estimate, estimate } from './estimate.ts';
import { labPage } from './page.ts';
import { linearScale, logScale } from './scale.ts';

test('an estimate is Student’s interval: known values', () => {
  const { mean, halfWidth } = estimate([1, 2, 3, 4, 5]) as Estimate;
  expect(mean).toBe(3);
  expect(halfWidth).toBeCloseTo(2.776 * Math.sqrt(2.5 / 5), 6);
  expect(estimate([7])).toEqual({ mean: 7, halfWidth: null, count: 1 });
  expect(estimate([])).toBeNull();
});

test('95 % of the intervals hold the truth', () => {
  const random = new SeededRandom(4);
  let held = 0;
  for (let trial = 0; trial < 2_000; trial++) {
    const values = Array.from({ length: 12 }, () => random.next() + random.next());
    const { mean, halfWidth } = estimate(values) as Estimate;
    if (Math.abs(mean - 1) <= (halfWidth as number)) held++;
  }
  expect(held / 2_000).toBeGreaterThan(0.93);
  expect(held / 2_000).toBeLessThan(0.97);
});

test('policies are compared seed by seed', async () => {
  const world = resolveWorld({
    name: 'limited',
    durationSecs: 60,
    proxies: [{ count: 5 }],
    site: { rateLimit: { perSec: 1 } },
    crawl: { slots: 10 },
  });
  const policies = await Promise.all(
    ['random', 'random-true-delay', 'oracle-goodput'].map(findPolicy),
  );
  const runs = await runLab({ worlds: [world], policies, seeds: [1, 2, 3] });
  const [report] = compareRuns(runs);
  const [random, delayed, oracle] = report?.policies ?? [];
  expect(oracle?.ofOracle).toEqual({ mean: 1, halfWidth: 0, count: 3 });
  expect(random?.ofRandom).toEqual({ mean: 1, halfWidth: 0, count: 3 });
  expect(random?.waste.mean).toBeGreaterThan(1);
  expect(delayed?.wasteOfRandom).toBeLessThan(0.2);
  expect(oracle?.secsToHalf?.mean).toBeCloseTo(30, -1);
  expect(oracle?.series.delivered.at(-1)).toBeCloseTo((oracle?.goodput.mean ?? 0) * 60, 6);
});

test('the page loads nothing, and shows names as text', async () => {
  const name = '<img src=x onerror=alert(1)>';
  const world = resolveWorld({ name, durationSecs: 30, proxies: [{ count: 2 }] });
  const policies = [await findPolicy('random'), await findPolicy('oracle-goodput')];
  const runs = await runLab({ worlds: [world], policies, seeds: [1] });
  const page = labPage({ worlds: [world], policies, seeds: [1], reports: compareRuns(runs) });
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(page).not.toContain('<img');
  expect(page).not.toMatch(/(?:src|href)="(?!#)/);
  expect(page).not.toMatch(/https?:\/\/|@import|url\(/);
  expect(page).not.toMatch(/NaN|Infinity|undefined/);
  expect(page.match(/<svg /g)).toHaveLength(4);
});

test('axes end at round numbers at or above what they show', () => {
  expect(linearScale(19.4).ticks).toEqual([0, 5, 10, 15, 20]);
  expect(linearScale(0).ticks[0]).toBe(0);
  expect(logScale(0.001, 23).ticks).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
  expect(logScale(0.001, 23).place(0)).toBe(0);
});
