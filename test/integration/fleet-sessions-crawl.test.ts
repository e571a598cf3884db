import { expect, test } from 'vitest';
import { BasicCrawler } from '../../src/crawler/basic-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';
import { QUIET } from './crawler-harness.ts';

const PAGES = 120;
const PAGE_MS = 200;
const OUTAGE_MS = 30_000;

test('a crawl over an outage of 30 s brings every page in once, and its sessions have as many uses as it had requests', async () => {
  await using server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  await using fleet = new Fleet(server.url);
  const handled: string[] = [];
  const uses = new Map<string, number>();
  const inUse = new Set<string>();
  let half = (): void => {};
  const isHalf = new Promise<void>((resolve) => {
    half = resolve;
  });

  const crawler = async (): Promise<BasicCrawler> => {
    const storage = fleet.storage();
    // No lock runs out meanwhile, so that each page comes once.
    const requestQueue = await RequestQueue.open({ storage, clock: fleet.clock, lockSecs: 90 });
    return new BasicCrawler({
      storage,
      requestQueue,
      clock: fleet.clock,
      log: QUIET,
      maxConcurrency: 3,
      sessionPoolOptions: {
        maxPoolSize: 6,
        sessionOptions: { maxUsageCount: 1000, maxConcurrency: 1 },
      },
      requestHandler: async ({ request, session, pushData }) => {
        const id = session?.id as string;
        expect(inUse).not.toContain(id);
        inUse.add(id);
        uses.set(id, (uses.get(id) ?? 0) + 1);
        await fleet.clock.sleep(PAGE_MS);
        inUse.delete(id);
        handled.push(request.url);
        if (handled.length === PAGES / 2) half();
        await pushData({ url: request.url });
      },
    });
  };
  const urls = Array.from({ length: PAGES }, (_, page) => `https://site.example/${page}`);
  const crawlers = [await crawler(), await crawler()];
  const done = Promise.all(crawlers.map((one) => one.run(urls)));
  await fleet.until(isHalf);
  await server.kill();
  for (let passed = 0; passed < OUTAGE_MS; passed += 100) await fleet.clock.advance(100);
  expect(handled.length).toBeLessThan(PAGES);
  await server.restart();
  await fleet.until(done);

  expect(handled.toSorted()).toEqual(urls.toSorted());
  const storage = fleet.storage();
  const items: unknown[] = [];
  for await (const { url } of (await storage.openDataset('default')).items()) items.push(url);
  expect(items.toSorted()).toEqual(urls.toSorted());
  const stored = new Map<string, number>();
  for await (const batch of (await storage.openSessionStore('SDK_SESSION_POOL_STATE')).load()) {
    for (const { hot } of batch) stored.set(hot.id, hot.usageCount);
  }
  expect(stored).toEqual(uses);
  expect([...uses.values()].reduce((sum, count) => sum + count, 0)).toBe(PAGES);
});
