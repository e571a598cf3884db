import type { createClient } from '@redis/client';
import { sessionKeys } from '../../src/storage/redis/redis-session-keys.ts';

/** What stands in a pool's keys, read in one go. */
export interface PoolAudit {
  readonly free: readonly string[];
  /** By id, the fence. */
  readonly held: Readonly<Record<string, string>>;
  /** By fence, when the lease ends. */
  readonly hands: Readonly<Record<string, string>>;
  /** Fences of which there is anything more. */
  readonly noted: readonly string[];
  readonly hot: Readonly<Record<string, string>>;
  readonly coldIds: readonly string[];
  readonly retired: readonly string[];
  /** As the counters say, and as the records of all hands add up to. */
  readonly places: number;
  readonly recordedPlaces: number;
  readonly wanted: number;
  readonly recordedWanted: number;
  readonly load: number;
  readonly recordedLoad: number;
}

const PARTS = [
  'free',
  'held',
  'hands',
  'hot',
  'cold',
  'retired',
  'meta',
  'records',
  'rates',
  'loads',
] as const;

const AUDIT = `
  local free, held, hands, hot, cold, retired, meta, records, rates, loads = unpack(KEYS)
  local function sumOf(key, name)
    local sum = 0
    for _, text in ipairs(redis.call('HVALS', key)) do
      -- What is kept of origins begins with a version.
      local packed = key == rates and string.sub(text, 17) or text
      sum = sum + cmsgpack.unpack(packed)[name]
    end
    return sum
  end
  local recordedLoad = 0
  for _, text in ipairs(redis.call('HVALS', loads)) do
    for _, load in pairs(cmsgpack.unpack(text)) do recordedLoad = recordedLoad + load[1] end
  end
  return {
    redis.call('ZRANGE', free, 0, -1),
    redis.call('ZRANGE', held, 0, -1, 'WITHSCORES'),
    redis.call('ZRANGE', hands, 0, -1, 'WITHSCORES'),
    redis.call('HKEYS', records),
    redis.call('HKEYS', loads),
    redis.call('HGETALL', hot),
    redis.call('HKEYS', cold),
    redis.call('ZRANGE', retired, 0, -1),
    redis.call('HGET', meta, 'places') or '0',
    tostring(sumOf(records, 'places')),
    redis.call('HGET', meta, 'wanted') or '0',
    tostring(sumOf(records, 'wanted')),
    tostring(sumOf(rates, 'load')),
    tostring(recordedLoad),
  }`;

export async function auditPool(
  client: ReturnType<typeof createClient>,
  prefix: string,
  name: string,
): Promise<PoolAudit> {
  const keys = sessionKeys(prefix, name);
  const reply = await client.eval(AUDIT, { keys: PARTS.map((part) => keys[part]) });
  const [free, held, hands, recorded, loading, hot, coldIds, retired, ...sums] = reply as [
    string[],
    string[],
    string[],
    string[],
    string[],
    string[],
    string[],
    string[],
    ...string[],
  ];
  const [places, recordedPlaces, wanted, recordedWanted, load, recordedLoad] = sums.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    free,
    held: pairs(held),
    hands: pairs(hands),
    noted: [...recorded, ...loading],
    hot: pairs(hot),
    coldIds,
    retired,
    places,
    recordedPlaces,
    wanted,
    recordedWanted,
    load,
    recordedLoad,
  };
}

function pairs(list: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at < list.length; at += 2) record[list[at] as string] = list[at + 1] as string;
  return record;
}
