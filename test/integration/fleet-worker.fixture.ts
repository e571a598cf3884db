import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';

/** One worker of a fleet: crawls a site together with all that share the Redis. Ends with 0 when nothing is left. */
const [url = '', startUrl = '', lockSecs = '', concurrency = ''] = process.argv.slice(2);
const storage = new RedisStorage({ url });
const requestQueue = await RequestQueue.open({
  storage,
  lockSecs: Number(lockSecs),
  pollSecs: 0.1,
});
const crawler = new CheerioCrawler({
  storage,
  requestQueue,
  maxConcurrency: Number(concurrency),
  requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
    await enqueueLinks();
    await pushData({ url: request.url, title: $('title').text() });
  },
});
await crawler.run([startUrl]);
await requestQueue.close();
await storage.close();
