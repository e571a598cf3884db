import { createHash } from 'node:crypto';
import type { Absence } from '../../storage/session-hands.ts';

/** Generations of a key's session that are looked up in one call. */
const CHUNK = 8;
/** Keys whose present generation is remembered. */
const MAX_KEYS = 10_000;

/** What is needed to find, or make, the session of a key. */
export interface KeySessionsOwner {
  /** Of sessions that are not in the hand. Those that are free are in it then. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, Absence>>;
  /**
   * Makes a session of this id, and tells the store: the id, or that which the user's function chose instead; `null`
   * where another worker was first, `undefined` where none can be made.
   */
  create(id: string): Promise<string | null | undefined>;
  isHeld(id: string): boolean;
}

/**
 * The session of a `sessionKey`, the same for all workers: its id follows from the key, and from how many sessions of
 * that key have retired. So whoever comes first makes it, and the others find it.
 */
export class KeySessions {
  readonly #owner: KeySessionsOwner;
  /** So many sessions of a key have retired, as far as is known. */
  readonly #generations = new Map<string, number>();

  constructor(owner: KeySessionsOwner) {
    this.#owner = owner;
  }

  /** `undefined` where none is alive, and there is no place for one. */
  async idFor(key: string): Promise<string | undefined> {
    const name = `key_${createHash('sha256').update(key).digest('base64url').slice(0, 22)}`;
    for (let generation = this.#generations.get(key) ?? 0; ; ) {
      const ids = Array.from({ length: CHUNK }, (_, index) => idOf(name, generation + index));
      const absent = await this.#owner.find(ids);
      const retired = ids.findIndex((id) => absent.get(id) !== 'retired');
      generation += retired === -1 ? CHUNK : retired;
      this.#note(key, generation);
      if (retired === -1) continue;
      const id = idOf(name, generation);
      if (this.#owner.isHeld(id) || absent.get(id) === 'held') return id;
      const made = await this.#owner.create(id);
      if (made !== null) return made;
    }
  }

  #note(key: string, generation: number): void {
    if (this.#generations.size >= MAX_KEYS) {
      this.#generations.delete(this.#generations.keys().next().value as string);
    }
    this.#generations.set(key, generation);
  }
}

function idOf(name: string, generation: number): string {
  return generation === 0 ? name : `${name}_${generation}`;
}
