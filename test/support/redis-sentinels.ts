import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@redis/client';
import { systemClock } from '../../src/core/clock.ts';
import { redisProgram } from './redis-program.ts';
import { RedisServer } from './redis-server.ts';

const POLL_MS = 10;
const DOWN_AFTER_MS = 300;
/**
 * In ms instead of seconds, so that they soon know each other, and of the replica. Four times the last is how long
 * the others let a promoted replica be before they think it lost its way and make it a replica again.
 */
const PERIODS = ['info-period', '100', 'ask-period', '100', 'publish-period', '300'];

/** A master, its replica, and sentinels that watch both; two sentinels must agree before the replica takes over. */
export class RedisSentinels {
  static readonly masterName = 'main';
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly #folder: string;
  readonly #sentinels: Sentinel[] = [];

  private constructor(master: RedisServer, replica: RedisServer, folder: string) {
    this.master = master;
    this.replica = replica;
    this.#folder = folder;
  }

  static async start(count = 3): Promise<RedisSentinels> {
    // At once instead of after five seconds in which other replicas could come too.
    const master = await RedisServer.start(['--repl-diskless-sync-delay', '0']);
    const replica = await RedisServer.start(['--replicaof', '127.0.0.1', `${master.port}`]);
    const folder = await mkdtemp(join(tmpdir(), 'troupe-sentinel-'));
    const group = new RedisSentinels(master, replica, folder);
    try {
      await asked(master.port, ['INFO', 'replication'], (info) => info.includes('state=online'));
      await asked(replica.port, ['INFO', 'replication'], (info) =>
        info.includes('master_link_status:up'),
      );
      for (let index = 0; index < count; index++) {
        group.#sentinels.push(await startSentinel(folder, index, master.port));
      }
      const isReady = (state: string): boolean =>
        state.includes(`num-slaves,1,`) && state.includes(`num-other-sentinels,${count - 1},`);
      const question = ['SENTINEL', 'MASTER', RedisSentinels.masterName];
      await Promise.all(group.#sentinels.map(({ port }) => asked(port, question, isReady)));
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  get nodes(): { host: string; port: number }[] {
    return this.#sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  get urls(): string[] {
    return this.nodes.map(({ host, port }) => `redis://${host}:${port}`);
  }

  /** Ends the first of them. */
  async killSentinel(): Promise<void> {
    await ended((this.#sentinels[0] as Sentinel).child);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sentinels.map(({ child }) => ended(child)));
    await Promise.all([this.master.stop(), this.replica.stop()]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

interface Sentinel {
  readonly port: number;
  readonly child: ChildProcess;
}

async function startSentinel(folder: string, index: number, masterPort: number): Promise<Sentinel> {
  const file = join(folder, `${index}.conf`);
  const name = RedisSentinels.masterName;
  const lines = [
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${name} 2000`,
  ];
  for (;;) {
    const port = await RedisServer.freePort();
    await writeFile(file, [`port ${port}`, ...lines].join('\n'));
    const child = spawn(redisProgram(), [file, '--sentinel'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const isReady = await new Promise<boolean>((resolve, reject) => {
      child.once('error', reject);
      reader.on('line', (line) => line.includes('+monitor') && resolve(true));
      reader.once('close', () => resolve(false));
    });
    // Somebody else may have taken the port in the meantime.
    if (!isReady) continue;
    // A sentinel before 7.0 keeps its own periods, and all takes some seconds longer.
    await asked(port, ['SENTINEL', 'DEBUG', ...PERIODS], () => true).catch(() => {});
    return { port, child };
  }
}

async function asked(
  port: number,
  question: string[],
  isRight: (reply: string) => boolean,
): Promise<void> {
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  client.on('error', () => {});
  await client.connect();
  for (;;) {
    const reply = await client.sendCommand(question);
    // A list is one text for `isRight`, with commas between and behind.
    if (isRight(Array.isArray(reply) ? `${reply.join(',')},` : String(reply))) break;
    await systemClock.sleep(POLL_MS);
  }
  await client.close();
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
