import { storeKeys } from './store-keys.ts';

const PARTS = [
  'meta',
  'line',
  'woken',
  'ring',
  'ghosts',
  'paced',
  'quiet',
  'held',
  'locks',
  'delays',
  'handled',
  'failed',
  'seen',
  'homes',
] as const;

export type ShardKeys = Readonly<Record<(typeof PARTS)[number], string>>;

/** `line`, `woken` and `seen` only begin the names of keys; see the headers of the scripts. */
export function shardKeys(prefix: string, name: string, shard: number): ShardKeys {
  return storeKeys(prefix, `queue/${shard}`, name, PARTS);
}
