import type {
  RetiredSession,
  SessionChanges,
  SessionHotRow,
  SessionStore,
  StoredSession,
} from '../session-store.ts';
import type { Lifetime } from './lifetime.ts';

interface Parts {
  hot?: SessionHotRow;
  body?: string;
}

/** The two parts of a session arrive apart; it counts as live once both are there. */
export class MemorySessionStore implements SessionStore {
  readonly name: string;
  readonly #lifetime: Lifetime;
  readonly #live = new Map<string, Parts>();
  readonly #retired = new Map<string, RetiredSession>();

  constructor(name: string, lifetime: Lifetime) {
    this.name = name;
    this.#lifetime = lifetime;
  }

  async *load(options: { batchSize?: number } = {}): AsyncIterable<readonly StoredSession[]> {
    this.#lifetime.assertOpen();
    const batchSize = options.batchSize ?? 500;
    let batch: StoredSession[] = [];
    for (const { hot, body } of [...this.#live.values()]) {
      if (hot === undefined || body === undefined) continue;
      batch.push({ hot: { ...hot }, body });
      if (batch.length < batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async save({ hot, cold, retired }: SessionChanges): Promise<void> {
    this.#lifetime.assertOpen();
    for (const row of retired) {
      if (!this.#retired.has(row.id)) this.#retired.set(row.id, { ...row });
      this.#live.delete(row.id);
    }
    for (const row of hot) {
      const parts = this.#partsOf(row.id);
      if (parts) parts.hot = { ...row };
    }
    for (const { id, body } of cold) {
      const parts = this.#partsOf(id);
      if (parts) parts.body = body;
    }
  }

  /** The row is only removed: nobody could look at what was put aside once the process has ended. */
  async quarantine(id: string): Promise<void> {
    this.#lifetime.assertOpen();
    this.#live.delete(id);
  }

  async forgetRetired(before: number): Promise<void> {
    this.#lifetime.assertOpen();
    for (const { id, retiredAt } of this.#retired.values()) {
      if (retiredAt < before) this.#retired.delete(id);
    }
  }

  async drop(): Promise<void> {
    this.#lifetime.assertOpen();
    this.#live.clear();
    this.#retired.clear();
  }

  /** Where a row of this session goes; `undefined` when it is retired for good. */
  #partsOf(id: string): Parts | undefined {
    if (this.#retired.has(id)) return undefined;
    let parts = this.#live.get(id);
    if (!parts) {
      parts = {};
      this.#live.set(id, parts);
    }
    return parts;
  }
}
