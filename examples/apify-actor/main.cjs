const Apify = require('troupe/apify');

const { log, enqueueLinks } = Apify.utils;

const LABELS = { LIST: 'LIST', BOOK: 'BOOK' };

// Input, kept in the default key-value store:
// {
//   "startUrls": [{ "url": "https://books.toscrape.com/" }],
//   "maxBooks": 20,
//   "proxy": { "useApifyProxy": true, "apifyProxyGroups": ["SHADER"] }
// }
async function readInput() {
  const input = await Apify.getInput();
  if (!input || !Array.isArray(input.startUrls) || input.startUrls.length === 0) {
    throw new Error('The input needs "startUrls": at least one URL to start from');
  }
  return { maxBooks: 20, proxy: { useApifyProxy: false }, ...input };
}

async function handleList({ request, $, crawler }, origin) {
  const books = await enqueueLinks({
    $,
    requestQueue: crawler.requestQueue,
    baseUrl: request.loadedUrl,
    pseudoUrls: [`${origin}/book/[.+]`],
    transformRequestFunction: (original) => {
      original.userData.label = LABELS.BOOK;
      return original;
    },
  });
  await enqueueLinks({
    $,
    requestQueue: crawler.requestQueue,
    baseUrl: request.loadedUrl,
    selector: 'li.next a',
    transformRequestFunction: (original) => {
      original.userData = { label: LABELS.LIST };
      return original;
    },
  });
  log.info(`${request.url}: ${books.length} books`);
}

async function handleBook({ request, $, session, proxyInfo, crawler }, state) {
  if (state.bookCount >= state.maxBooks) {
    await crawler.autoscaledPool.abort();
    return;
  }
  state.bookCount++;
  session.userData.books = (session.userData.books || 0) + 1;
  await Apify.pushData({
    url: request.url,
    title: $('h1').text(),
    price: Number(
      $('.price_color')
        .text()
        .replace(/[^0-9.]/g, ''),
    ),
    seenThrough: proxyInfo ? proxyInfo.hostname : 'no proxy',
    '#debug': { session: session.id, retries: request.retryCount },
  });
}

Apify.main(async () => {
  const { startUrls, maxBooks, proxy } = await readInput();
  const { origin } = new URL(startUrls[0].url);

  const requestList = await Apify.openRequestList('start-urls', startUrls);
  const requestQueue = await Apify.openRequestQueue();
  const proxyConfiguration = await Apify.createProxyConfiguration(proxy);

  const state = (await Apify.getValue('STATE')) || { bookCount: 0 };
  state.maxBooks = maxBooks;
  Apify.events.on('persistState', () => Apify.setValue('STATE', { bookCount: state.bookCount }));

  const crawler = new Apify.CheerioCrawler({
    requestList,
    requestQueue,
    proxyConfiguration,
    maxConcurrency: 10,
    maxRequestRetries: 2,
    useSessionPool: true,
    persistCookiesPerSession: true,
    sessionPoolOptions: { maxPoolSize: 20, sessionOptions: { maxUsageCount: 30 } },
    handlePageFunction: async (context) => {
      const { request, $, session } = context;
      if ($('title').text().includes('Access denied')) {
        session.retire();
        throw new Error('The session is blocked');
      }
      if (request.userData.label === LABELS.BOOK) await handleBook(context, state);
      else await handleList(context, origin);
    },
    handleFailedRequestFunction: async ({ request, error }) => {
      log.error(`${request.url} was given up`, { retries: request.retryCount });
      await Apify.pushData({ url: request.url, '#error': error.message });
    },
  });

  await crawler.run();

  const { itemCount } = await (await Apify.openDataset()).getInfo();
  await Apify.setValue('OUTPUT', { books: state.bookCount, rows: itemCount });
  console.log(`${state.bookCount} books`);
});
