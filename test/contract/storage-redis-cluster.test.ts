import { createClient, createCluster } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisClusterServers } from '../support/redis-cluster.ts';
import { describeSessionChangesContract } from './session-changes.contract.ts';
import { describeSessionHandsContract } from './session-hands.contract.ts';
import { describeStorageContract } from './storage.contract.ts';

/** The moment the suite begins at: its times are the caller's, not the server's. */
const clock = new FakeClock(1_700_000_000_000);

let cluster: RedisClusterServers;
let opened = 0;
beforeAll(async () => {
  // With less than `always` a killed server may lose what it wrote last.
  cluster = await RedisClusterServers.start(3, ['--appendonly', 'yes', '--appendfsync', 'always']);
});
afterAll(() => cluster.stop());

const open = async (): Promise<RedisStorage> =>
  new RedisStorage({ cluster: cluster.urls, prefix: `test-${opened++}`, clock });

describeStorageContract('RedisStorage on a Cluster', open);
describe('RedisStorage on a Cluster', () => {
  describeSessionHandsContract(open, clock);
  describeSessionChangesContract(open, clock);
});

describe('a Cluster of three nodes', () => {
  it('holds stores on all of them, and each store on one', async () => {
    await using storage = new RedisStorage({ cluster: cluster.urls, prefix: 'spread' });
    for (let store = 0; store < 30; store++) {
      const queue = await storage.openRequestStore(`queue-${store}`);
      await queue.add([{ id: 'a', uniqueKey: 'a', body: '{}' }]);
    }
    const homes = new Map<string, number[]>();
    for (const node of cluster.nodes) {
      const client = createClient({ url: node.url });
      await client.connect();
      const keys = (await client.sendCommand(['KEYS', 'spread:{*'])) as string[];
      for (const name of new Set(keys.map((key) => /\{(.*?)\}/.exec(key)?.[1] ?? ''))) {
        homes.set(name, [...(homes.get(name) ?? []), node.port]);
      }
      await client.close();
    }
    expect(homes.size).toBe(30);
    expect([...homes.values()].every((ports) => ports.length === 1)).toBe(true);
    expect(new Set([...homes.values()].flat()).size).toBe(3);
  });

  it('serves a client that was given, which stays open', async () => {
    const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
    await client.connect();
    const storage = new RedisStorage({ cluster: client, prefix: 'borrowed' });
    await (await storage.openDataset('rows')).pushData({ n: 1 });
    await storage.close();
    expect(await client.get('any')).toBeNull();
    await client.close();
  });

  it('says so when one of its nodes is given as a server', async () => {
    const [node] = cluster.nodes;
    await using storage = new RedisStorage({ url: node?.url ?? '', maxOutageSecs: 0 });
    const stores = Array.from({ length: 10 }, (_, index) => storage.openDataset(`rows-${index}`));
    const opening = Promise.all(stores).then((all) =>
      Promise.all(all.map((dataset) => dataset.itemCount())),
    );
    await expect(opening).rejects.toThrow('belongs to a Cluster: give its addresses as `cluster`');
  });

  it('waits for a node that restarts, as a single server', async () => {
    const log = new Log({ level: 'off' });
    await using storage = new RedisStorage({ cluster: cluster.urls, prefix: 'restarted', log });
    const stores = await Promise.all(
      Array.from({ length: 12 }, (_, index) => storage.openRequestStore(`queue-${index}`)),
    );
    const addTo = (id: string): Promise<unknown> =>
      Promise.all(stores.map((store) => store.add([{ id, uniqueKey: id, body: '{}' }])));
    await addTo('before');
    const [, node] = cluster.nodes;
    await node?.kill();
    const adding = addTo('during');
    await node?.restart();
    await adding;
    const totals = await Promise.all(stores.map(async (store) => (await store.counts(0)).total));
    expect(totals).toEqual(stores.map(() => 2));
  });
});
