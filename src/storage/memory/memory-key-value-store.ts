import type { KeyValueRecord, KeyValueStore, StoredValue } from '../key-value-store.ts';
import { checkedName } from '../names.ts';
import { bytesOf, recordOf, type StoredBytes } from '../stored-value.ts';
import type { Lifetime } from './lifetime.ts';

/** Values are kept as bytes, as on disk, so that nobody can change a stored value from outside. */
export class MemoryKeyValueStore implements KeyValueStore {
  readonly name: string;
  readonly #lifetime: Lifetime;
  readonly #records = new Map<string, StoredBytes>();

  constructor(name: string, lifetime: Lifetime) {
    this.name = name;
    this.#lifetime = lifetime;
  }

  async getValue<T = unknown>(key: string): Promise<T | null> {
    return ((await this.getRecord(key))?.value ?? null) as T | null;
  }

  async getRecord(key: string): Promise<KeyValueRecord | null> {
    this.#lifetime.assertOpen();
    const stored = this.#records.get(checkedName('key', key));
    return stored ? recordOf(stored) : null;
  }

  async setValue(
    key: string,
    value: StoredValue | null,
    options: { contentType?: string } = {},
  ): Promise<void> {
    this.#lifetime.assertOpen();
    checkedName('key', key);
    if (value === null) this.#records.delete(key);
    else this.#records.set(key, bytesOf(value, options.contentType));
  }

  async *keys(
    options: { prefix?: string; exclusiveStartKey?: string } = {},
  ): AsyncIterable<string> {
    this.#lifetime.assertOpen();
    const { prefix = '', exclusiveStartKey } = options;
    const start = exclusiveStartKey === undefined ? undefined : Buffer.from(exclusiveStartKey);
    const found = [...this.#records.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .filter(({ bytes }) => start === undefined || bytes.compare(start) > 0)
      // By UTF-8 bytes, as SQLite orders text; UTF-16 order differs beyond the basic plane.
      .sort((a, b) => a.bytes.compare(b.bytes));
    for (const { key } of found) yield key;
  }

  async drop(): Promise<void> {
    this.#lifetime.assertOpen();
    this.#records.clear();
  }
}
