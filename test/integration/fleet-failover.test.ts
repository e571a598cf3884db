import { createClient } from '@redis/client';
import { expect, test } from 'vitest';
import { HttpCrawler } from '../../src/crawler/http-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage, type RedisStorageOptions } from '../../src/storage/redis/redis-storage.ts';
import { RedisClusterServers } from '../support/redis-cluster.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { QUIET } from './crawler-harness.ts';
import { openFleetSite } from './fleet-workers.ts';

const PAGES = 60;
/** Until this page the replica has all; from then on it hears of nothing. */
const CUT_OFF_AT = 20;
const KILLED_AT = 40;

test('a crawl goes on after sentinels made a replica the master that lacks the last writes', async () => {
  await using group = await RedisSentinels.start();
  const sentinel = { masterName: RedisSentinels.masterName, nodes: group.urls };
  await crawlThroughFailover(group.master, { sentinel });
});

test('a crawl goes on after a Cluster made a replica the master that lacks the last writes', async () => {
  await using cluster = await RedisClusterServers.startWithReplicas();
  const home = await cluster.homeOf('troupe:{queue/0:default}:meta');
  await crawlThroughFailover(cluster.nodes[home] as RedisServer, {
    cluster: cluster.urls,
    queueShards: 1,
  });
});

/** What was done after the replica was cut off is forgotten by the new master: it is done again, and nothing is lost. */
async function crawlThroughFailover(
  master: RedisServer,
  options: RedisStorageOptions,
): Promise<void> {
  await using storage = new RedisStorage({ ...options, log: QUIET });
  await using requestQueue = await RequestQueue.open({
    storage,
    lockSecs: 1,
    pollSecs: 0.1,
    log: QUIET,
  });
  await using site = await openFleetSite({
    pages: PAGES,
    onVisit: (visit) => {
      if (visit === CUT_OFF_AT) return cutOffReplica(master);
      return visit === KILLED_AT ? master.kill() : undefined;
    },
  });
  const crawler = new HttpCrawler({
    storage,
    requestQueue,
    log: QUIET,
    maxConcurrency: 1,
    requestHandler: async ({ request, body, pushData, enqueueLinks }) => {
      await pushData({ url: request.url });
      await enqueueLinks({ urls: String(body).split('\n') });
    },
  });
  await crawler.run([`${site.url}/0`]);
  expect(await requestQueue.getInfo()).toMatchObject({
    totalRequestCount: PAGES,
    handledRequestCount: PAGES,
  });
  const { items } = await (await storage.openDataset('default')).getData({ limit: 2 * PAGES });
  const expected = site.visits.map((_, page) => `${site.url}/${page}`);
  expect(items.map(({ url }) => url).toSorted()).toEqual(expected.toSorted());
  // Most of what was handled in between comes again; what the replica had heard of does not.
  const againCount = site.visitsCount - PAGES;
  expect(againCount).toBeGreaterThan((KILLED_AT - CUT_OFF_AT) / 2);
  expect(againCount).toBeLessThanOrEqual(KILLED_AT - CUT_OFF_AT + 2);
}

/** Nothing the master acknowledges from now on reaches its replica; what it acknowledged before has. */
async function cutOffReplica({ url }: RedisServer): Promise<void> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  // WAIT asks for what its own connection wrote. The key lies where the queue's keys do, if this is a Cluster.
  await client.sendCommand(['SET', 'marker{queue/0:default}', '']);
  expect(await client.sendCommand(['WAIT', '1', '5000'])).toBe(1);
  await client.sendCommand(['ACL', 'SETUSER', 'default', '-psync', '-sync']);
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'replica']);
  await client.close();
}
