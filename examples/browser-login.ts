import { SessionPool } from 'troupe';
import { CheerioCrawler } from 'troupe/cheerio';
import { PlaywrightCrawler } from 'troupe/playwright';

// Log in once with a browser, then crawl over plain HTTP as the same session: same cookies, same proxy.
const url = process.argv[2] ?? 'https://books.toscrape.com/';
await using pool = await SessionPool.open({ maxPoolSize: 1 });

const login = new PlaywrightCrawler({
  sessionPool: pool,
  requestHandler: async ({ page }) => {
    // Here you would fill in the form: await page.fill('#user', 'ann'); await page.click('#log-in');
    await page.waitForLoadState();
  },
});
await login.run([url]);

const crawler = new CheerioCrawler({
  sessionPool: pool,
  maxRequestsPerCrawl: 10,
  requestHandler: async ({ $, request, session, enqueueLinks }) => {
    console.log(`${$('title').text()}, asked for with ${session?.getCookieString(request.url)}`);
    await enqueueLinks();
  },
});
await crawler.run([url]);
