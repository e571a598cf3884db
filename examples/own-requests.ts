import { BasicCrawler, SessionError } from 'troupe';

/** The handler fetches what it wants, as the session it was given: same proxy, cookies and headers each time. */
const crawler = new BasicCrawler({
  sessionPoolOptions: { maxPoolSize: 5, sessionOptions: { maxUsageCount: 20 } },
  requestHandler: async ({ request, session, sendRequest, pushData }) => {
    const { statusCode, body } = await sendRequest();
    if (statusCode === 403 || /captcha/i.test(body)) throw new SessionError('asked for a captcha');
    await pushData({ url: request.url, bytes: body.length, session: session?.id });
  },
});

const start = process.argv[2] ?? 'https://books.toscrape.com/';
const { outcomes, sessionsCreated } = await crawler.run(
  [1, 2, 3].map((page) => new URL(`/page/${page}`, start).href),
);
console.log(outcomes, `${sessionsCreated} sessions`);
