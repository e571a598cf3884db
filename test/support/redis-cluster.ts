import { createClient } from '@redis/client';
import { systemClock } from '../../src/core/clock.ts';
import { RedisServer } from './redis-server.ts';

const SLOTS = 16_384;
const POLL_MS = 10;

/** A real Cluster of our own: masters only, each with its share of the slots. */
export class RedisClusterServers {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(count = 3, settings: readonly string[] = []): Promise<RedisClusterServers> {
    const all = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...settings];
    const nodes = await Promise.all(Array.from({ length: count }, () => RedisServer.start(all)));
    const cluster = new RedisClusterServers(nodes);
    try {
      await Promise.all(nodes.map((node, index) => cluster.#join(node, index)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** One is enough to find the others. */
  get urls(): string[] {
    return this.nodes.slice(0, 1).map(({ url }) => url);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Takes its slots, meets the others, and waits until it finds the Cluster whole. */
  async #join(node: RedisServer, index: number): Promise<void> {
    const client = createClient({ url: node.url });
    client.on('error', () => {});
    await client.connect();
    const count = this.nodes.length;
    const [first, end] = [index, index + 1].map((share) => Math.floor((share * SLOTS) / count));
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot).slice(first, end);
    await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`]);
    await client.sendCommand(['CLUSTER', 'ADDSLOTS', ...slots.map(String)]);
    for (const { port } of this.nodes) {
      await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', `${port}`]);
    }
    for (;;) {
      const info = String(await client.sendCommand(['CLUSTER', 'INFO']));
      if (info.includes('cluster_state:ok') && info.includes(`cluster_size:${count}`)) break;
      await systemClock.sleep(POLL_MS);
    }
    await client.close();
  }
}
