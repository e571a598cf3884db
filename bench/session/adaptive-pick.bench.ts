import { systemRandom } from '../../src/core/random.ts';
import type { ProxyInfo } from '../../src/proxy/proxy-info.ts';
import { resolveAdaptiveOptions } from '../../src/session/adaptive/adaptive-options.ts';
import { Scheduler } from '../../src/session/adaptive/scheduler.ts';
import { limitsOf } from '../../src/session/session-options.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { SlotTable } from '../../src/session/slot-table.ts';
import { compare, type Readings, size } from '../report.ts';

const PICKS = size(1_000_000, 20_000);
const USES = size(500_000, 20_000);
const FEW = 1_000;
const MANY = size(1_000_000, 20_000);
const URL = 'https://site.example/page';

await compare('one adaptive pick, for an origin where a thousand addresses are known', {
  columns: { 'µs a pick': 'less' },
  against: '1,000 sessions',
  goal: '≤ 3 µs, however many sessions',
  subjects: {
    '1,000 sessions': () => picks(FEW, FEW),
    [`${MANY.toLocaleString('en-US')} sessions, 1,000 proxies`]: () => picks(MANY, FEW),
    [`${MANY.toLocaleString('en-US')} sessions, a proxy each`]: () => picks(MANY, MANY),
  },
});

for (const sessions of [FEW, MANY]) {
  await compare(`lease and a good outcome, pool of ${sessions.toLocaleString('en-US')}`, {
    columns: { 'µs a use': 'less' },
    against: 'random',
    subjects: {
      random: () => uses(sessions, 'random'),
      adaptive: () => uses(sessions, 'adaptive'),
    },
  });
}

/** The pick alone: nothing is lent. */
function picks(sessions: number, proxies: number): Readings {
  const table = new SlotTable();
  const scheduler = new Scheduler(
    {
      table,
      random: systemRandom,
      now: () => performance.timeOrigin + performance.now(),
      sentences: { retire: () => {}, release: () => {}, forgive: () => {} },
    },
    resolveAdaptiveOptions(),
  );
  const limits = limitsOf({});
  for (let index = 0; index < sessions; index++) {
    const slot = table.allocate(`session_${index}`, limits);
    table.proxies.set(slot, proxyOf(index % proxies));
    scheduler.add(slot);
  }
  for (let slot = 0; slot < FEW; slot++) learn(scheduler, slot);
  const pick = (count: number): void => {
    for (let n = 0; n < count; n++) {
      if (scheduler.pick(URL) === -1) throw new Error('Nothing was picked');
    }
  };
  pick(PICKS / 10);
  const began = performance.now();
  pick(PICKS);
  return { 'µs a pick': ((performance.now() - began) * 1_000) / PICKS };
}

function learn(scheduler: Scheduler, slot: number): void {
  const outcome = { kind: 'ok', status: 200, latencyMs: 100 } as const;
  for (let n = 0; n < 10; n++) {
    const now = performance.timeOrigin + performance.now();
    const use = scheduler.open(slot, URL, now);
    scheduler.judge(use, outcome, now);
    scheduler.settle(use, outcome, 0, now);
  }
}

async function uses(sessions: number, selection: 'random' | 'adaptive'): Promise<Readings> {
  const pool = await SessionPool.open({
    maxPoolSize: sessions,
    selection,
    sessionOptions: { maxUsageCount: 1_000_000_000, maxAgeSecs: 1_000_000 },
  });
  for (let index = 0; index < sessions; index++) {
    await pool.addSession({ proxyInfo: proxyOf(index % FEW) });
  }
  const use = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
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

function proxyOf(number: number): ProxyInfo {
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
