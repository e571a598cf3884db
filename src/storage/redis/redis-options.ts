import { type Clock, systemClock } from '../../core/clock.ts';
import { OptionError } from '../../core/errors.ts';
import { type Log, log } from '../../core/log.ts';
import {
  anything,
  expectedText,
  flag,
  number,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../../core/options.ts';
import type { RedisClient, RedisCluster } from './redis-client.ts';

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
  /** What all keys begin with; those who share a crawl share it. @default 'troupe' */
  readonly prefix?: string;
  /**
   * Keep the final state of handled requests, for `getRequest()`: as many bytes as the pending request took, and
   * about 100 more. Without it a handled request leaves some 9 bytes, by which it is known. @default true
   */
  readonly keepHandled?: boolean;
  /** How long an operation waits for a server that cannot be reached or is full, before it fails. @default 60 */
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
  | { readonly cluster: RedisCluster };

export interface ResolvedRedisOptions {
  readonly target: RedisTarget;
  /** The server as people may see it: without credentials. */
  readonly address: string;
  readonly prefix: string;
  readonly keepHandled: boolean;
  readonly maxOutageMs: number;
  readonly clock: Clock | undefined;
  /** For waiting, which goes by real time. */
  readonly ownClock: Clock;
  readonly log: Log;
}

const DEFAULTS = Object.freeze({ prefix: 'troupe', keepHandled: true, maxOutageSecs: 60 });

const CLIENT = objectWith<RedisClient>('a client of node-redis', ['sendCommand']);

const SCHEMA = optionsObject({
  url: optional(text()),
  client: optional(CLIENT),
  cluster: optional(anything()),
  prefix: optional(text()),
  keepHandled: optional(flag()),
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
    maxOutageMs: (given.maxOutageSecs ?? DEFAULTS.maxOutageSecs) * 1000,
    clock: given.clock,
    ownClock: systemClock,
    log: given.log ?? log,
  };
}

function targetOf({ url, client, cluster }: RedisStorageOptions): RedisTarget {
  const count = [url, client, cluster].filter((way) => way !== undefined).length;
  if (count !== 1) {
    throw new OptionError(
      'url',
      `Expected exactly one of \`url\`, \`client\` and \`cluster\`, got ${count || 'none'}`,
    );
  }
  if (url !== undefined) return { url: checkedUrl('url', url) };
  if (client) return { client };
  if (!Array.isArray(cluster)) return { cluster: checkedCluster(cluster) };
  if (cluster.length === 0)
    throw new OptionError('cluster', expectedText('cluster', URLS, cluster));
  const urls: readonly string[] = cluster;
  return { clusterUrls: urls.map((item, index) => checkedUrl(`cluster[${index}]`, item)) };
}

const URLS = 'a list of URLs, or a client of node-redis for a Cluster';

function checkedCluster(cluster: unknown): RedisCluster {
  const { sendCommand } = (cluster ?? {}) as Partial<RedisCluster>;
  if (typeof sendCommand === 'function') return cluster as RedisCluster;
  throw new OptionError('cluster', expectedText('cluster', URLS, cluster));
}

/** The message does not show the text: where it is no URL, nobody can tell which part is the password. */
function checkedUrl(option: string, given: unknown): URL {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  if (url && isServerUrl(url)) return url;
  const got = url ? `another one that begins with ${url.protocol}` : 'something else';
  throw new OptionError(
    option,
    `Expected \`${option}\` to be a URL such as redis://user:password@host:6379/0, or rediss:// for TLS, got ${got}`,
  );
}

function isServerUrl({ protocol, hostname, pathname, search, hash }: URL): boolean {
  const isPlace = hostname !== '' && /^(?:\/\d*)?$/.test(pathname);
  return isPlace && /^rediss?:$/.test(protocol) && search === '' && hash === '';
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
  return 'The given Redis client';
}

function withoutCredentials({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
