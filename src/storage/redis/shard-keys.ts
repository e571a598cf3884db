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
  'claimed',
  'handled',
  'failed',
  'seen',
  'homes',
] as const;

export type ShardKeys = Readonly<Record<(typeof PARTS)[number], string>>;

/**
 * `line`, `woken` and `seen` only begin the names of keys; see the headers of the scripts. `claimed` is the worker's own,
 * all others are shared.
 */
export function shardKeys(
  prefix: string,
  name: string,
  shard: number,
  workerId: string,
): ShardKeys {
  const keys = storeKeys(prefix, `queue/${shard}`, name, PARTS);
  return { ...keys, claimed: `${keys.claimed}:${workerId}` };
}
