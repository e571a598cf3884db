// Pages over HTTP. `$('title')` is an object: its text is what can be compared.
import Apify from 'troupe/apify';

const requestQueue = await Apify.openRequestQueue();
for (const url of process.argv.slice(2)) await requestQueue.addRequest({ url });

const crawler = new Apify.CheerioCrawler({
  requestQueue,
  proxyConfiguration: await Apify.createProxyConfiguration(),
  sessionPoolOptions: { maxPoolSize: 100 },
  persistCookiesPerSession: true,
  handlePageFunction: async ({ $, request, session }) => {
    const title = $('title').text();
    if (title === 'Blocked') session.retire();
    else if (title.startsWith('Not sure')) session.markBad();
    console.log(`${request.url}: ${title}, seen by ${session.id}`);
  },
});
await crawler.run();
