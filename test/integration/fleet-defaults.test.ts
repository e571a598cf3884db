import { expect, test } from 'vitest';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { openPageTree } from '../support/page-tree.ts';
import { RedisServer } from '../support/redis-server.ts';

test('a crawler that joins with default options takes nothing from those at work', async () => {
  await using server = await RedisServer.start();
  await using tree = await openPageTree({ pages: 60 });
  await using one = new RedisStorage({ url: server.url });
  await using other = new RedisStorage({ url: server.url });
  let joined: Promise<unknown> | undefined;
  const crawlerOn = (storage: RedisStorage, onPage: () => void): CheerioCrawler =>
    new CheerioCrawler({
      storage,
      maxConcurrency: 2,
      requestHandler: async ({ request, pushData, enqueueLinks }) => {
        await enqueueLinks();
        await pushData({ url: request.url });
        onPage();
      },
    });
  let pagesCount = 0;
  await crawlerOn(one, () => {
    if (++pagesCount === 10) joined = crawlerOn(other, () => pagesCount++).run([tree.startUrl]);
  }).run([tree.startUrl]);
  await joined;
  expect(pagesCount).toBe(60);
  expect(tree.asked).toHaveLength(60);
  const dataset = await one.openDataset('default');
  expect(await dataset.itemCount()).toBe(60);
});
