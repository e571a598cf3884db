/**
 * What an address does for the others at an origin. Addresses of one /24 have the same role, since a limit may be
 * theirs together.
 */
export const SCOUT = 1;
export const EXPLORER = 2;
export const FOLLOWER = 3;

/** Of an address whose network answered as the n-th, from 0 on: of each `groups` networks one scouts and one explores. */
export function roleOf(network: number, groups: number): number {
  const nth = network % groups;
  if (nth === 0) return SCOUT;
  return nth === 1 ? EXPLORER : FOLLOWER;
}
