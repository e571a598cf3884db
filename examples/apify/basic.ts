// Requests of your own: the session's proxy and cookies are passed by hand.
import Apify from 'troupe/apify';

const requestQueue = await Apify.openRequestQueue();
for (const url of process.argv.slice(2)) await requestQueue.addRequest({ url });

const crawler = new Apify.BasicCrawler({
  requestQueue,
  proxyConfiguration: await Apify.createProxyConfiguration(),
  sessionPoolOptions: { maxPoolSize: 100 },
  handleRequestFunction: async ({ request, session, proxyInfo }) => {
    const response = await Apify.utils.requestAsBrowser({
      url: request.url,
      proxyUrl: proxyInfo.url,
      headers: { Cookie: session.getCookieString() },
    });
    session.setCookiesFromResponse(response);
    if (session.retireOnBlockedStatusCodes(response.statusCode)) return;
    if (response.body.blocked) session.retire();
    console.log(`${request.url}: ${response.statusCode}, seen by ${session.id}`);
  },
});
await crawler.run();
