import { createClient } from '@redis/client';
import { expect, test } from 'vitest';
import { BasicCrawler } from '../../src/crawler/basic-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage, type RedisStorageOptions } from '../../src/storage/redis/redis-storage.ts';
import { ShardMap } from '../../src/storage/redis/shard-map.ts';
import { RedisClusterServers } from '../support/redis-cluster.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { QUIET } from './crawler-harness.ts';
import { openFleetSite } from './fleet-workers.ts';

const PAGES = 60;
/** Domains, which lie in several shards. */
const DOMAINS = 20;
/** What a Cluster has if nobody says otherwise. */
const SHARDS = 16;
/** Until this page the replica has all; from then on it hears of nothing. */
const CUT_OFF_AT = 20;
const KILLED_AT = 40;

test('a crawl goes on after sentinels made a replica the master that lacks the last writes', async () => {
  await using group = await RedisSentinels.start();
  const sentinel = { masterName: RedisSentinels.masterName, nodes: group.urls };
  const forgotten = await crawlThroughFailover(
    { sentinel, queueShards: 3 },
    {
      master: group.master,
      tag: 'any',
      isLost: () => true,
    },
  );
  expect(forgotten).toBeGreaterThan((KILLED_AT - CUT_OFF_AT) / 2);
});

test('a crawl goes on after a Cluster made a replica the master that lacks the last writes', async () => {
  await using cluster = await RedisClusterServers.startWithReplicas();
  const shards = new ShardMap(SHARDS);
  const homes: number[] = [];
  for (let page = 0; page < PAGES; page++) {
    const shard = shards.ofOrigin(new URL(urlOf(page)).origin);
    homes.push(await cluster.homeOf(`troupe:{queue/${shard}:default}:meta`));
  }
  expect(new Set(homes).size).toBe(cluster.nodes.length);
  // What it forgets of items is not brought again by pages that others know to be handled.
  const victim = await cluster.homeOf('troupe:{dataset:default}:items');
  const tag = await tagAt(cluster, victim);
  const forgotten = await crawlThroughFailover(
    { cluster: cluster.urls },
    {
      master: cluster.nodes[victim] as RedisServer,
      tag,
      isLost: (page) => homes[page] === victim,
    },
  );
  expect(forgotten).toBeGreaterThan(0);
});

interface Victim {
  readonly master: RedisServer;
  /** Keys with this hash tag lie there. */
  readonly tag: string;
  /** Whether it keeps the requests of the domain of this page. */
  isLost(page: number): boolean;
}

/**
 * What was done after the replica was cut off is forgotten by the new master: it is done again, and nothing is lost.
 * Returns how many pages came again.
 */
async function crawlThroughFailover(
  options: RedisStorageOptions,
  { master, tag, isLost }: Victim,
): Promise<number> {
  await using storage = new RedisStorage({ ...options, log: QUIET });
  await using requestQueue = await RequestQueue.open({
    storage,
    lockSecs: 1,
    pollSecs: 0.1,
    log: QUIET,
  });
  let forgettable = 0;
  await using site = await openFleetSite({
    pages: PAGES,
    onVisit: (visit, page) => {
      if (visit >= CUT_OFF_AT && visit <= KILLED_AT && isLost(page)) forgettable++;
      if (visit === CUT_OFF_AT) return cutOffReplica(master, tag);
      return visit === KILLED_AT ? master.kill() : undefined;
    },
  });
  const crawler = new BasicCrawler({
    storage,
    requestQueue,
    log: QUIET,
    maxConcurrency: 1,
    requestHandler: async ({ request, sendRequest, pushData, enqueueLinks }) => {
      const page = await sendRequest({ url: `${site.url}${new URL(request.url).pathname}` });
      await pushData({ url: request.url });
      const links = String(page.body).split('\n');
      const urls = links.map((path) => urlOf(Number(path.slice(1))));
      await enqueueLinks({ urls, strategy: 'all' });
    },
  });
  await crawler.run([urlOf(0)]);
  expect(await requestQueue.getInfo()).toMatchObject({
    totalRequestCount: PAGES,
    handledRequestCount: PAGES,
  });
  const { items } = await (await storage.openDataset('default')).getData({ limit: 2 * PAGES });
  const expected = site.visits.map((_, page) => urlOf(page));
  expect(items.map(({ url }) => url).toSorted()).toEqual(expected.toSorted());
  // What the replica had heard of does not come again, nor what others keep.
  const againCount = site.visitsCount - PAGES;
  expect(againCount).toBeLessThanOrEqual(forgettable + 1);
  return againCount;
}

/** Each page of another domain than the one before. */
function urlOf(page: number): string {
  return `http://site-${page % DOMAINS}.example/${page}`;
}

async function tagAt(cluster: RedisClusterServers, node: number): Promise<string> {
  for (let number = 0; ; number++) {
    if ((await cluster.homeOf(`{${number}}`)) === node) return `${number}`;
  }
}

/** Nothing the master acknowledges from now on reaches its replica; what it acknowledged before has. */
async function cutOffReplica({ url }: RedisServer, tag: string): Promise<void> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  // WAIT asks for what its own connection wrote.
  await client.sendCommand(['SET', `marker{${tag}}`, '']);
  expect(await client.sendCommand(['WAIT', '1', '5000'])).toBe(1);
  await client.sendCommand(['ACL', 'SETUSER', 'default', '-psync', '-sync']);
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'replica']);
  await client.close();
}
