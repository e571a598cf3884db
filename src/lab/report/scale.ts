/** Places values between two ends of an axis, and names some round ones among them. */
export interface Scale {
  readonly ticks: readonly number[];
  /** From 0 to 1. */
  place(value: number): number;
}

/** From 0 to a round number at or above `max`. */
export function linearScale(max: number, wantedTicks = 4): Scale {
  const step = roundStep(Math.max(max, 1e-9) / wantedTicks);
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  const top = step * count;
  return {
    ticks: Array.from({ length: count + 1 }, (_, nth) => nth * step),
    place: (value) => value / top,
  };
}

/** Even decades above `least`; everything below it, 0 too, at the beginning. */
export function logScale(least: number, max: number): Scale {
  const from = Math.log10(least);
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(max, least)) - 1e-9));
  return {
    ticks: Array.from({ length: Math.round(to - from) + 1 }, (_, nth) => 10 ** (from + nth)),
    place: (value) => (Math.log10(Math.max(value, least)) - from) / (to - from),
  };
}

export function tickText(value: number): string {
  if (value >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}
