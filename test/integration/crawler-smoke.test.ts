import { expect, test } from 'vitest';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { openSite } from '../support/local-site.ts';

test('a small site is crawled whole', async () => {
  await using site = await openSite((request, response) => {
    const number = Number(request.url?.slice(1));
    response.setHeader('content-type', 'text/html');
    response.end(`<title>Page ${number}</title><a href="/${(number + 1) % 20}">next</a><a href="/${(number + 7) % 20}">x</a>`);
  });
  await using storage = new MemoryStorage();
  const crawler = new CheerioCrawler({
    storage,
    async requestHandler({ $, pushData, enqueueLinks }) {
      await pushData({ title: $('title').text() });
      await enqueueLinks();
    },
  });
  const stats = await crawler.run([`${site.url}/0`]);
  expect(stats.requestsFinished).toBe(20);
  const { items } = await crawler.getData();
  expect(new Set(items.map((item) => item['title'])).size).toBe(20);
});
