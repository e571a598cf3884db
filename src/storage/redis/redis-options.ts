import { type Clock, systemClock } from '../../core/clock.ts';
import { OptionError } from '../../core/errors.ts';
import { type Log, log } from '../../core/log.ts';
import {
  anything,
  expectedText,
  flag,
  integer,
  number,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../../core/options.ts';
import type { RedisClient, RedisCluster, RedisSentinel } from './redis-client.ts';
import {
  type ResolvedSentinelOptions,
  resolveSentinelOptions,
  type SentinelOptions,
} from './sentinel-options.ts';
import { serverUrl, withoutCredentials } from './server-url.ts';

export interface RedisStorageOptions {
  /** Of one server: `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string;
  /** A connected client for one server. Borrowed: it is never closed. */
  readonly client?: RedisClient;
  /**
   * URLs of some nodes of a Cluster, the others are found; or a connected client for one, which is borrowed. All
   * nodes take the credentials of the first URL.
   */
  readonly cluster?: readonly string[] | RedisCluster;
  /**
   * Sentinels, whose master is used, also after a failover; or a connected client of node-redis for them, which is
   * borrowed, and decides by itself how long it waits for a master.
   */
  readonly sentinel?: SentinelOptions | RedisSentinel;
  /** What all keys begin with; those who share a crawl share it. @default 'troupe' */
  readonly prefix?: string;
  /**
   * Keep the final state of handled requests, for `getRequest()`: as many bytes as the pending request took, and
   * about 100 more. Without it a handled request leaves some 9 bytes, by which it is known. @default true
   */
  readonly keepHandled?: boolean;
  /**
   * Of how many parts each new request queue consists. An origin lies whole in one part, and the parts lie on
   * different nodes of a Cluster. A queue keeps the number it was made with, whatever later openers say.
   * @default 16 on a Cluster, else 1
   */
  readonly queueShards?: number;
  /** How long operations wait for a server that cannot be reached or is full, from when that began, before they fail. @default 60 */
  readonly maxOutageSecs?: number;
  /** Where the times of locks come from, for tests and simulations. @default the server's own clock */
  readonly clock?: Clock;
  readonly log?: Log;
}

/** How the server is reached: exactly one of them. */
export type RedisTarget =
  | { readonly url: URL }
  | { readonly client: RedisClient }
  | { readonly clusterUrls: readonly URL[] }
  | { readonly cluster: RedisCluster }
  | { readonly sentinel: ResolvedSentinelOptions }
  | { readonly sentinelClient: RedisSentinel };

export interface ResolvedRedisOptions {
  readonly target: RedisTarget;
  /** The server as people may see it: without credentials. */
  readonly address: string;
  readonly prefix: string;
  readonly keepHandled: boolean;
  readonly queueShards: number;
  readonly maxOutageMs: number;
  readonly clock: Clock | undefined;
  /** For waiting, which goes by real time. */
  readonly ownClock: Clock;
  readonly log: Log;
}

const DEFAULTS = Object.freeze({
  prefix: 'troupe',
  keepHandled: true,
  queueShards: 1,
  clusterQueueShards: 16,
  maxOutageSecs: 60,
});

const CLIENT = objectWith<RedisClient>('a client of node-redis', ['sendCommand']);

const SCHEMA = optionsObject({
  url: optional(text()),
  client: optional(CLIENT),
  cluster: optional(anything()),
  sentinel: optional(anything()),
  prefix: optional(text()),
  keepHandled: optional(flag()),
  queueShards: optional(integer({ min: 1, max: 1000 })),
  maxOutageSecs: optional(number({ min: 0 })),
  clock: optional(objectWith<Clock>('a clock', ['now', 'setTimer'])),
  log: optional(objectWith<Log>('a Log', ['debug', 'info', 'warning', 'error'])),
});

/** @throws OptionError */
export function resolveRedisOptions(options: RedisStorageOptions): ResolvedRedisOptions {
  const given = parseOptions(SCHEMA, options, 'RedisStorageOptions');
  const target = targetOf(options);
  return {
    target,
    address: addressOf(target),
    prefix: checkedPrefix(given.prefix ?? DEFAULTS.prefix),
    keepHandled: given.keepHandled ?? DEFAULTS.keepHandled,
    queueShards: given.queueShards ?? defaultShards(target),
    maxOutageMs: (given.maxOutageSecs ?? DEFAULTS.maxOutageSecs) * 1000,
    clock: given.clock,
    ownClock: systemClock,
    log: given.log ?? log,
  };
}

function defaultShards(target: RedisTarget): number {
  const isCluster = 'cluster' in target || 'clusterUrls' in target;
  return isCluster ? DEFAULTS.clusterQueueShards : DEFAULTS.queueShards;
}

function targetOf({ url, client, cluster, sentinel }: RedisStorageOptions): RedisTarget {
  const count = [url, client, cluster, sentinel].filter((way) => way !== undefined).length;
  if (count !== 1) {
    throw new OptionError(
      'url',
      `Expected exactly one of \`url\`, \`client\`, \`cluster\` and \`sentinel\`, got ${count || 'none'}`,
    );
  }
  if (url !== undefined) return { url: serverUrl('url', url) };
  if (client) return { client };
  if (sentinel !== undefined) return sentinelTarget(sentinel);
  if (!Array.isArray(cluster)) return { cluster: checkedCluster(cluster) };
  if (cluster.length === 0)
    throw new OptionError('cluster', expectedText('cluster', URLS, cluster));
  const urls: readonly string[] = cluster;
  return { clusterUrls: urls.map((item, index) => serverUrl(`cluster[${index}]`, item)) };
}

function sentinelTarget(sentinel: SentinelOptions | RedisSentinel): RedisTarget {
  if (typeof sentinel === 'object' && sentinel && 'sendCommand' in sentinel) {
    return { sentinelClient: sentinel };
  }
  return { sentinel: resolveSentinelOptions(sentinel) };
}

const URLS = 'a list of URLs, or a client of node-redis for a Cluster';

function checkedCluster(cluster: unknown): RedisCluster {
  const { sendCommand } = (cluster ?? {}) as Partial<RedisCluster>;
  if (typeof sendCommand === 'function') return cluster as RedisCluster;
  throw new OptionError('cluster', expectedText('cluster', URLS, cluster));
}

function checkedPrefix(prefix: string): string {
  if (/^[^{}\s\0]+$/.test(prefix)) return prefix;
  throw new OptionError(
    'prefix',
    expectedText('prefix', 'a text without braces, white space and NUL', prefix),
  );
}

function addressOf(target: RedisTarget): string {
  if ('url' in target) return withoutCredentials(target.url);
  if ('clusterUrls' in target) return target.clusterUrls.map(withoutCredentials).join(', ');
  if ('sentinel' in target) {
    const { masterName, nodes } = target.sentinel;
    return `${masterName} of ${nodes.map(withoutCredentials).join(', ')}`;
  }
  return 'The given Redis client';
}
