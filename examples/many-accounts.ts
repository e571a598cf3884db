import { SessionPool } from 'troupe';

// One session for each account: its cookies and its proxy never mix with another's.
const url = process.argv[2] ?? 'https://books.toscrape.com/';
const accounts = ['ann', 'ben', 'eva'];

await using pool = await SessionPool.open({
  maxPoolSize: accounts.length,
  selection: 'least-used',
  sessionOptions: { maxUsageCount: 1_000, minIntervalSecs: 0.1 },
});
for (const name of accounts) await pool.addSession({ id: name, userData: { name } });

async function visit(page: number): Promise<string> {
  await using lease = await pool.lease({ timeoutSecs: 30 });
  const { session } = lease;
  const response = await fetch(url, { headers: { cookie: session.getCookieString(url) } });
  session.setCookiesFromResponse(response);
  lease.report({ kind: response.ok ? 'ok' : 'blocked', status: response.status });
  return `visit ${page} as ${session.userData['name']}: ${response.status}`;
}

// Nine visits at once, yet never two at a time on one account.
const visits = await Promise.all(Array.from({ length: 9 }, (_, page) => visit(page)));
console.log(visits.join('\n'));
