import type { SessionHands } from '../session-hands.ts';
import type { SessionChanges, SessionStore, StoredSession } from '../session-store.ts';
import type { RedisLink } from './redis-link.ts';
import { RedisSessionHands } from './redis-session-hands.ts';
import { type SessionKeys, sessionKeys } from './redis-session-keys.ts';
import { SESSION_FORGET, SESSION_LOAD, SESSION_QUARANTINE, SESSION_SAVE } from './scripts.ts';
import { hotRowOf, hotText } from './session-text.ts';
import type { StoreTime } from './store-time.ts';

const DEFAULT_BATCH_SIZE = 500;
/** Ids in one call: the server does nothing else meanwhile, for a millisecond or two. */
const CHUNK = 1000;

export interface RedisSessionStoreOptions {
  readonly link: RedisLink;
  readonly prefix: string;
  readonly time: StoreTime;
}

/**
 * Two hashes, of what changes at every use and of all else; a session is live once it is in both. Retired ids stand
 * in a sorted set, by time. What is put aside stays in a hash of its own, as JSON. Who uses which session is the matter
 * of `hands`; a save asks nobody.
 */
export class RedisSessionStore implements SessionStore {
  readonly name: string;
  readonly hands: SessionHands;
  readonly #link: RedisLink;
  readonly #keys: SessionKeys;
  readonly #time: StoreTime;

  constructor(name: string, { link, prefix, time }: RedisSessionStoreOptions) {
    this.name = name;
    this.#link = link;
    this.#keys = sessionKeys(prefix, name);
    this.#time = time;
    const quarantine = (ids: readonly string[]): Promise<void> => this.#quarantineCorrupt(ids);
    this.hands = new RedisSessionHands({ link, keys: this.#keys, time, quarantine });
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
    const args = (): { now: string } => ({ now: this.#time.argument() });
    await this.#link.script(SESSION_SAVE, this.#keys, args, items);
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
