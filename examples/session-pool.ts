import { SessionPool, SqliteStorage } from 'troupe';

const url = process.argv[2] ?? 'https://books.toscrape.com/';
await using storage = new SqliteStorage({ path: 'sessions.sqlite' });
await using pool = await SessionPool.open({ maxPoolSize: 20, storage });

const lease = await pool.lease({ url });
const { session } = lease;
const response = await fetch(url, { headers: { cookie: session.getCookieString(url) } });
session.setCookiesFromResponse(response);
lease.report({ kind: response.ok ? 'ok' : 'blocked', status: response.status });

console.log(session.id, session.usageCount, session.getCookies(url));
console.log(pool.explain(session.id));
