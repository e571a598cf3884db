/** Ids whose retirement by others is remembered, for those who ask for them. */
const MOST_RETIREMENTS = 1000;

/** What is known of sessions that are in no hand any more, and never were in this one. */
export class GoneSessions {
  /** Why. */
  readonly #retired = new Map<string, string>();
  /** Known not to be in the pool, while those who wait for them are told. */
  readonly #absent = new Set<string>();

  /** Whether the store says that no such session lives. */
  has(id: string): boolean {
    return this.#absent.has(id) || this.#retired.has(id);
  }

  isRetired(id: string): boolean {
    return this.#retired.has(id);
  }

  /** Why it retired. */
  reasonOf(id: string): string | undefined {
    return this.#retired.get(id);
  }

  noteRetired(id: string, reason: string): void {
    const known = this.#retired;
    if (known.has(id)) return;
    if (known.size >= MOST_RETIREMENTS) known.delete(known.keys().next().value as string);
    known.set(id, reason);
  }

  /** It may come into being at any time: it counts as gone only while somebody is told. */
  whileAbsent(id: string, tell: () => void): void {
    this.#absent.add(id);
    tell();
    this.#absent.delete(id);
  }
}
