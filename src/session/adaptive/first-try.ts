import type { Random } from '../../core/random.ts';

/** For a part of the rest, within bounds, and a while for each hand. */
const LEFT_SHARE = 0.25;
const SHORTEST_LEFT_MS = 3000;
const LONGEST_LEFT_MS = 20_000;
const LEFT_FOR_EACH_HAND_MS = 1000;

/**
 * So long after a rest that others told of, the first try is left to the one that found out. At random, so that not all
 * try at the same time.
 */
export function leftToOthersMs(restMs: number, handsCount: number, random: Random): number {
  const left = Math.max(SHORTEST_LEFT_MS, Math.min(LONGEST_LEFT_MS, LEFT_SHARE * restMs));
  const spread = Math.min(LONGEST_LEFT_MS, handsCount * LEFT_FOR_EACH_HAND_MS);
  return left + random.next() * spread;
}
