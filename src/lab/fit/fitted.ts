/** An estimated number with its 95 % interval. */
export interface Fitted {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Observations it rests on. */
  readonly count: number;
}

/** A share with the interval of Wilson (1927), which holds for few and for rare events too. */
export function fittedShare(hits: number, count: number): Fitted {
  if (count === 0) return { value: 0, low: 0, high: 1, count };
  const z = 1.96;
  const share = hits / count;
  const center = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half =
    (z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))) /
    (1 + z ** 2 / count);
  return { value: share, low: Math.max(0, center - half), high: Math.min(1, center + half), count };
}

/** Between two sorted neighbours in proportion; `NaN` of nothing. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}

export function sortedNumbers(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Order statistics around the median that hold it with 95 % (binomial, normal approximation). */
export function fittedMedian(values: readonly number[]): Fitted {
  const sorted = sortedNumbers(values);
  const count = sorted.length;
  const half = (1.96 * Math.sqrt(count)) / 2;
  const at = (place: number): number =>
    sorted[Math.min(count - 1, Math.max(0, Math.round(place)))] ?? Number.NaN;
  const middle = (count - 1) / 2;
  return { value: quantile(sorted, 0.5), low: at(middle - half), high: at(middle + half), count };
}
