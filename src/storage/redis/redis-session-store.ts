import type {
  SessionChanges,
  SessionHotRow,
  SessionStore,
  StoredSession,
} from '../session-store.ts';
import type { RedisLink } from './redis-link.ts';
import { SESSION_FORGET, SESSION_LOAD, SESSION_QUARANTINE, SESSION_SAVE } from './scripts.ts';
import { storeKeys } from './store-keys.ts';

const DEFAULT_BATCH_SIZE = 500;
/** Ids in one call: the server does nothing else meanwhile, for a millisecond or two. */
const CHUNK = 1000;

const PARTS = ['hot', 'cold', 'retired', 'reasons', 'quarantine'] as const;

/**
 * Two hashes, of what changes at every use and of all else; a session is live once it is in both. Retired ids stand
 * in a sorted set, by time. What is put aside stays in a hash of its own, as JSON.
 */
export class RedisSessionStore implements SessionStore {
  readonly name: string;
  readonly #link: RedisLink;
  readonly #keys: Readonly<Record<(typeof PARTS)[number], string>>;

  constructor(name: string, link: RedisLink, prefix: string) {
    this.name = name;
    this.#link = link;
    this.#keys = storeKeys(prefix, 'pool', name, PARTS);
  }

  /** A session may come twice while others are added meanwhile. */
  async *load(options: { batchSize?: number } = {}): AsyncIterable<readonly StoredSession[]> {
    const batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
    const corruptIds: string[] = [];
    let batch: StoredSession[] = [];
    let cursor = '0';
    do {
      const args = { cursor, count: String(Math.min(batchSize, CHUNK)) };
      const reply = await this.#link.script(SESSION_LOAD, this.#keys, () => args);
      const [next, ...fields] = reply as [string, ...string[]];
      for (let at = 0; at < fields.length; at += 3) {
        const [id = '', hot = '', body = ''] = fields.slice(at, at + 3);
        const row = hotRowOf(id, hot);
        if (row) batch.push({ hot: row, body });
        else corruptIds.push(id);
      }
      for (; batch.length >= batchSize; batch = batch.slice(batchSize)) {
        yield batch.slice(0, batchSize);
      }
      cursor = next;
    } while (cursor !== '0');
    if (batch.length > 0) yield batch;
    await this.#quarantineCorrupt(corruptIds);
  }

  /** One call, however large the changes are: others see all of them or nothing. */
  async save({ hot, cold, retired }: SessionChanges): Promise<void> {
    const items = [
      ...retired.map(({ id, reason, retiredAt }) => ({
        part: 'retired',
        id,
        text: reason,
        retiredAt: String(retiredAt),
      })),
      ...hot.map((row) => ({ part: 'hot', id: row.id, text: hotText(row), retiredAt: '' })),
      ...cold.map(({ id, body }) => ({ part: 'cold', id, text: body, retiredAt: '' })),
    ];
    if (items.length === 0) return;
    await this.#link.script(SESSION_SAVE, this.#keys, () => ({}), items);
  }

  async quarantine(id: string, reason: string): Promise<void> {
    await this.#link.script(SESSION_QUARANTINE, this.#keys, () => ({ id, reason }));
  }

  async forgetRetired(before: number): Promise<void> {
    const args = { before: String(before), limit: String(CHUNK) };
    let count: unknown;
    do {
      count = await this.#link.script(SESSION_FORGET, this.#keys, () => args);
    } while (count === CHUNK);
  }

  async drop(): Promise<void> {
    await this.#link.command(this.#keys.hot, ['UNLINK', ...Object.values(this.#keys)]);
  }

  async #quarantineCorrupt(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) await this.quarantine(id, 'its numbers are unreadable');
    this.#link.log.warning(
      `${ids.length} unreadable sessions of "${this.name}" in ${this.#link.address} were put aside, in ${this.#keys.quarantine}`,
      { ids: ids.slice(0, 10) },
    );
  }
}

function hotText(row: SessionHotRow): string {
  const { usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep } = row;
  return [usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep].join(' ');
}

/** `undefined` when the text is not what {@link hotText} writes. */
function hotRowOf(id: string, text: string): SessionHotRow | undefined {
  const numbers = text.split(' ').map(Number);
  if (numbers.length !== 5 || !numbers.every(Number.isFinite)) return undefined;
  const [usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep] = numbers as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { id, usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep };
}
