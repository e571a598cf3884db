import { createClient } from '@redis/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisServer } from '../support/redis-server.ts';
import {
  allUrls,
  crawledUrls,
  type FleetWorkers,
  fleetWorkers,
  openFleetSite,
} from './fleet-workers.ts';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const CONCURRENCY = 5;

let fleet: FleetWorkers;
beforeAll(async () => {
  fleet = await fleetWorkers();
});
afterAll(() => fleet[Symbol.asyncDispose]());

test('workers wait for a Redis that is away, say so once, and go on', async () => {
  await using server = await RedisServer.start([...DURABLE, '--requirepass', 'pa55word']);
  const redisUrl = server.url.replace('//', '//:pa55word@');
  let killed = Promise.resolve();
  await using site = await openFleetSite({
    pages: 300,
    onVisit: (visit) => {
      if (visit === 150) killed = server.kill();
      return undefined;
    },
  });
  const options = { redisUrl, startUrl: `${site.url}/0`, lockSecs: 30, concurrency: CONCURRENCY };
  const workers = [fleet.start(options), fleet.start(options)];
  await Promise.all(workers.map(({ waitFor }) => waitFor('Waiting for it, up to 60 s')));
  await killed;
  await server.restart();
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
  for (const worker of workers) {
    expect(worker.printed().split(`${server.url} cannot be reached`)).toHaveLength(2);
    expect(worker.printed()).not.toContain('pa55word');
  }
  expect(await crawledUrls(redisUrl)).toEqual(allUrls(site));
  // No lock ran out meanwhile.
  expect(site.visitsCount).toBe(300);
});

test('workers wait for a Redis that is full, say so once, and go on when there is room', async () => {
  await using server = await RedisServer.start(DURABLE);
  const client = createClient({ url: server.url });
  await client.connect();
  const limitMemory = (limit: string): Promise<unknown> =>
    client.sendCommand(['CONFIG', 'SET', 'maxmemory', limit]);
  let limited: Promise<unknown> = Promise.resolve();
  await using site = await openFleetSite({
    pages: 300,
    onVisit: (visit) => {
      if (visit === 150) limited = limitMemory('1mb');
      return undefined;
    },
  });
  const redisUrl = server.url;
  const options = { redisUrl, startUrl: `${site.url}/0`, lockSecs: 30, concurrency: CONCURRENCY };
  const workers = [fleet.start(options), fleet.start(options)];
  await Promise.all(workers.map(({ waitFor }) => waitFor('Waiting for it, up to 60 s')));
  await limited;
  await limitMemory('0');
  await client.close();
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
  for (const worker of workers) {
    expect(worker.printed().split(`${server.url} has no memory left`)).toHaveLength(2);
  }
  expect(await crawledUrls(redisUrl)).toEqual(allUrls(site));
  expect(site.visitsCount).toBe(300);
});

test('a worker that stood still for longer than its locks is refused, and learns of it', async () => {
  await using server = await RedisServer.start(DURABLE);
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  await using site = await openFleetSite({
    pages: 30,
    // The first worker is stopped while it waits for this page.
    onVisit: (_visit, page) => {
      if (page !== 7 || site.visits[7] !== 1) return undefined;
      stop();
      return released;
    },
  });
  const redisUrl = server.url;
  const options = { redisUrl, startUrl: `${site.url}/0`, lockSecs: 1, concurrency: 1 };
  const paused = fleet.start(options);
  await stopped;
  paused.child.kill('SIGSTOP');
  const other = fleet.start({ ...options, lockSecs: 30, concurrency: CONCURRENCY });
  expect(await other.ended).toBe(0);
  expect(await crawledUrls(redisUrl)).toEqual(allUrls(site));

  release();
  paused.child.kill('SIGCONT');
  expect(await paused.ended).toBe(0);
  expect(paused.printed()).toContain('Lost the lock of request');
  expect(paused.printed()).toContain(`${site.url}/7`);
  // The page came twice, as may those before it whose acknowledgement was under way; what they left is there once.
  expect(site.visits[7]).toBe(2);
  expect(Math.max(...site.visits)).toBe(2);
  expect(await crawledUrls(redisUrl)).toEqual(allUrls(site));
});
