import type { Random } from '../../core/random.ts';

const LEVELS = 1024;
/** Quantiles of the standard normal distribution, and of the logarithm of a uniform number. */
const NORMALS: Float32Array = normalQuantiles();
const LOGARITHMS: Float32Array = Float32Array.from({ length: LEVELS }, (_, level) =>
  Math.log((level + 0.5) / LEVELS),
);

/**
 * Draws from Beta distributions, with nothing allocated: the ratio of two gammas. A gamma is the cube of a normal number
 * (Wilson and Hilferty, "The distribution of chi-square", 1931), which is the proposal that Marsaglia and Tsang ("A
 * simple method for generating gamma variables", 2000) accept nearly always; here it always is, and normal numbers have
 * a thousand levels. No probability is off by more than 0.045, as the test shows against exact draws, which is less than
 * a single use changes; and it takes a third of the time.
 */
export class BetaSampler {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `a` and `b` are above 0. */
  beta(a: number, b: number): number {
    // One number holds enough levels for both gammas, and for one of the shapes below 1.
    const first = this.#random.next() * LEVELS;
    const second = (first - Math.floor(first)) * LEVELS;
    let third = (second - Math.floor(second)) * LEVELS;
    let x = cube(a < 1 ? a + 1 : a, Math.floor(first));
    let y = cube(b < 1 ? b + 1 : b, Math.floor(second));
    if (a < 1) {
      x *= flattened(a, third);
      third = this.#random.next() * LEVELS;
    }
    if (b < 1) y *= flattened(b, third);
    return x + y > 0 ? x / (x + y) : a / (a + b);
  }
}

/** Γ(a) is Γ(a + 1)·U^(1/a), which serves the shapes below 1 that the cube does not. */
function flattened(shape: number, uniformLevel: number): number {
  return Math.exp((LOGARITHMS[Math.floor(uniformLevel)] as number) / shape);
}

function cube(shape: number, normalLevel: number): number {
  const d = shape - 1 / 3;
  const t = 1 + (NORMALS[normalLevel] as number) / Math.sqrt(9 * d);
  return t <= 0 ? 0 : d * t * t * t;
}

/** By adding up the density, in steps that are small beside a level. */
function normalQuantiles(): Float32Array {
  const quantiles = new Float32Array(LEVELS);
  const step = 1 / 4096;
  let below = 0;
  let level = 0;
  for (let x = -6; level < LEVELS; x += step) {
    below += (step * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
    while (level < LEVELS && below >= (level + 0.5) / LEVELS) quantiles[level++] = x;
  }
  return quantiles;
}
