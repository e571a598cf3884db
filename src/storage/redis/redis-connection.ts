import { OptionError, TroupeError } from '../../core/errors.ts';
import { clientSettings } from './client-settings.ts';
import { ClusterConnection } from './cluster-connection.ts';
import type {
  RedisArgument,
  RedisClient,
  RedisCluster,
  RedisCommandOptions,
  RedisSentinel,
} from './redis-client.ts';
import type { RedisTarget } from './redis-options.ts';
import { SentinelConnection } from './sentinel-connection.ts';

/** A server, a Cluster, or the master that sentinels name: what takes commands. While it cannot be reached, commands are rejected at once. */
export interface RedisConnection {
  /** `key` tells a Cluster which node to ask; `undefined` for any. */
  send(
    key: string | undefined,
    args: RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown>;
  /** Closes what we opened. Nothing may be under way. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly target: RedisTarget;
  /** The connection broke, or could not be made anew. Trying goes on. */
  readonly onError: (error: unknown) => void;
}

type Module = typeof import('@redis/client');

/**
 * Connects, or takes the client that was given. The first connection fails at once; later ones are tried until
 * they come about.
 *
 * @throws TroupeError `TROUPE_PEER_MISSING`
 * @throws OptionError when a given client is not connected
 */
export async function connect({ target, onError }: ConnectOptions): Promise<RedisConnection> {
  if ('client' in target) return borrowedClient(target.client);
  if ('cluster' in target) return borrowedCluster(target.cluster);
  if ('sentinelClient' in target) return borrowedSentinel(target.sentinelClient);
  const module = await loadModule();
  if ('url' in target) return await ownClient(module, target.url, onError);
  if ('clusterUrls' in target)
    return await ClusterConnection.open(module, target.clusterUrls, onError);
  return await SentinelConnection.open(module, target.sentinel, onError);
}

async function loadModule(): Promise<Module> {
  try {
    return await import('@redis/client');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new TroupeError(
      'TROUPE_PEER_MISSING',
      'RedisStorage needs the package @redis/client; install it with: npm install @redis/client',
      { cause },
    );
  }
}

async function ownClient(
  module: Module,
  url: URL,
  onError: (error: unknown) => void,
): Promise<RedisConnection> {
  const life = { isConnected: false };
  const client = module.createClient({ url: url.href, ...clientSettings(life) });
  client.on('error', onError);
  await client.connect();
  life.isConnected = true;
  return {
    send: (_key, args, options) => client.sendCommand(args, options as object),
    close: async () => {
      if (client.isReady) await client.close();
      else if (client.isOpen) client.destroy();
    },
  };
}

function borrowedClient(client: RedisClient): RedisConnection {
  assertOpen('client', client);
  return {
    send: (_key, args, options) => client.sendCommand(args, options),
    close: async () => {},
  };
}

function borrowedCluster(cluster: RedisCluster): RedisConnection {
  assertOpen('cluster', cluster);
  return {
    send: (key, args, options) => cluster.sendCommand(key, false, args, options),
    close: async () => {},
  };
}

function borrowedSentinel(sentinel: RedisSentinel): RedisConnection {
  assertOpen('sentinel', sentinel);
  return {
    send: (_key, args, options) => sentinel.sendCommand(false, args, options),
    close: async () => {},
  };
}

function assertOpen(option: string, { isOpen }: { readonly isOpen: boolean }): void {
  if (isOpen) return;
  throw new OptionError(option, `Expected \`${option}\` to be connected: call its connect() first`);
}
