import type { Ledger } from './ledger.ts';
import type { Roster } from './roster.ts';

/** Keys remembered for `sessionKey`; the oldest are forgotten. */
const MAX_KEYS = 10_000;
/** So many of them are saved with a session; the oldest are left out. */
const MAX_KEYS_SAVED = 100;

/** Which session a `sessionKey` means. */
export class SessionKeys {
  readonly #ledger: Ledger;
  readonly #roster: Roster;
  readonly #idOfKey = new Map<string, string>();

  constructor(ledger: Ledger, roster: Roster) {
    this.#ledger = ledger;
    this.#roster = roster;
  }

  idOf(key: string): string | undefined {
    return this.#idOfKey.get(key);
  }

  note(key: string, id: string): void {
    if (this.#idOfKey.size >= MAX_KEYS) {
      this.#idOfKey.delete(this.#idOfKey.keys().next().value as string);
    }
    this.#idOfKey.set(key, id);
    const slot = this.#roster.slotOf(id);
    if (slot === -1) return;
    const { keys } = this.#ledger.table;
    keys.set(slot, [...(keys.get(slot) ?? []), key].slice(-MAX_KEYS_SAVED));
    this.#ledger.noteCold(slot);
  }

  /** A restored session is meant by the same keys as before. */
  restore(slot: number): void {
    const { keys, ids } = this.#ledger.table;
    for (const key of keys.get(slot) ?? []) this.#idOfKey.set(key, ids[slot] as string);
  }
}
