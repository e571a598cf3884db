import { HttpCrawler } from '../../src/crawler/http-crawler.ts';
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
const crawler = new HttpCrawler({
  storage,
  requestQueue,
  maxConcurrency: Number(concurrency),
  requestHandler: async ({ request, body, pushData, enqueueLinks }) => {
    await enqueueLinks({ urls: String(body).split('\n') });
    await pushData({ url: request.url });
  },
});
await crawler.run([startUrl]);
await requestQueue.close();
await storage.close();
