import { clientSettings } from './client-settings.ts';
import type { RedisArgument, RedisCommandOptions } from './redis-client.ts';
import { isUnreachable } from './redis-error.ts';
import type { ResolvedSentinelOptions } from './sentinel-options.ts';

type Module = typeof import('@redis/client');
type Client = Pick<ReturnType<Module['createClient']>, 'isOpen' | 'sendCommand' | 'destroy'>;

/** A client that broke is not mended: another server may be the master by now. */
const ONE_CONNECTION = { isConnected: false };

/**
 * A connection to whatever server the sentinels name as the master. Once it breaks, or turns out to be a replica,
 * the next command asks the sentinels again, as Redis's guidelines for clients say. The Sentinel client of node-redis
 * is not used for this: it tries a dead master without an end, so that a caller could not give up, and sends one
 * command at a time.
 */
export class SentinelConnection {
  readonly #module: Module;
  readonly #options: ResolvedSentinelOptions;
  readonly #onError: (error: unknown) => void;
  #master: Promise<Client> | undefined;

  constructor(module: Module, options: ResolvedSentinelOptions, onError: (error: unknown) => void) {
    this.#module = module;
    this.#options = options;
    this.#onError = onError;
  }

  /** Finds the master for the first time. */
  static async open(
    module: Module,
    options: ResolvedSentinelOptions,
    onError: (error: unknown) => void,
  ): Promise<SentinelConnection> {
    const connection = new SentinelConnection(module, options, onError);
    connection.#master = connection.#findMaster();
    await connection.#master;
    return connection;
  }

  async send(
    key: string | undefined,
    args: RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown> {
    this.#master ??= this.#findMaster();
    const current = this.#master;
    try {
      const client = await current;
      if (client.isOpen) return await client.sendCommand(args, options as object);
    } catch (error) {
      if (isUnreachable(error)) await this.#forget(current);
      throw error;
    }
    await this.#forget(current);
    return await this.send(key, args, options);
  }

  async close(): Promise<void> {
    if (this.#master) await this.#forget(this.#master);
  }

  async #forget(master: Promise<Client>): Promise<void> {
    if (this.#master === master) this.#master = undefined;
    const client = await master.catch(() => undefined);
    if (client?.isOpen) client.destroy();
  }

  async #findMaster(): Promise<Client> {
    const { isTls, username, password, database } = this.#options;
    const { host, port } = await this.#askSentinels();
    const { socket, ...settings } = clientSettings(ONE_CONNECTION);
    const client = this.#module.createClient({
      ...settings,
      socket: { ...socket, host, port, ...(isTls && { tls: true }) },
      database,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    });
    client.on('error', this.#onError);
    await client.connect();
    const [role] = (await client.sendCommand(['ROLE'])) as [string];
    if (role === 'master') return client;
    client.destroy();
    throw new Error(
      `READONLY ${host}:${port} is a replica, though the sentinels name it as master`,
    );
  }

  /** The first answer counts: they agree, but for the moment of a failover. */
  async #askSentinels(): Promise<{ host: string; port: number }> {
    const failures: unknown[] = [];
    for (const node of this.#options.nodes) {
      try {
        const address = await this.#ask(node);
        if (address) return { host: address[0], port: Number(address[1]) };
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'no sentinel knows the master');
    throw new Error(`the sentinels know no master called '${this.#options.masterName}'`);
  }

  async #ask(node: URL): Promise<[host: string, port: string] | null> {
    const client = this.#module.createClient({ url: node.href, ...clientSettings(ONE_CONNECTION) });
    client.on('error', this.#onError);
    await client.connect();
    try {
      const question = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#options.masterName];
      return (await client.sendCommand(question)) as [string, string] | null;
    } finally {
      client.destroy();
    }
  }
}
