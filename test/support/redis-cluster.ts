import { createClient } from '@redis/client';
import { systemClock } from '../../src/core/clock.ts';
import { RedisServer } from './redis-server.ts';

const SLOTS = 16_384;
const POLL_MS = 10;

/** A real Cluster of our own: masters, each with its share of the slots, and a replica of each if wanted. */
export class RedisClusterServers {
  /** The masters. */
  readonly nodes: readonly RedisServer[];
  /** In the order of their masters. */
  readonly replicas: RedisServer[] = [];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(count = 3, settings: readonly string[] = []): Promise<RedisClusterServers> {
    const cluster = new RedisClusterServers(await startNodes(count, settings));
    try {
      await Promise.all(cluster.nodes.map((node, index) => cluster.#begin(node, index)));
      await Promise.all(cluster.nodes.map((node) => cluster.#join(node)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Three masters with a replica each, which takes over half a second after its master was lost. */
  static async startWithReplicas(): Promise<RedisClusterServers> {
    const settings = [
      ...['--cluster-node-timeout', '500', '--repl-diskless-sync-delay', '0'],
      // However long ago it heard from its master.
      ...['--cluster-replica-validity-factor', '0'],
    ];
    const cluster = await RedisClusterServers.start(3, settings);
    try {
      cluster.replicas.push(...(await startNodes(3, settings)));
      await Promise.all(cluster.replicas.map((node, index) => cluster.#follow(node, index)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The number of the master that keeps this key. */
  async homeOf(key: string): Promise<number> {
    await using client = await connected(this.nodes[0] as RedisServer);
    const slot = Number(await client.sendCommand(['CLUSTER', 'KEYSLOT', key]));
    return this.nodes.findIndex((_, index) => slot < this.#sharesEnd(index));
  }

  /** One is enough to find the others. */
  get urls(): string[] {
    return this.nodes.slice(0, 1).map(({ url }) => url);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes, ...this.replicas].map((node) => node.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #sharesEnd(index: number): number {
    return Math.floor(((index + 1) * SLOTS) / this.nodes.length);
  }

  /** Takes its slots, before it knows any other. */
  async #begin(node: RedisServer, index: number): Promise<void> {
    await using client = await connected(node);
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
    const share = slots.slice(this.#sharesEnd(index - 1), this.#sharesEnd(index));
    await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`]);
    await client.sendCommand(['CLUSTER', 'ADDSLOTS', ...share.map(String)]);
  }

  /** Meets the others, and waits until it finds the Cluster whole. */
  async #join(node: RedisServer): Promise<void> {
    await using client = await connected(node);
    const count = this.nodes.length;
    for (const { port } of this.nodes) {
      await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', `${port}`]);
    }
    await told(client, ['CLUSTER', 'INFO'], ['cluster_state:ok', `cluster_size:${count}`]);
  }

  /** Becomes the replica of a master, and waits until it has all that is there. */
  async #follow(node: RedisServer, index: number): Promise<void> {
    const master = this.nodes[index] as RedisServer;
    await using client = await connected(node);
    await using masterClient = await connected(master);
    const id = String(await masterClient.sendCommand(['CLUSTER', 'MYID']));
    await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', `${master.port}`]);
    await told(client, ['CLUSTER', 'NODES'], [id]);
    await client.sendCommand(['CLUSTER', 'REPLICATE', id]);
    await told(client, ['INFO', 'replication'], ['master_link_status:up']);
    await told(client, ['CLUSTER', 'INFO'], ['cluster_state:ok', 'cluster_known_nodes:6']);
    // Its master's vote for it needs the others to know it.
    for (const other of this.nodes) {
      await using otherClient = await connected(other);
      await told(otherClient, ['CLUSTER', 'NODES'], [`:${node.port}@`]);
    }
  }
}

function startNodes(count: number, settings: readonly string[]): Promise<RedisServer[]> {
  const all = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...settings];
  return Promise.all(Array.from({ length: count }, () => RedisServer.start(all)));
}

interface Client extends AsyncDisposable {
  sendCommand(args: string[]): Promise<unknown>;
}

async function connected({ url }: RedisServer): Promise<Client> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  return {
    sendCommand: (args) => client.sendCommand(args),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Asks until the answer holds all of the texts. */
async function told(client: Client, question: string[], texts: readonly string[]): Promise<void> {
  for (;;) {
    const answer = String(await client.sendCommand(question));
    if (texts.every((text) => answer.includes(text))) return;
    await systemClock.sleep(POLL_MS);
  }
}
