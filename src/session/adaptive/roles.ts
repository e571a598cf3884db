import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';

/**
 * What an address does for the others at an origin. Addresses of one /24 have the same role, since a limit may be
 * theirs together.
 */
export const SCOUT = 1;
export const EXPLORER = 2;
export const FOLLOWER = 3;

/** Of more networks than this the numbers they have anywhere else will do. */
const MAX_NETWORKS = 1000;

/** Who scouts, who explores and who follows at one origin: of each so many networks that were let in there one each. */
export class Roles {
  readonly #groups: number;
  readonly #mostInAll: number;
  readonly #roles = new Map<number, number>();
  #count = 0;

  constructor({ groups, mostScouts }: ResolvedAdaptiveOptions['search']) {
    this.#groups = groups;
    this.#mostInAll = mostScouts * groups;
  }

  /** Networks that were let in. */
  get count(): number {
    return this.#count;
  }

  /** An address of the network was let in. */
  of(network: number): number {
    const known = this.#roles.get(network);
    if (known !== undefined) return known;
    if (this.#count >= MAX_NETWORKS) return this.#roleOf(network);
    const role = this.#roleOf(this.#count++);
    this.#roles.set(network, role);
    return role;
  }

  /** The network takes over from explorers that are shut out. */
  recruit(network: number): void {
    this.#roles.set(network, EXPLORER);
  }

  #roleOf(nth: number): number {
    if (nth >= this.#mostInAll) return FOLLOWER;
    const place = nth % this.#groups;
    if (place === 0) return SCOUT;
    return place === 1 ? EXPLORER : FOLLOWER;
  }
}
