import { variable } from './environment.ts';
import { openDataset } from './storage/dataset.ts';
import type { Item } from './storage/dataset-view.ts';
import { openKeyValueStore } from './storage/key-value-store.ts';

/** Adds rows to the default dataset. New name: `pushData()` in a handler. */
export async function pushData(item: Item | readonly Item[]): Promise<void> {
  await (await openDataset()).pushData(item);
}

/** The actor's input: the record `INPUT`, or the one `APIFY_INPUT_KEY` names; `null` when there is none. New name: none, read it as you like. */
// biome-ignore lint/suspicious/noExplicitAny: documented so; what the input is the actor knows
export async function getInput<T = any>(): Promise<T | null> {
  return getValue<T>(variable('APIFY_INPUT_KEY') ?? 'INPUT');
}

/** A record of the default key-value store. New name: `getKeyValueStore()` in a handler. */
// biome-ignore lint/suspicious/noExplicitAny: documented so
export async function getValue<T = any>(key: string): Promise<T | null> {
  return (await openKeyValueStore()).getValue<T>(key);
}

/** Writes a record of the default key-value store. New name: `getKeyValueStore()` in a handler. */
export async function setValue(
  key: string,
  value: unknown,
  options: { contentType?: string } = {},
): Promise<void> {
  await (await openKeyValueStore()).setValue(key, value, options);
}
