import type { Random } from '../../core/random.ts';

/**
 * Draws from Beta distributions, with nothing allocated: the ratio of two gammas, each by Marsaglia and Tsang,
 * "A simple method for generating gamma variables" (2000), normals by Marsaglia's polar method. Exact.
 */
export class BetaSampler {
  readonly #random: Random;
  #spare = Number.NaN;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `a` and `b` are above 0. */
  beta(a: number, b: number): number {
    const x = this.#gamma(a);
    const y = this.#gamma(b);
    return x + y > 0 ? x / (x + y) : a / (a + b);
  }

  #gamma(shape: number): number {
    // Γ(a) is Γ(a + 1)·U^(1/a), which serves the shapes below 1 that the method itself does not.
    if (shape < 1) return this.#gammaFromOne(shape + 1) * this.#uniform() ** (1 / shape);
    return this.#gammaFromOne(shape);
  }

  #gammaFromOne(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.#normal();
      const t = 1 + c * x;
      if (t <= 0) continue;
      const v = t * t * t;
      const u = this.#uniform();
      const square = x * x;
      if (u < 1 - 0.0331 * square * square) return d * v;
      if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
    }
  }

  #normal(): number {
    const spare = this.#spare;
    if (!Number.isNaN(spare)) {
      this.#spare = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.#random.next() - 1;
      const y = 2 * this.#random.next() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * factor;
      return x * factor;
    }
  }

  /** In (0, 1]: its logarithm is finite. */
  #uniform(): number {
    return 1 - this.#random.next();
  }
}
