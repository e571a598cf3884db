import { accountSessions, createFetch, SessionPool } from 'troupe';
import { CheerioCrawler } from 'troupe/cheerio';

const url = process.argv[2] ?? 'https://books.toscrape.com/';
const accounts = accountSessions(
  ['ann', 'ben', 'eva'].map((id) => ({ id, password: process.env[`PASSWORD_OF_${id}`] ?? '' })),
  {
    // Runs once for each account, when it is first needed. Its password is neither stored nor logged.
    initSession: async ({ account, sendRequest }) => {
      const json = { user: account.id, password: account.password };
      const login = { url: new URL('/login', url).href, method: 'POST', json };
      const { statusCode } = await sendRequest(login);
      if (statusCode === 401) throw new Error(`${account.id} has another password`);
    },
    sessionOptions: { minIntervalSecs: 0.1 },
  },
);
await using pool = await SessionPool.open({ ...accounts.poolOptions, selection: 'least-used' });

// Nine visits at once, yet never two at a time on one account; the last three as a named one.
const crawler = new CheerioCrawler({
  sessionPool: pool,
  requestHandler: async ({ session, $, request }) => {
    console.log(`${request.userData['visit']} as ${session?.id}: ${$('title').text()}`);
  },
});
await crawler.run(
  Array.from({ length: 9 }, (_, visit) => ({
    url,
    uniqueKey: `visit ${visit}`,
    userData: { visit },
    ...(visit < 6 ? {} : { sessionId: 'eva' }),
  })),
);

// The same identity for any other code: its cookies, its proxy, its headers.
await using lease = await pool.lease({ sessionId: 'eva' });
const response = await createFetch(lease.session)(url);
lease.report({ kind: response.ok ? 'ok' : 'blocked', status: response.status });
console.log(`fetch as ${lease.session.id}: ${response.status}`);
