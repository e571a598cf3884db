import type { RedisLink } from './redis-link.ts';
import { storeKeys } from './store-keys.ts';

/** Of how many shards a queue consists: as many as it was made with, or as are wanted of one that is new. */
export async function settleShards(
  link: RedisLink,
  prefix: string,
  name: string,
  wanted: number,
): Promise<number> {
  const { shards } = storeKeys(prefix, 'queue', name, ['shards']);
  await link.command(shards, ['SETNX', shards, String(wanted)]);
  return Number(await link.command(shards, ['GET', shards]));
}
