import { HttpCrawler } from 'troupe';

/** Sites that block politely answer 200. Rules tell such pages from real ones; the session pays, not the request. */
const crawler = new HttpCrawler({
  checkResponse: [{ title: /access denied|just a moment/i }, { header: { 'cf-mitigated': /./ } }],
  maxSessionRotations: 5,
  maxRequestsPerMinute: 600,
  requestHandler: async ({ request, response, body, pushData }) => {
    await pushData({ url: request.url, status: response.statusCode, length: body.length });
  },
});

const statistics = await crawler.run([process.argv[2] ?? 'https://books.toscrape.com/']);
console.log(statistics.outcomes, statistics.sessionsRetiredByReason);
