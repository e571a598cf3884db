import { createClient, createCluster } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { RequestRow } from '../../src/storage/request-store.ts';
import { claimedFrom } from '../support/claimed.ts';
import { RedisClusterServers } from '../support/redis-cluster.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { describeSessionChangesContract } from './session-changes.contract.ts';
import { describeSessionHandsContract } from './session-hands.contract.ts';
import { describeSessionOffersContract } from './session-offers.contract.ts';
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
  describeSessionOffersContract(open, clock);
});

describe('a Cluster of three nodes', () => {
  it('spreads one queue over all of them, each of its shards on one', async () => {
    await using storage = new RedisStorage({ cluster: cluster.urls, prefix: 'spread' });
    const queue = await storage.openRequestStore('queue');
    const rows = Array.from({ length: 400 }, (_, index) => pageOf(`https://site-${index}.example`));
    await queue.add(rows);
    const homes = await homesOf('spread');
    const shards = [...homes.keys()].filter((name) => name.startsWith('queue/'));
    expect(shards).toHaveLength(16);
    expect([...homes.values()].every((ports) => ports.length === 1)).toBe(true);
    expect(new Set([...homes.values()].flat()).size).toBe(3);
    expect(await queue.counts(0)).toMatchObject({ total: 400, pending: 400 });
    const claimed = await claimedFrom(queue, 400, { now: 0, lockMs: 60_000 });
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(400);
    expect(await queue.handle(claimed.map(({ id, fence }) => ({ id, fence, body: '{}' })))).toEqual(
      claimed.map(({ id }) => id),
    );
    expect(await queue.nextDueAt()).toBeNull();
  });

  it('knows a request by its key, whatever the origin it is added with', async () => {
    await using storage = new RedisStorage({ cluster: cluster.urls, prefix: 'strays' });
    const queue = await storage.openRequestStore('queue');
    const origins = Array.from({ length: 30 }, (_, index) => `https://site-${index}.example`);
    const keyed = origins.map((origin) => ({ ...pageOf(origin), id: 'one', uniqueKey: 'one' }));
    const added = await queue.add(keyed);
    expect(added.filter(({ wasAlreadyPresent }) => !wasAlreadyPresent)).toHaveLength(1);
    // A key that is a URL of another site than the one that is to be asked, and then that URL itself.
    const [first = '', second = ''] = origins;
    const odd = { ...pageOf(first), origin: second };
    expect(await queue.add([odd])).toMatchObject([{ wasAlreadyPresent: false }]);
    expect(await queue.add([pageOf(first)])).toMatchObject([
      { wasAlreadyPresent: true, wasAlreadyHandled: false },
    ]);
    const claimed = await claimedFrom(queue, 10, { now: 0, lockMs: 60_000 });
    expect(claimed.map(({ id }) => id).toSorted()).toEqual([odd.id, 'one'].toSorted());
    await queue.handle(claimed);
    expect(await queue.add([...keyed, odd, pageOf(first)])).toEqual(
      [...keyed, odd, pageOf(first)].map(({ id }) => {
        return { id, wasAlreadyPresent: true, wasAlreadyHandled: true };
      }),
    );
    await queue.drop();
    expect(await queue.add([pageOf(first)])).toMatchObject([{ wasAlreadyPresent: false }]);
  });

  it('keeps as many shards as a queue was made with', async () => {
    const made = { cluster: cluster.urls, prefix: 'kept' };
    await using two = new RedisStorage({ ...made, queueShards: 2 });
    await using five = new RedisStorage({ ...made, queueShards: 5 });
    const rows = Array.from({ length: 50 }, (_, index) => pageOf(`https://site-${index}.example`));
    await (await two.openRequestStore('queue')).add(rows);
    const queue = await five.openRequestStore('queue');
    expect(await queue.add(rows)).toEqual(
      rows.map(({ id }) => ({ id, wasAlreadyPresent: true, wasAlreadyHandled: false })),
    );
    expect(await claimedFrom(queue, 100, { now: 0, lockMs: 60_000 })).toHaveLength(50);
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

  it('gets links again that a node lost, although another counts their page as handled', async () => {
    const log = new Log({ level: 'off' });
    await using storage = new RedisStorage({ cluster: cluster.urls, prefix: 'forgetful', log });
    await using queue = await RequestQueue.open({ storage, log, maxLookAhead: 0 });
    const sites = Array.from({ length: 30 }, (_, index) => `https://site-${index}.example/`);
    const [start = '', ...links] = sites;
    await queue.addRequest(start);
    const [homePort] = [...(await homesOf('forgetful')).values()].flat();
    const page = await queue.fetchNextRequest();
    await queue.addRequests(links);
    if (page) await queue.markRequestHandled(page);
    const forgetful = cluster.nodes.find(({ port }) => port !== homePort) as RedisServer;
    const lostCount = await forgetAll(forgetful, 'forgetful:{queue/*');
    expect(lostCount).toBeGreaterThan(0);
    await forgetful.kill();
    await forgetful.restart();
    const urls = new Set<string>();
    while (!(await queue.isFinished())) {
      const next = await queue.fetchNextRequest();
      if (!next) continue;
      urls.add(next.url);
      await queue.markRequestHandled(next);
    }
    expect(urls).toEqual(new Set(links));
    expect(await queue.getInfo()).toMatchObject({ totalRequestCount: 30, handledRequestCount: 30 });
  });
});

/** As if the writes had never reached it. Returns how many keys that were. */
async function forgetAll({ url }: RedisServer, pattern: string): Promise<number> {
  const client = createClient({ url });
  await client.connect();
  const keys = (await client.sendCommand(['KEYS', pattern])) as string[];
  for (const key of keys) await client.sendCommand(['DEL', key]);
  await client.close();
  return keys.length;
}

function pageOf(origin: string): RequestRow {
  return { id: `${origin}/page`, uniqueKey: `${origin}/page`, body: '{}', origin };
}

/** By hash tag, the ports of the nodes that hold keys of it. */
async function homesOf(prefix: string): Promise<Map<string, number[]>> {
  const homes = new Map<string, number[]>();
  for (const node of cluster.nodes) {
    const client = createClient({ url: node.url });
    await client.connect();
    const keys = (await client.sendCommand(['KEYS', `${prefix}:{*`])) as string[];
    for (const name of new Set(keys.map((key) => /\{(.*?)\}/.exec(key)?.[1] ?? ''))) {
      homes.set(name, [...(homes.get(name) ?? []), node.port]);
    }
    await client.close();
  }
  return homes;
}
