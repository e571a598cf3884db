const NEGLIGIBLE = 2000;

/** What is left of something after `elapsedMs`, as a share: half of it after each half-life. */
export function decayed(elapsedMs: number, halfLifeMs: number): number {
  // Also where the clock was set back; and where it would change nothing worth an exponential.
  if (elapsedMs * NEGLIGIBLE < halfLifeMs) return 1;
  return Math.exp((-Math.LN2 * elapsedMs) / halfLifeMs);
}
