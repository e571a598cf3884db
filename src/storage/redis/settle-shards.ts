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
  const stored = (): Promise<unknown> => link.command(shards, ['GET', shards]);
  // A queue that is known can be opened on a server that is full.
  let count = await stored();
  if (count === null) {
    await link.command(shards, ['SETNX', shards, String(wanted)]);
    count = await stored();
  }
  return Number(count);
}
