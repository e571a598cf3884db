/** What is left of something after `elapsedMs`, as a share: half of it after each half-life. */
export function decayed(elapsedMs: number, halfLifeMs: number): number {
  // The clock may have been set back.
  return elapsedMs > 0 ? Math.exp((-Math.LN2 * elapsedMs) / halfLifeMs) : 1;
}
