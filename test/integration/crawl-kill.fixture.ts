import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';

/** Crawls a site into a database, going on with what is there. Ends with 0 when nothing is left to do. */
const [path = '', startUrl = '', lockSecs = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path });
// What was in use when the process died comes up again when its lock has run out: soon, as tests must be quick.
const requestQueue = await RequestQueue.open({ storage, lockSecs: Number(lockSecs) });
const crawler = new CheerioCrawler({
  storage,
  requestQueue,
  dataset: await storage.openDataset('pages'),
  requestHandler: async ({ request, $, pushData, enqueueLinks }) => {
    await enqueueLinks();
    await pushData([{ url: request.url, title: $('title').text() }, { url: `${request.url}#2` }]);
  },
});
await crawler.run([startUrl]);
await requestQueue.close();
await storage.close();
