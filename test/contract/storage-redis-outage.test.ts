import { createClient } from '@redis/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { FreshPushes } from '../../src/storage/redis/fresh-pushes.ts';
import { RedisDataset } from '../../src/storage/redis/redis-dataset.ts';
import { RedisLink } from '../../src/storage/redis/redis-link.ts';
import { resolveRedisOptions } from '../../src/storage/redis/redis-options.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../support/redis-server.ts';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--requirepass', 'pa55word'];

/** The outages of a real server, with the time that is waited for it in the test's hands. */
describe('an outage of the Redis', () => {
  let server: RedisServer;
  let clock: FakeClock;
  let lines: string[];
  let link: RedisLink;
  let rows: RedisDataset;

  beforeEach(async () => {
    server = await RedisServer.start(DURABLE);
    clock = new FakeClock();
    lines = [];
    const note = (_data: object, message: string): void => void lines.push(message);
    const log = new Log({
      level: 'info',
      sink: { debug: note, info: note, warn: note, error: note },
    });
    const url = server.url.replace('//', '//:pa55word@');
    link = new RedisLink({ ...resolveRedisOptions({ url, log }), ownClock: clock });
    rows = new RedisDataset('rows', link, 'troupe', new FreshPushes(link, clock));
    await rows.pushData({ n: 0 }, { key: 'first' });
  });
  afterEach(async () => {
    await link.close();
    await server.stop();
  });

  it('of 30 s is waited for: told of once, without the password, and nothing is lost', async () => {
    await server.kill();
    let isPushed = false;
    const pushing = Promise.all([
      rows.pushData({ n: 1 }, { key: 'second' }).then(() => {
        isPushed = true;
      }),
      rows.pushData({ n: 2 }, { key: 'third' }),
    ]);
    await clock.advance(30_000);
    expect(isPushed).toBe(false);
    expect(lines).toEqual([
      expect.stringMatching(`^${server.url} cannot be reached: .*Waiting for it, up to 60 s$`),
    ]);
    await server.restart();
    await vi.waitFor(async () => {
      await clock.advance(50);
      expect(isPushed).toBe(true);
    }, 5000);
    await pushing;
    expect(lines.slice(1)).toEqual([`${server.url} answers again`]);
    expect(lines.join()).not.toContain('pa55word');
    let found: unknown[] | undefined;
    // It comes when what may have been lost has been looked after.
    const reading = rows.getData().then(({ items }) => {
      found = items.map(({ n }) => n);
    });
    await vi.waitFor(async () => {
      await clock.advance(50);
      expect(found?.toSorted()).toEqual([0, 1, 2]);
    }, 5000);
    await reading;
  });

  it('of more than 60 s fails all that waits, and what comes later at once', async () => {
    await server.kill();
    const unreachable = { code: 'TROUPE_STORAGE_UNREACHABLE', path: server.url };
    const first = expect(rows.itemCount()).rejects.toMatchObject(unreachable);
    await clock.advance(50_000);
    const second = expect(rows.itemCount()).rejects.toMatchObject(unreachable);
    await clock.advance(10_000);
    await Promise.all([first, second]);
    // Time stands still: nothing is waited for.
    await expect(rows.itemCount()).rejects.toMatchObject(unreachable);
    expect(lines).toHaveLength(1);
    await server.restart();
    await expect.poll(() => rows.itemCount().catch(() => undefined)).toBe(1);
    expect(lines.slice(1)).toEqual([`${server.url} answers again`]);
  });

  it('for want of memory is told of once, although reads are answered all the while', async () => {
    const client = createClient({ url: server.url, password: 'pa55word' });
    await client.connect();
    const limitMemory = (limit: string): Promise<unknown> =>
      client.sendCommand(['CONFIG', 'SET', 'maxmemory', limit]);
    await limitMemory('1');
    let isPushed = false;
    const pushing = rows.pushData({ n: 1 }, { key: 'second' }).then(() => {
      isPushed = true;
    });
    for (let secs = 0; secs < 30; secs++) {
      await clock.advance(1000);
      expect(await rows.itemCount()).toBe(1);
    }
    expect(isPushed).toBe(false);
    expect(lines).toEqual([
      expect.stringMatching(`^${server.url} has no memory left.*Waiting for it, up to 60 s$`),
    ]);
    await limitMemory('0');
    await client.close();
    await vi.waitFor(async () => {
      await clock.advance(50);
      expect(isPushed).toBe(true);
    }, 5000);
    await pushing;
    expect(lines.slice(1)).toEqual([`${server.url} has room again`]);
    expect(await rows.itemCount()).toBe(2);
  });
});

it.each([1, 4])(
  'a queue in shards (%i) adds anew what a server forgot that lost its last writes',
  async (queueShards) => {
    // With nothing on disk, a restart loses all of it.
    await using server = await RedisServer.start();
    const log = new Log({ level: 'off' });
    await using storage = new RedisStorage({ url: server.url, queueShards, log });
    const clock = new FakeClock();
    await using queue = await RequestQueue.open({ storage, clock });
    const add = (): Promise<{ wasAlreadyPresent: boolean }> =>
      queue.addRequest('https://example.com/a');
    expect(await add()).toMatchObject({ wasAlreadyPresent: false });
    expect(await add()).toMatchObject({ wasAlreadyPresent: true });
    // So long ago that the queue does not add it again by itself.
    for (const name of ['b', 'c']) {
      await clock.advance(15_000);
      await queue.addRequest(`https://example.com/${name}`);
    }
    await server.kill();
    await server.restart();
    await expect.poll(add).toMatchObject({ wasAlreadyPresent: false });
    expect(await queue.getInfo()).toMatchObject({ totalRequestCount: 3, pendingRequestCount: 3 });
  },
);

it('a queue is not finished while a server lacks what it took in before it lost its last writes', async () => {
  await using server = await RedisServer.start();
  const log = new Log({ level: 'off' });
  await using storage = new RedisStorage({ url: server.url, log });
  await using queue = await RequestQueue.open({ storage, log });
  await queue.addRequests(['https://example.com/b', 'https://example.com/c']);
  await queue.addRequest('https://example.com/a', { forefront: true });
  await server.kill();
  await server.restart();
  expect(await queue.isFinished()).toBe(false);
  expect(await queue.getInfo()).toMatchObject({ totalRequestCount: 3, pendingRequestCount: 3 });
  const urls: string[] = [];
  for (let next = await queue.fetchNextRequest(); next; next = await queue.fetchNextRequest()) {
    urls.push(next.url);
    await queue.markRequestHandled(next);
  }
  expect(urls.map((url) => url.slice(-1))).toEqual(['a', 'b', 'c']);
  // What is still there is known, and falls away.
  const client = createClient({ url: server.url });
  await client.connect();
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
  await client.close();
  expect(await queue.isFinished()).toBe(true);
  expect(await queue.getInfo()).toMatchObject({ totalRequestCount: 3, handledRequestCount: 3 });
});

it('datasets have again what a server lost that they pushed last under a key, unless they were dropped', async () => {
  await using server = await RedisServer.start();
  const log = new Log({ level: 'off' });
  await using storage = new RedisStorage({ url: server.url, log });
  const [pages, dropped] = [await storage.openDataset('pages'), await storage.openDataset('old')];
  await pages.pushData([{ n: 1 }, { n: 2 }], { key: 'a' });
  await pages.pushData({ n: 3 }, { key: 'b' });
  await pages.pushData({ n: 4 }, { key: 'b' });
  await pages.pushData({ n: 5 });
  await dropped.pushData({ n: 6 }, { key: 'c' });
  await dropped.drop();
  await server.kill();
  await server.restart();
  // Another worker has handled this page again.
  await using other = new RedisStorage({ url: server.url, log });
  await (await other.openDataset('pages')).pushData({ n: 7 }, { key: 'a' });
  const items = async (): Promise<unknown[]> => (await pages.getData()).items;
  await expect.poll(items).toEqual([{ n: 7 }, { n: 4 }]);
  expect(await dropped.itemCount()).toBe(0);
  // What is there is left as it is, however often the connection breaks.
  const client = createClient({ url: server.url });
  await client.connect();
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
  await client.close();
  expect(await items()).toEqual([{ n: 7 }, { n: 4 }]);
});
