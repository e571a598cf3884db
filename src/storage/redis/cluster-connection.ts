import { clientSettings } from './client-settings.ts';
import type { RedisArgument, RedisCluster, RedisCommandOptions } from './redis-client.ts';
import { isUnreachable } from './redis-error.ts';

type Module = typeof import('@redis/client');

interface Cluster extends RedisCluster {
  readonly masters: readonly Master[];
  destroy(): void;
}

interface Master {
  readonly host: string;
  readonly port: number;
  readonly client?: { readonly isReady: boolean } | undefined;
}

/**
 * A connection to all masters of a Cluster. Once one of them cannot be reached, the others are asked who serves in its
 * place: the Cluster client of node-redis learns of that only from a master that is there and says so, and would wait
 * for a dead one without an end.
 */
export class ClusterConnection {
  readonly #module: Module;
  readonly #urls: readonly URL[];
  readonly #onError: (error: unknown) => void;
  #cluster: Cluster | undefined;
  #renewing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(module: Module, urls: readonly URL[], onError: (error: unknown) => void) {
    this.#module = module;
    this.#urls = urls;
    this.#onError = onError;
  }

  static async open(
    module: Module,
    urls: readonly URL[],
    onError: (error: unknown) => void,
  ): Promise<ClusterConnection> {
    const connection = new ClusterConnection(module, urls, onError);
    connection.#cluster = await connection.#connect(urls.map(({ href }) => href));
    return connection;
  }

  async send(
    key: string | undefined,
    args: RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown> {
    const cluster = this.#cluster as Cluster;
    try {
      return await cluster.sendCommand(key, false, args, options);
    } catch (error) {
      if (isUnreachable(error) || isClosed(error)) await this.#renew(cluster);
      if (!isClosed(error) || this.#isClosed) throw error;
      throw Object.assign(new Error('the Cluster changed', { cause: error }), {
        code: 'ECONNRESET',
      });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#renewing;
    if (this.#cluster?.isOpen) this.#cluster.destroy();
  }

  /** Leaves all as it is when the Cluster has not yet put another node in place of the one that is missing. */
  async #renew(broken: Cluster): Promise<void> {
    if (this.#cluster !== broken || this.#isClosed) return;
    this.#renewing ??= this.#replace(broken).finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async #replace(broken: Cluster): Promise<void> {
    try {
      const known = broken.masters.map(({ host, port }) => this.#urlOf(host, port));
      const cluster = await this.#connect([...known, ...this.#urls.map(({ href }) => href)]);
      // The others name a dead master until its replica is elected.
      if (this.#isClosed || !cluster.masters.every(({ client }) => client?.isReady)) {
        cluster.destroy();
        return;
      }
      this.#cluster = cluster;
      broken.destroy();
    } catch (error) {
      this.#onError(error);
    }
  }

  async #connect(urls: readonly string[]): Promise<Cluster> {
    const life = { isConnected: false };
    const { username, password } = this.#urls[0] as URL;
    const cluster = this.#module.createCluster({
      rootNodes: urls.map((url) => ({ url })),
      defaults: {
        ...clientSettings(life),
        ...(username && { username: decodeURIComponent(username) }),
        ...(password && { password: decodeURIComponent(password) }),
      },
    });
    cluster.on('error', this.#onError);
    cluster.on('node-error', this.#onError);
    try {
      await cluster.connect();
    } catch (error) {
      if (cluster.isOpen) cluster.destroy();
      throw error;
    }
    life.isConnected = true;
    return cluster;
  }

  #urlOf(host: string, port: number): string {
    const { protocol } = this.#urls[0] as URL;
    return `${protocol}//${host.includes(':') ? `[${host}]` : host}:${port}`;
  }
}

/** Under a call that was on its way when the client was replaced, or for a master that was not there at the beginning. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === 'ClientClosedError';
}
