import { systemClock } from '../../src/core/clock.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';

/** A worker that is to be killed: it fails once with a session, and a second later is in the midst of a further use. */
const [url = ''] = process.argv.slice(2);
const storage = new RedisStorage({ url });
const pool = await SessionPool.open({ storage, handLeaseSecs: 3, maxPoolSize: 1 });
const first = await pool.lease();
first.session.setCookie('login=secret; Path=/', 'https://site.example/');
first.report({ kind: 'timeout' });
await systemClock.sleep(1000);
const { session } = await pool.lease();
process.stdout.write(`${session.id} ${session.usageCount}\n`);
