const FIRST_STRIDE = 8;

/** What to claim next, and where it goes. */
export interface ClaimPlan {
  readonly limit: number;
  readonly place: 'first' | 'last';
}

/**
 * Requests claimed ahead of need, in the order they will be handed out, and how many to claim next. The stride
 * doubles while the store has plenty, so a short queue shared by several processes is not emptied by one of them.
 *
 * Requests put to the forefront while others lie ready here are claimed before those are touched: `fresh` ones
 * come before everything held, `owed` ones (more than one claim takes) after the forefront part of what is held.
 */
export class LookAhead<Item> {
  #max: number;
  #stride: number;
  #front: Item[] = [];
  #rest: Item[] = [];
  #fresh = 0;
  #owed = 0;

  constructor(max: number) {
    this.#max = max;
    this.#stride = Math.min(FIRST_STRIDE, max);
  }

  get size(): number {
    return this.#front.length + this.#rest.length;
  }

  /** Whether {@link take} would be wrong to hand out what is held, because something in the store comes first. */
  get isOvertaken(): boolean {
    return this.#fresh > 0 || (this.#owed > 0 && this.#front.length === 0);
  }

  /** So few are left that the next claim should begin. */
  get isLow(): boolean {
    return this.#rest.length < this.#stride / 2;
  }

  take(): Item | undefined {
    return this.isOvertaken ? undefined : (this.#front.shift() ?? this.#rest.shift());
  }

  /** Nothing more is claimed ahead of need. */
  stop(): void {
    this.#max = 0;
    this.#stride = 0;
  }

  noteForefront(count: number): void {
    this.#fresh += count;
  }

  /** The claim to make when `wanted` takers wait. */
  plan(wanted: number): ClaimPlan {
    const overtaking = this.#fresh > 0 ? this.#fresh : this.isOvertaken ? this.#owed : 0;
    if (overtaking > 0) {
      return { limit: Math.min(overtaking, Math.max(1, this.#max)), place: 'first' };
    }
    return { limit: Math.max(1, wanted + this.#stride - this.size), place: 'last' };
  }

  /** Takes in what the store gave for a plan; `claimedCount` tells how much that was before duplicates were dropped. */
  accept(plan: ClaimPlan, items: readonly Item[], claimedCount: number): void {
    const isShort = claimedCount < plan.limit;
    if (plan.place === 'last') {
      this.#rest.push(...items);
      this.#stride = Math.min(isShort ? FIRST_STRIDE : this.#stride * 2, this.#max);
      return;
    }
    this.#front.unshift(...items);
    this.#owed = isShort ? 0 : Math.max(0, this.#owed + this.#fresh - claimedCount);
    this.#fresh = 0;
  }

  /** What is held of the forefront beyond bounds, taken out; it must go back to the store's forefront. */
  takeExcess(): Item[] {
    const limit = Math.max(1, this.#max);
    if (this.#front.length <= 2 * limit) return [];
    const excess = this.#front.splice(limit);
    this.#owed += excess.length;
    return excess;
  }

  /** Everything, in order. */
  takeAll(): Item[] {
    const all = [...this.#front, ...this.#rest];
    this.#front = [];
    this.#rest = [];
    return all;
  }

  /** @returns whether it was held */
  remove(item: Item): boolean {
    for (const items of [this.#front, this.#rest]) {
      const index = items.indexOf(item);
      if (index === -1) continue;
      items.splice(index, 1);
      return true;
    }
    return false;
  }
}
