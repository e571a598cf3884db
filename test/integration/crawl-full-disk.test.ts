import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { openPageTree, pageNumbers } from '../support/page-tree.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { QUIET } from './crawler-harness.ts';

const PAGES = 300;

/** Where mounting is not permitted, the store's own test with SQLite's limit has to do. */
const disks = [await mountSmallDisk(2)].filter((disk) => disk !== undefined);

it.for(disks)(
  'a crawl ends with a clear error when the disk is full, and goes on when there is room',
  async (disk) => {
    const site = await openPageTree({ pages: PAGES });
    const crawl = async (): Promise<string[]> => {
      await using storage = new SqliteStorage({ path: join(disk.path, 'crawl.db'), log: QUIET });
      // Short locks: what was in flight when the disk was full could not be given back.
      const requestQueue = await RequestQueue.open({ storage, lockSecs: 1, log: QUIET });
      const crawler = new CheerioCrawler({
        storage,
        requestQueue,
        log: QUIET,
        resume: true,
        requestHandler: async ({ request, pushData, enqueueLinks }) => {
          await pushData({ url: request.url, pad: 'x'.repeat(10_000) });
          await enqueueLinks();
        },
      });
      // On a full disk the queue cannot give back what it holds either.
      await crawler.run([site.startUrl]).finally(() => requestQueue.close().catch(() => {}));
      const { items } = await (await storage.openDataset('default')).getData({ limit: PAGES * 2 });
      return items.map((item) => String(item['url']));
    };
    try {
      await expect(crawl()).rejects.toMatchObject({ code: 'TROUPE_STORAGE_FULL' });
      expect(site.askedPages().length).toBeLessThan(PAGES);
      disk.grow(64);
      const urls = await crawl();
      expect(pageNumbers(urls)).toHaveLength(PAGES);
      expect(urls).toHaveLength(PAGES);
    } finally {
      await site.close();
      await disk.remove();
    }
  },
);
