/** A mean and how far it may be off: half the width of its 95 % confidence interval. */
export interface Estimate {
  readonly mean: number;
  /** `null` when there is only one value, so that nothing is known about the spread. */
  readonly halfWidth: number | null;
  readonly count: number;
}

/** Student's t at 97.5 %, by degrees of freedom from 1; NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2. */
const T_TABLE = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];
/** For more of them, within 0.3 %. */
const tBeyond = (degrees: number): number => 1.96 + 2.46 / degrees;

/** Mean of independent values with Student's interval. `null` without a value. */
export function estimate(values: readonly number[]): Estimate | null {
  const count = values.length;
  if (count === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, halfWidth: null, count };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const t = T_TABLE[count - 2] ?? tBeyond(count - 1);
  return { mean, halfWidth: t * Math.sqrt(variance / count), count };
}
