import type { KeyValueRecord, KeyValueStore, StoredValue } from '../key-value-store.ts';
import { checkedName } from '../names.ts';
import { bytesOf, recordOf, type StoredBytes } from '../stored-value.ts';
import type { RedisLink } from './redis-link.ts';
import { KEY_VALUE_REMOVE, KEY_VALUE_SET } from './scripts.ts';
import { storeKeys } from './store-keys.ts';

const BATCH_SIZE = 1000;
/** The type code of a text in the protocol: `$`. */
const BLOB_STRING = 36;
const AS_BYTES = { typeMapping: { [BLOB_STRING]: Buffer } };

/** All values in one hash, and their keys in a sorted set, by bytes. */
export class RedisKeyValueStore implements KeyValueStore {
  readonly name: string;
  readonly #link: RedisLink;
  readonly #keys: Readonly<Record<'values' | 'names', string>>;

  constructor(name: string, link: RedisLink, prefix: string) {
    this.name = name;
    this.#link = link;
    this.#keys = storeKeys(prefix, 'values', name, ['values', 'names']);
  }

  async getValue<T = unknown>(key: string): Promise<T | null> {
    return ((await this.getRecord(key))?.value ?? null) as T | null;
  }

  async getRecord(key: string): Promise<KeyValueRecord | null> {
    checkedName('key', key);
    const { values } = this.#keys;
    const stored = await this.#link.command(values, ['HGET', values, key], AS_BYTES);
    return Buffer.isBuffer(stored) ? recordOf(unpacked(stored)) : null;
  }

  async setValue(
    key: string,
    value: StoredValue | null,
    options: { contentType?: string } = {},
  ): Promise<void> {
    checkedName('key', key);
    if (value === null) {
      await this.#link.script(KEY_VALUE_REMOVE, this.#keys, () => ({ key }));
      return;
    }
    const args = { key, value: packed(bytesOf(value, options.contentType)) };
    await this.#link.script(KEY_VALUE_SET, this.#keys, () => args);
  }

  async *keys(
    options: { prefix?: string; exclusiveStartKey?: string } = {},
  ): AsyncIterable<string> {
    const { prefix = '', exclusiveStartKey } = options;
    const isAhead =
      exclusiveStartKey !== undefined &&
      Buffer.compare(Buffer.from(exclusiveStartKey), Buffer.from(prefix)) >= 0;
    let from = isAhead ? `(${exclusiveStartKey}` : `[${prefix}`;
    for (;;) {
      const page = await this.#page(from);
      for (const key of page) {
        // Keys are ordered, so those with the prefix stand together.
        if (!key.startsWith(prefix)) return;
        yield key;
      }
      if (page.length < BATCH_SIZE) return;
      from = `(${page.at(-1)}`;
    }
  }

  async drop(): Promise<void> {
    const { values, names } = this.#keys;
    await this.#link.command(values, ['UNLINK', values, names]);
  }

  async #page(from: string): Promise<string[]> {
    const { names } = this.#keys;
    const window = ['LIMIT', '0', String(BATCH_SIZE)];
    const page = await this.#link.command(names, ['ZRANGE', names, from, '+', 'BYLEX', ...window]);
    return page as string[];
  }
}

/** The length of the content type as two bytes, the content type, the value. */
function packed({ bytes, contentType }: StoredBytes): Buffer {
  const type = Buffer.from(contentType);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(type.length);
  return Buffer.concat([length, type, bytes]);
}

function unpacked(stored: Buffer): StoredBytes {
  const start = 2 + stored.readUInt16BE();
  return { contentType: stored.toString('utf8', 2, start), bytes: stored.subarray(start) };
}
