import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { HttpCrawler } from '../../src/crawler/http-crawler.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { openSite } from '../support/local-site.ts';
import { RedisServer } from '../support/redis-server.ts';
import { QUIET } from './crawler-harness.ts';

const DELAY_SECS = 0.05;
const PAGES = 12;

test('two crawlers on one Redis keep a delay between them that is set for each', async () => {
  await using server = await RedisServer.start();
  const arrivals: number[] = [];
  const site = await openSite((_request, response) => {
    arrivals.push(systemClock.monotonicMs() - start);
    response.setHeader('content-type', 'text/plain');
    response.end('fine');
  });
  const start = systemClock.monotonicMs();
  const urls = Array.from({ length: PAGES }, (_, page) => `${site.url}/${page}`);
  const workers = await Promise.all(
    [0, 1].map(async () => {
      await using storage = new RedisStorage({ url: server.url });
      const crawler = new HttpCrawler({
        storage,
        log: QUIET,
        sameDomainDelaySecs: DELAY_SECS,
        requestHandler: () => {},
      });
      return await crawler.run(urls);
    }),
  );
  await site.close();
  const finished = workers.map(({ requestsFinished }) => requestsFinished);
  expect(finished[0] as number).toBeGreaterThan(0);
  expect(finished[1] as number).toBeGreaterThan(0);
  expect(arrivals).toHaveLength(PAGES);
  // Each is claimed at least so long after the one before, and comes after it was claimed.
  for (const [index, at] of arrivals.entries()) {
    expect(at).toBeGreaterThanOrEqual(index * (DELAY_SECS * 1000 - 1));
  }
});
