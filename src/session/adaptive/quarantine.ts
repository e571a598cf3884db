import type { RetiredReason } from '../outcome.ts';

/** A session that would retire, while it is open whether it is guilty. */
export interface Suspect {
  readonly slot: number;
  readonly generation: number;
  readonly reason: RetiredReason;
  readonly status: number;
  readonly since: number;
  /** Those who wait for the same origin to be cleared. */
  readonly waitsIn: Set<Suspect>;
  /** What may still clear it. */
  isOriginSuspected: boolean;
  isUrlSuspected: boolean;
}

/** Sessions set aside until it is settled who is to blame: they, or an origin that is down, or a URL. In the order they came. */
export class Quarantine {
  readonly #bySlot = new Map<number, Suspect>();
  readonly #maxMs: number;

  constructor(maxSecs: number) {
    this.#maxMs = maxSecs * 1000;
  }

  get size(): number {
    return this.#bySlot.size;
  }

  /** When the one that has been in longest must come out; `Infinity` when it is empty. */
  get firstEndsAt(): number {
    const oldest = this.#bySlot.size === 0 ? undefined : this.oldest;
    return oldest ? this.endsAt(oldest) : Number.POSITIVE_INFINITY;
  }

  get oldest(): Suspect | undefined {
    return this.#bySlot.values().next().value;
  }

  of(slot: number): Suspect | undefined {
    return this.#bySlot.get(slot);
  }

  /** If nothing settles its case before. */
  endsAt(suspect: Suspect): number {
    return suspect.since + this.#maxMs;
  }

  add(suspect: Suspect): void {
    this.#bySlot.set(suspect.slot, suspect);
  }

  /** Says whether it was in. */
  remove(suspect: Suspect): boolean {
    return this.#bySlot.get(suspect.slot) === suspect && this.#bySlot.delete(suspect.slot);
  }

  leave(slot: number): void {
    this.#bySlot.delete(slot);
  }
}
