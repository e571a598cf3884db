/** What a store keeps as it is: text, bytes, or anything JSON can hold. */
export type StoredValue = string | Uint8Array | object | number | boolean;

export interface KeyValueRecord {
  readonly value: StoredValue;
  /** Such as `application/json; charset=utf-8`. */
  readonly contentType: string;
}

/** Named values. Each write is durable when its promise resolves. */
export interface KeyValueStore {
  readonly name: string;
  /** The value, parsed when it was stored as JSON; `null` when there is none. */
  getValue<T = unknown>(key: string): Promise<T | null>;
  getRecord(key: string): Promise<KeyValueRecord | null>;
  /** `null` removes the key. Without a content type: JSON for objects, text for strings, bytes for buffers. */
  setValue(
    key: string,
    value: StoredValue | null,
    options?: { contentType?: string },
  ): Promise<void>;
  /** Keys in ascending order. */
  keys(options?: { prefix?: string; exclusiveStartKey?: string }): AsyncIterable<string>;
  /** Removes the store and all that is in it. */
  drop(): Promise<void>;
}
