import { SessionPool } from '../../src/session/session-pool.ts';
import { compare, type Readings, size } from '../report.ts';

const USES = size(500_000, 200_000);
const FEW = 1_000;
const MANY = size(1_000_000, 200_000);
const URL = 'https://site.example/page';

for (const sessions of [FEW, MANY]) {
  await compare(
    `lease and a good outcome for one origin, pool of ${sessions.toLocaleString('en-US')}`,
    {
      columns: { 'µs a use': 'less' },
      against: 'random',
      goal: 'adaptive: at most 3 µs more than random, however many sessions',
      subjects: {
        random: () => measure(sessions, 'random', 1_000),
        'adaptive, 1,000 proxies': () => measure(sessions, 'adaptive', 1_000),
        'adaptive, a proxy each': () => measure(sessions, 'adaptive', sessions),
      },
    },
  );
}

async function measure(
  sessions: number,
  selection: 'random' | 'adaptive',
  proxies: number,
): Promise<Readings> {
  const pool = await SessionPool.open({
    maxPoolSize: sessions,
    selection,
    sessionOptions: { maxUsageCount: 1_000_000_000, maxAgeSecs: 1_000_000 },
  });
  for (let index = 0; index < sessions; index++) {
    await pool.addSession({ proxyInfo: proxyOf(index % proxies) });
  }
  const use = async (uses: number): Promise<void> => {
    for (let index = 0; index < uses; index++) {
      const lease = await pool.lease({ url: URL });
      lease.report({ kind: 'ok', status: 200, latencyMs: 100 });
    }
  };
  await use(USES / 10);
  const began = performance.now();
  await use(USES);
  const micros = ((performance.now() - began) * 1_000) / USES;
  await pool.close();
  return { 'µs a use': micros };
}

function proxyOf(number: number): {
  url: string;
  protocol: 'http';
  hostname: string;
  port: number;
  username: string;
  password: string;
} {
  const hostname = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  return {
    url: `http://${hostname}:8000`,
    protocol: 'http',
    hostname,
    port: 8000,
    username: '',
    password: '',
  };
}
