import { CheerioCrawler } from 'troupe/cheerio';

const crawler = new CheerioCrawler({
  maxRequestsPerCrawl: 50,
  requestHandler: async ({ request, $, enqueueLinks, pushData }) => {
    await pushData({ url: request.url, title: $('title').text() });
    await enqueueLinks();
  },
});

const statistics = await crawler.run([process.argv[2] ?? 'https://books.toscrape.com/']);
console.log(`${statistics.requestsFinished} pages, ${statistics.requestsFailed} failed`);
