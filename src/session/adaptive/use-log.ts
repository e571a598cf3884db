import type { Use } from './use.ts';

/** The last leases, of all sessions, with what came of them: bounded, the oldest goes first. */
export class UseLog {
  readonly #ring: Use[] = [];
  readonly #maxUses: number;
  #next = 0;

  constructor(maxUses: number) {
    this.#maxUses = maxUses;
  }

  add(use: Use): void {
    this.#ring[this.#next] = use;
    this.#next = (this.#next + 1) % this.#maxUses;
  }

  /** Those of one session, oldest first. */
  of(slot: number, generation: number): readonly Use[] {
    const ordered = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return ordered.filter((use) => use.slot === slot && use.generation === generation);
  }
}
