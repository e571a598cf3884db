import type { Random } from '../core/random.ts';
import { DenseSet } from './dense-set.ts';
import type { Session } from './session.ts';
import { SlotHeap } from './slot-heap.ts';
import { SlotList } from './slot-list.ts';
import type { SlotTable } from './slot-table.ts';

/** Ways of choosing among the sessions that may be used now. */
export const SELECTION_NAMES = [
  'random',
  'round-robin',
  'least-used',
  'use-until-failure',
  'adaptive',
] as const;

export type SelectionName = (typeof SELECTION_NAMES)[number];

/** The sessions a custom policy may choose from. Reading one by index is O(1). */
export interface SelectionCandidates {
  readonly count: number;
  at(index: number): Session;
  /** What the lease is for, when the caller said. */
  readonly url: string | undefined;
  readonly random: Random;
  /** Wall clock, ms. */
  readonly now: number;
}

/** A user's own way of choosing. Called synchronously for each lease; must be quick. */
export interface SelectionPolicy {
  readonly name: string;
  /** Make new sessions until the pool is full (`eager`), or only when none may be used now (`lazy`). @default 'eager' */
  readonly growth?: 'eager' | 'lazy';
  /** One of the candidates, or `null` to wait. There is at least one. */
  pick(candidates: SelectionCandidates): Session | null;
}

/** The sessions that may be leased now, arranged for one way of choosing. */
export interface ReadySet {
  readonly size: number;
  readonly growth: 'eager' | 'lazy';
  has(slot: number): boolean;
  /** `isGood`: its last use did not fail. */
  add(slot: number, isGood: boolean): void;
  remove(slot: number): void;
  /** The chosen slot, still in the set; -1 for none. */
  pick(url: string | undefined): number;
}

export interface ReadySetParts {
  readonly table: SlotTable;
  readonly random: Random;
  readonly now: () => number;
  readonly handleOf: (slot: number) => Session;
  readonly slotOf: (session: Session) => number;
}

export function readySetFor(
  selection: Exclude<SelectionName, 'adaptive'> | SelectionPolicy,
  parts: ReadySetParts,
): ReadySet {
  if (typeof selection !== 'string') return new CustomReady(selection, parts);
  if (selection === 'random') return new RandomReady(parts.random);
  if (selection === 'least-used') return new LeastUsedReady(parts.table);
  return new OrderedReady(selection);
}

/** The ready ones in no particular order, each within reach by its number. */
class DenseReady {
  protected readonly slots = new DenseSet();

  get size(): number {
    return this.slots.size;
  }

  has(slot: number): boolean {
    return this.slots.has(slot);
  }

  add(slot: number): void {
    this.slots.add(slot);
  }

  remove(slot: number): void {
    this.slots.remove(slot);
  }
}

/** Uniform over the ready ones. */
class RandomReady extends DenseReady implements ReadySet {
  readonly growth = 'eager';
  readonly #random: Random;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  pick(): number {
    const { size } = this.slots;
    return size === 0 ? -1 : this.slots.at(Math.floor(this.#random.next() * size));
  }
}

/**
 * `round-robin` takes the one that has been free longest. `use-until-failure` takes the one used last
 * and keeps to it; a failure sends it to the back.
 */
class OrderedReady implements ReadySet {
  readonly growth: 'eager' | 'lazy';
  readonly #list = new SlotList();
  readonly #isSticky: boolean;

  constructor(selection: 'round-robin' | 'use-until-failure') {
    this.#isSticky = selection === 'use-until-failure';
    this.growth = this.#isSticky ? 'lazy' : 'eager';
  }

  get size(): number {
    return this.#list.size;
  }

  has(slot: number): boolean {
    return this.#list.has(slot);
  }

  add(slot: number, isGood: boolean): void {
    if (this.#isSticky && isGood) this.#list.pushFront(slot);
    else this.#list.pushBack(slot);
  }

  remove(slot: number): void {
    this.#list.remove(slot);
  }

  pick(): number {
    return this.#list.first;
  }
}

/** The lowest usage count first. A heap: O(log n) for each lease. */
class LeastUsedReady implements ReadySet {
  readonly growth = 'eager';
  readonly #heap = new SlotHeap();
  readonly #table: SlotTable;

  constructor(table: SlotTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#heap.size;
  }

  has(slot: number): boolean {
    return this.#heap.has(slot);
  }

  add(slot: number): void {
    this.#heap.set(slot, this.#table.usageCount.get(slot));
  }

  remove(slot: number): void {
    this.#heap.remove(slot);
  }

  pick(): number {
    return this.#heap.firstSlot;
  }
}

class CustomReady extends DenseReady implements ReadySet {
  readonly growth: 'eager' | 'lazy';
  readonly #policy: SelectionPolicy;
  readonly #parts: ReadySetParts;

  constructor(policy: SelectionPolicy, parts: ReadySetParts) {
    super();
    this.#policy = policy;
    this.#parts = parts;
    this.growth = policy.growth ?? 'eager';
  }

  pick(url: string | undefined): number {
    const { slots } = this;
    if (slots.size === 0) return -1;
    const { handleOf, slotOf, random, now } = this.#parts;
    const session = this.#policy.pick({
      count: slots.size,
      at: (index) => handleOf(slots.at(index)),
      url,
      random,
      now: now(),
    });
    if (!session) return -1;
    const slot = slotOf(session);
    return slot !== -1 && slots.has(slot) ? slot : -1;
  }
}
