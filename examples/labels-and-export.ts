import { exportDataset } from 'troupe';
import { CheerioCrawler, createCheerioRouter } from 'troupe/cheerio';

const router = createCheerioRouter();

router.addDefaultHandler(async ({ enqueueLinks }) => {
  await enqueueLinks({ selector: '.product_pod h3 a', label: 'book' });
  await enqueueLinks({ selector: '.next a' });
});

router.addHandler('book', async ({ $, request, pushData }) => {
  await pushData({
    url: request.url,
    title: $('h1').text(),
    price: $('.price_color').first().text(),
  });
});

const crawler = new CheerioCrawler({ requestHandler: router, maxRequestsPerCrawl: 60 });
await crawler.run([process.argv[2] ?? 'https://books.toscrape.com/']);

await exportDataset(await crawler.getDataset(), 'books.csv');
console.log(`${await (await crawler.getDataset()).itemCount()} books are in books.csv`);
await crawler.teardown();
