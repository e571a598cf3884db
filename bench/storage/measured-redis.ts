import { createClient } from '@redis/client';
import { RedisServer } from '../../test/support/redis-server.ts';
import type { Readings } from '../report.ts';

/** Inherited by the process of each subject. */
const ADDRESS = 'TROUPE_BENCH_REDIS';

type Client = ReturnType<typeof createClient>;

/** One Redis for all subjects of a benchmark, and what it says of itself. */
export class MeasuredRedis {
  readonly url: string;
  readonly #server: RedisServer | undefined;

  private constructor(url: string, server: RedisServer | undefined) {
    this.url = url;
    this.#server = server;
  }

  static async start(): Promise<MeasuredRedis> {
    const inherited = process.env[ADDRESS];
    if (inherited !== undefined) return new MeasuredRedis(inherited, undefined);
    const server = await RedisServer.start();
    process.env[ADDRESS] = server.url;
    return new MeasuredRedis(server.url, server);
  }

  /** With nothing in it. */
  async empty(measure: (client: Client) => Promise<Readings>): Promise<Readings> {
    const client: Client = createClient({ url: this.url }) as Client;
    await client.connect();
    await client.flushAll();
    try {
      return await measure(client);
    } finally {
      await client.close();
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

export interface ServerTime {
  /** Of the whole server: reading and answering too. */
  readonly cpuUs: number;
  /** By command, since this began. What a script calls is listed beside it, and counted in it. */
  readonly commands: ReadonlyMap<string, { readonly calls: number; readonly us: number }>;
}

/** What some work costs the server. */
export async function serverTimeOf(client: Client, work: () => Promise<void>): Promise<ServerTime> {
  await client.configResetStat();
  const before = await cpuUs(client);
  await work();
  const after = await cpuUs(client);
  const stats = String(await client.info('commandstats'));
  const commands = new Map(
    [...stats.matchAll(/^cmdstat_(\w+):calls=(\d+),usec=(\d+)/gm)].map(([, name, calls, us]) => [
      name as string,
      { calls: Number(calls), us: Number(us) },
    ]),
  );
  return { cpuUs: after - before, commands };
}

export async function usedBytes(client: Client): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(String(await client.info('memory')))?.[1]);
}

async function cpuUs(client: Client): Promise<number> {
  const info = String(await client.info('cpu'));
  const secs = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, text]) =>
    Number(text),
  );
  return secs.reduce((sum, value) => sum + value, 0) * 1e6;
}
