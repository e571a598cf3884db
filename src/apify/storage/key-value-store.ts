import { rm } from 'node:fs/promises';
import { messageOf, OptionError, TroupeError } from '../../core/errors.ts';
import { expectedText } from '../../core/options.ts';
import { actorRun } from '../actor-run.ts';
import { PlatformOnlyError } from '../errors.ts';
import { folderOf, nameToOpen, type OpenOptions } from './local-folder.ts';
import { listRecords, readRecord, removeRecord, writeRecord } from './record-file.ts';

const KEY = /^[a-zA-Z0-9!\-_.'()]{1,256}$/;
const TEXT = /^(?:text\/|application\/(?:[^;]+\+)?(?:xml|javascript)$)/;
const JSON_TYPE = 'application/json; charset=utf-8';

/** Receives one key after the other; its promise is awaited. */
export type KeyConsumer = (key: string, index: number, info: { size: number }) => unknown;

/**
 * Named values, each in a file `key_value_stores/NAME/KEY.EXT` of the local folder; `INPUT` and `OUTPUT` are where
 * actors expect them. New name: `storage.openKeyValueStore()`, or `getKeyValueStore()` in a handler.
 */
export class KeyValueStore {
  readonly id: string;
  readonly name: string;
  readonly #folder: string;

  /** As {@link openKeyValueStore}. */
  constructor(name: string) {
    this.id = name;
    this.name = name;
    this.#folder = folderOf('key_value_stores', name);
  }

  /**
   * JSON parsed, text as a string, all else as a `Buffer`; `null` when there is no such record.
   *
   * @throws TroupeError `TROUPE_NOT_JSON` when the file says it is JSON and is not
   */
  // biome-ignore lint/suspicious/noExplicitAny: documented so; what is stored is the actor's
  async getValue<T = any>(key: string): Promise<T | null> {
    checkKey(key);
    const record = await readRecord(this.#folder, key);
    if (!record) return null;
    if (record.type === 'application/json') return parsed(record.bytes, key) as T;
    return (TEXT.test(record.type) ? record.bytes.toString('utf8') : record.bytes) as T;
  }

  /**
   * Stored as JSON; with a `contentType`, a string or a `Buffer` as it is. `null` removes the record.
   *
   * @throws OptionError, TroupeError `TROUPE_NOT_JSON`
   */
  setValue(key: string, value: unknown, options: { contentType?: string } = {}): Promise<void> {
    return actorRun.track(this.#setValue(key, value, options.contentType));
  }

  /** Calls the function with each key, in their order, and waits for what it returns. */
  async forEachKey(
    iteratee: KeyConsumer,
    options: { exclusiveStartKey?: string } = {},
  ): Promise<void> {
    const { exclusiveStartKey = '' } = options;
    let index = 0;
    for (const { key, sizeBytes } of await listRecords(this.#folder)) {
      if (key > exclusiveStartKey) await iteratee(key, index++, { size: sizeBytes });
    }
  }

  /** Removes the store and all that is in it. */
  async drop(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Keeps a record that cannot be read under another key, as it is. */
  async putAside(key: string, newKey: string): Promise<void> {
    const record = await readRecord(this.#folder, key);
    if (!record) return;
    await writeRecord(this.#folder, newKey, record.bytes, 'text/plain');
    await removeRecord(this.#folder, key);
  }

  /** @throws PlatformOnlyError */
  getPublicUrl(_key: string): string {
    throw new PlatformOnlyError('getPublicUrl()');
  }

  async #setValue(key: string, value: unknown, contentType: string | undefined): Promise<void> {
    checkKey(key);
    if (value === null) return removeRecord(this.#folder, key);
    if (contentType === undefined) {
      return writeRecord(this.#folder, key, jsonOf(value), JSON_TYPE);
    }
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      const expectation = 'a string or a Buffer, as a `contentType` is given';
      throw new OptionError('value', expectedText('value', expectation, value));
    }
    return writeRecord(this.#folder, key, value, contentType);
  }
}

/** Opens a store by its name. New name: `storage.openKeyValueStore()`. @default the store `APIFY_DEFAULT_KEY_VALUE_STORE_ID` names, else `default` */
export async function openKeyValueStore(
  storeIdOrName?: string | null,
  options: OpenOptions = {},
): Promise<KeyValueStore> {
  return new KeyValueStore(nameToOpen(storeIdOrName, 'APIFY_DEFAULT_KEY_VALUE_STORE_ID', options));
}

function checkKey(key: string): void {
  if (typeof key === 'string' && KEY.test(key)) return;
  const expectation = "1 to 256 letters, digits and `!-_.'()`";
  throw new OptionError('key', expectedText('key', expectation, key));
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, null, 2);
  } catch (cause) {
    throw new TroupeError('TROUPE_NOT_JSON', `The value is no JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (text === undefined) {
    throw new OptionError('value', expectedText('value', 'what JSON can hold', value));
  }
  return text;
}

function parsed(bytes: Buffer, key: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new TroupeError('TROUPE_NOT_JSON', `The record "${key}" is not valid JSON`, { cause });
  }
}
