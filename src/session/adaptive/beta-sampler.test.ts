import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { BetaSampler } from './beta-sampler.ts';
import { PairTable } from './pair-table.ts';
import { Prediction } from './prediction.ts';
import { ProxyBook } from './proxy-book.ts';

const DRAWS = 20_000;

/** Largest distance between two empirical distributions (Kolmogorov and Smirnov). */
function distance(a: number[], b: number[]): number {
  const left = [...a].sort((x, y) => x - y);
  const right = [...b].sort((x, y) => x - y);
  let i = 0;
  let j = 0;
  let most = 0;
  while (i < left.length && j < right.length) {
    if ((left[i] as number) <= (right[j] as number)) i++;
    else j++;
    most = Math.max(most, Math.abs(i / left.length - j / right.length));
  }
  return most;
}

function draws(draw: () => number): number[] {
  return Array.from({ length: DRAWS }, draw);
}

function exactGamma(shape: number, random: SeededRandom): number {
  if (shape < 1) return exactGamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const u = 1 - random.next();
    const x = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random.next());
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return d * v;
    }
  }
}

describe('BetaSampler', () => {
  it.each([
    [0.4, 3.6],
    [1, 1],
    [3.8, 0.2],
    [50, 3],
  ])('has the mean and the variance of Beta(%d, %d)', (a, b) => {
    const sampler = new BetaSampler(new SeededRandom(7));
    const values = draws(() => sampler.beta(a, b));
    const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS;
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expect(mean).toBeCloseTo(a / (a + b), 1.8);
    expect(variance / expected).toBeGreaterThan(0.85);
    expect(variance / expected).toBeLessThan(1.15);
  });

  it('follows the gammas of Marsaglia and Tsang, which are exact, at every shape it meets', () => {
    const random = new SeededRandom(5);
    const sampler = new BetaSampler(random);
    for (const [a, b] of [
      [0.2, 3.8],
      [3.6, 0.4],
      [1, 9],
      [40, 2],
    ] as const) {
      const exact = draws(() => {
        const x = exactGamma(a, random);
        return x / (x + exactGamma(b, random));
      });
      expect(
        distance(
          draws(() => sampler.beta(a, b)),
          exact,
        ),
      ).toBeLessThan(0.045);
    }
  });

  it('is uniform for Beta(1, 1), and follows the known distribution of Beta(3, 1)', () => {
    const random = new SeededRandom(8);
    const sampler = new BetaSampler(random);
    expect(
      distance(
        draws(() => sampler.beta(1, 1)),
        draws(() => random.next()),
      ),
    ).toBeLessThan(0.035);
    // The distribution function of Beta(3, 1) is x³.
    const exact = draws(() => random.next() ** (1 / 3));
    expect(
      distance(
        draws(() => sampler.beta(3, 1)),
        exact,
      ),
    ).toBeLessThan(0.035);
  });
});

describe('Prediction', () => {
  it.each([
    { good: 0, bad: 0, proxyGood: 0, proxyBad: 0 },
    { good: 30, bad: 1, proxyGood: 30, proxyBad: 0 },
    { good: 2, bad: 6, proxyGood: 8, proxyBad: 0 },
    { good: 1, bad: 0, proxyGood: 1, proxyBad: 3 },
  ])('draws as from the product of both Betas: %o', ({ good, bad, proxyGood, proxyBad }) => {
    const sampler = new BetaSampler(new SeededRandom(9));
    const pairs = new PairTable(100, () => {});
    const proxies = new ProxyBook(10);
    proxies.enter(0, 'http://proxy');
    const pair = pairs.add(1, 1);
    const prediction = new Prediction({ pairs, proxies, sampler }, ADAPTIVE_DEFAULTS.evidence);
    pairs.good.set(pair, good);
    pairs.bad.set(pair, bad);
    proxies.good.set(0, proxyGood);
    proxies.bad.set(0, proxyBad);
    prediction.suppose(0.9, 0);
    prediction.weigh(pair, 0);
    const drawn = draws(() => prediction.draw());
    const exact = draws(
      () => sampler.beta(good + 3.6, bad + 0.4) * sampler.beta(proxyGood + 3.6, proxyBad + 0.4),
    );
    expect(distance(drawn, exact)).toBeLessThan(0.06);
  });

  it('halves what it knows of an address in half an hour, and of a proxy in ten minutes', () => {
    const sampler = new BetaSampler(new SeededRandom(9));
    const pairs = new PairTable(100, () => {});
    const proxies = new ProxyBook(10);
    proxies.enter(0, 'http://proxy');
    const pair = pairs.add(1, 1);
    const prediction = new Prediction({ pairs, proxies, sampler }, ADAPTIVE_DEFAULTS.evidence);
    prediction.learnPair(pair, 0, 8, 1000);
    prediction.learnPair(pair, 0, 0, 1000 + 1_800_000);
    expect(pairs.bad.get(pair)).toBeCloseTo(4, 6);
    prediction.learnProxy(0, 8, 0, 1000);
    prediction.learnProxy(0, 0, 0, 1000 + 600_000);
    expect(proxies.good.get(0)).toBeCloseTo(4, 6);
  });

  it('believes of new proxies what the proxies before them were like', () => {
    const sampler = new BetaSampler(new SeededRandom(9));
    const pairs = new PairTable(100, () => {});
    const proxies = new ProxyBook(100);
    const prediction = new Prediction({ pairs, proxies, sampler }, ADAPTIVE_DEFAULTS.evidence);
    for (let n = 0; n < 20; n++) proxies.enter(n, `http://proxy-${n}`);
    const before = prediction.mean(-1, 19, 0.95, 1000);
    for (let n = 0; n < 16; n++) prediction.learnProxy(n, 0, 1, 1000);
    expect(prediction.mean(-1, 19, 0.95, 1000)).toBeLessThan(before / 3);
  });
});
