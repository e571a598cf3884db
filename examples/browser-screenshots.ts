import { mkdir } from 'node:fs/promises';
import { PlaywrightCrawler } from 'troupe/playwright';

// Ten pages through three sessions: three identities with cookies of their own, in one browser.
const url = process.argv[2] ?? 'https://books.toscrape.com/';
await mkdir('screenshots', { recursive: true });

const crawler = new PlaywrightCrawler({
  sessionPoolOptions: { maxPoolSize: 3, selection: 'round-robin' },
  maxRequestsPerCrawl: 10,
  requestHandler: async ({ page, request, session, enqueueLinks }) => {
    const path = `screenshots/${request.id}.png`;
    await page.screenshot({ path });
    console.log(`${await page.title()}: ${path}, seen by ${session?.id}`);
    await enqueueLinks();
  },
});

await crawler.run([url]);
