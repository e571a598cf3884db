// Pages in a browser, each session with a proxy and cookies of its own.
import Apify from 'troupe/apify';

const requestQueue = await Apify.openRequestQueue();
for (const url of process.argv.slice(2)) await requestQueue.addRequest({ url });

const crawler = new Apify.PuppeteerCrawler({
  requestQueue,
  proxyConfiguration: await Apify.createProxyConfiguration(),
  sessionPoolOptions: { maxPoolSize: 100 },
  persistCookiesPerSession: true,
  handlePageFunction: async ({ page, request, session }) => {
    const title = await page.title();
    if (title === 'Blocked') session.retire();
    else if (title.startsWith('Not sure')) session.markBad();
    console.log(`${request.url}: ${title}, seen by ${session.id}`);
  },
});
await crawler.run();
