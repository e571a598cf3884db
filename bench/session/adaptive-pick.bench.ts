import { SeededRandom, systemRandom } from '../../src/core/random.ts';
import type { ProxyInfo } from '../../src/proxy/proxy-info.ts';
import { resolveAdaptiveOptions } from '../../src/session/adaptive/resolve-adaptive-options.ts';
import { Scheduler } from '../../src/session/adaptive/scheduler.ts';
import type { Use } from '../../src/session/adaptive/use.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import { limitsOf } from '../../src/session/session-options.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { SlotTable } from '../../src/session/slot-table.ts';
import { compare, type Readings, size } from '../report.ts';

const ROUNDS = size(500, 10);
/** Uses, and as many picks alone, in a round. */
const ROUND = 1_000;
const USES = size(500_000, 20_000);
const FEW = 1_000;
const MANY = size(1_000_000, 20_000);
const CANDIDATES = 8;
const IN_FLIGHT = 32;
/** Proxies that answer much sooner: as many as the fast lane holds. */
const LANE = 32;
const LANE_ROUNDS = 10;
const URL = 'https://site.example/page';
const SLOW: Outcome = { kind: 'ok', status: 200, latencyMs: 600 };
const FAST: Outcome = { kind: 'ok', status: 200, latencyMs: 20 };
const FINE: Outcome = { kind: 'ok', status: 200, latencyMs: 100 };
const FAILED: Outcome = { kind: 'proxy', latencyMs: 100 };
const MANY_NAME = MANY.toLocaleString('en-US');

await compare('one adaptive pick, in a pool that has learnt', {
  columns: { 'µs a pick': 'less', 'µs a pick, lent and reported': 'less' },
  against: '1,000 sessions, a proxy each',
  goal: '≤ 3 µs, however many sessions',
  subjects: {
    '1,000 sessions, a proxy each': () => picks(FEW, FEW),
    [`${MANY_NAME} sessions, 1,000 proxies`]: () => picks(MANY, FEW),
    [`${MANY_NAME} sessions, a proxy each`]: () => picks(MANY, MANY),
    [`${MANY_NAME} sessions, a proxy each, all remembered`]: () => picks(MANY, MANY, MANY),
    '1,000 sessions, a proxy each, a full fast lane': () => picks(FEW, FEW, undefined, LANE),
    [`bare reads of as much memory, ${CANDIDATES} × 3 cache lines`]: () => reads(MANY),
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

/**
 * Time runs a millisecond ahead with each use, as in a pool that is asked a thousand times a second: what is known has
 * aged when it is looked at again.
 */
function picks(sessions: number, proxies: number, pairs?: number, fastCount = 0): Readings {
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  const table = new SlotTable();
  const scheduler = new Scheduler(
    {
      table,
      random: systemRandom,
      now,
      sentences: { retire: () => {}, release: () => {}, forgive: () => {} },
    },
    resolveAdaptiveOptions(pairs === undefined ? {} : { memory: { pairs } }),
  );
  const limits = limitsOf({});
  for (let index = 0; index < sessions; index++) {
    const slot = table.allocate(`session_${index}`, limits);
    table.proxies.set(slot, proxyOf(index % proxies));
    scheduler.add(slot);
  }
  const dice = new SeededRandom(1);
  const open: (Use | undefined)[] = new Array(IN_FLIGHT).fill(undefined);
  let opened = 0;
  const lend = (slot: number): void => {
    aheadMs++;
    const at = now();
    const place = opened++ % IN_FLIGHT;
    const former = open[place];
    open[place] = scheduler.open(slot, URL, at);
    scheduler.remove(slot);
    if (!former) return;
    const outcome = outcomeOf(former.proxy, dice.next(), fastCount);
    scheduler.judge(former, outcome, at);
    scheduler.settle(former, outcome, 0, at);
    scheduler.add(former.slot);
  };
  const lendAll = (): void => {
    for (let slot = 0; slot < sessions; slot++) lend(slot);
  };
  lendAll();
  if (fastCount > 0) fillLane(scheduler, lendAll, fastCount);
  const pick = (): number => {
    const slot = scheduler.pick(URL);
    if (slot === -1) throw new Error('Nothing was picked');
    return slot;
  };
  let pickMs = 0;
  let useMs = 0;
  for (let round = -ROUNDS / 10; round < ROUNDS; round++) {
    const began = performance.now();
    for (let n = 0; n < ROUND; n++) lend(pick());
    const lent = performance.now();
    for (let n = 0; n < ROUND; n++) pick();
    if (round < 0) continue;
    useMs += lent - began;
    pickMs += performance.now() - lent;
  }
  const micros = 1_000 / (ROUNDS * ROUND);
  return { 'µs a pick': pickMs * micros, 'µs a pick, lent and reported': useMs * micros };
}

/** Everybody has answered so often that it is known who is fast. */
function fillLane(scheduler: Scheduler, lendAll: () => void, fastCount: number): void {
  for (let round = 0; round < LANE_ROUNDS; round++) lendAll();
  const lane = scheduler.explainOrigin(URL)?.lane;
  if (lane?.addresses !== fastCount) {
    throw new Error(`The fast lane holds ${lane?.addresses} addresses, not ${fastCount}`);
  }
}

/** One address in ten is slow, and one use in a hundred fails. */
function outcomeOf(proxy: number, chance: number, fastCount: number): Outcome {
  if (chance < 0.01) return FAILED;
  if (proxy < fastCount) return FAST;
  return proxy % 10 === 0 ? SLOW : FINE;
}

/**
 * What the memory alone asks for: of each candidate its place among the ready ones, and the cache lines of its proxy and
 * of its pair, each of which tells where the next one is; always the same step for all of them together.
 */
function reads(rows: number): Readings {
  const dice = new SeededRandom(2);
  const ready = Uint32Array.from({ length: rows * 2 }, () => dice.next() * rows);
  const proxies = Uint32Array.from({ length: rows * 16 }, () => dice.next() * rows);
  const pairs = new Float64Array(rows * 8).fill(1);
  const found = new Uint32Array(CANDIDATES);
  let sum = 0;
  const run = (count: number): void => {
    for (let pick = 0; pick < count; pick++) {
      for (let n = 0; n < CANDIDATES; n++) found[n] = Math.random() * rows;
      for (let n = 0; n < CANDIDATES; n++) found[n] = ready[(found[n] as number) * 2] as number;
      for (let n = 0; n < CANDIDATES; n++) found[n] = proxies[(found[n] as number) * 16] as number;
      for (let n = 0; n < CANDIDATES; n++) sum += pairs[(found[n] as number) * 8] as number;
    }
  };
  run(ROUNDS * 100);
  const began = performance.now();
  run(ROUNDS * ROUND);
  const micros = ((performance.now() - began) * 1_000) / (ROUNDS * ROUND);
  if (sum === 0) throw new Error('Nothing was read');
  return { 'µs a pick': micros, 'µs a pick, lent and reported': Number.NaN };
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
