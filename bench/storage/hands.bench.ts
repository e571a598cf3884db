// Workers that share a pool: what a hand costs the server, beside the plainest commands that move the same rows.
import type { createClient } from '@redis/client';
import { NO_CHANGES } from '../../src/session/hand/changes.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { HandChanges, SessionHands } from '../../src/storage/session-hands.ts';
import type { SessionHotRow } from '../../src/storage/session-store.ts';
import { compare, type Readings, size } from '../report.ts';
import { MeasuredRedis, serverTimeOf, usedBytes } from './measured-redis.ts';

const SESSIONS = size(100_000, 2_000);
const HANDS = 8;
const FILL = 500;
const START = 1_700_000_000_000;

const redis = await MeasuredRedis.start();
const { url } = redis;

type Client = ReturnType<typeof createClient>;

const bare = 'bare HMGET and HSET of the same rows';
for (const [held, rounds] of [
  [1, size(40_000, 400)],
  [20, size(8_000, 100)],
  [200, size(1_000, 20)],
] as const) {
  await compare(
    `${HANDS} hands of ${held}, in a pool of ${SESSIONS.toLocaleString('en-US')}: take, use each once, sync and give back, ${rounds.toLocaleString('en-US')} times`,
    {
      columns: {
        'takes + syncs/s': 'more',
        'sessions/s': 'more',
        'script µs a session': 'less',
        'CPU µs a session': 'less',
        'bytes an idle session': 'less',
      },
      against: bare,
      subjects: {
        'Troupe, hands': () => redis.empty((client) => troupe(client, held, rounds)),
        [bare]: () => redis.empty((client) => bareCommands(client, held, rounds)),
      },
    },
  );
}

const syncOnly = 'bare HSET of the same rows, no more';
await compare(`${HANDS} hands of 200: sync each second, all sessions used since`, {
  columns: { 'syncs/s': 'more', 'sessions/s': 'more', 'CPU µs a session': 'less' },
  against: syncOnly,
  subjects: {
    'Troupe, hands': () => redis.empty((client) => troupeSyncs(client, 200, size(2_000, 20))),
    [syncOnly]: () => redis.empty((client) => bareSets(client, 200, size(2_000, 20))),
  },
});
await redis.stop();

async function troupe(client: Client, held: number, rounds: number): Promise<Readings> {
  await using storage = new RedisStorage({ url });
  const store = await storage.openSessionStore('pool');
  const empty = await usedBytes(client);
  for (let at = 0; at < SESSIONS; at += FILL) {
    const hot = Array.from({ length: FILL }, (_, index) => unused(at + index));
    await store.save({ hot, cold: hot.map(({ id }) => ({ id, body: body() })), retired: [] });
  }
  const bytes = (await usedBytes(client)) - empty;
  const worker = await workerOf(store.hands as SessionHands, held);
  const cost = await costOf(client, rounds, () => worker());
  return { ...readings(cost, held, rounds), 'bytes an idle session': bytes / SESSIONS };
}

async function workerOf(hands: SessionHands, held: number): Promise<() => Promise<void>> {
  const free = await Promise.all(
    Array.from({ length: HANDS }, () =>
      hands.join({ leaseMs: 60_000, maxPoolSize: SESSIONS, usesAhead: 8 }),
    ),
  );
  return async () => {
    const hand = free.pop();
    if (!hand) throw new Error('more at once than hands');
    const { sessions } = await hand.take({ count: held, places: 0 });
    const hot = sessions.map((session) => used(session.hot));
    const returned = hot.map(({ id }) => ({ id, restMs: 0 }));
    await hand.sync({ ...NO_CHANGES, hot, returned });
    free.push(hand);
  };
}

/** Nobody is kept from anybody's sessions, and nothing comes back by itself. */
async function bareCommands(client: Client, held: number, rounds: number): Promise<Readings> {
  const empty = await usedBytes(client);
  await fill(client);
  const bytes = (await usedBytes(client)) - empty;
  let next = 0;
  const cost = await costOf(client, rounds, async () => {
    const ids = Array.from({ length: held }, () => idOf(next++ % SESSIONS));
    await Promise.all([client.hmGet('hot', ids), client.hmGet('cold', ids)]);
    await client.hSet(
      'hot',
      ids.map((id) => [id, `1 0 ${START} 0 0`] as [string, string]),
    );
  });
  return { ...readings(cost, held, rounds), 'bytes an idle session': bytes / SESSIONS };
}

async function troupeSyncs(client: Client, held: number, rounds: number): Promise<Readings> {
  await using storage = new RedisStorage({ url });
  const store = await storage.openSessionStore('pool');
  const hands = store.hands as SessionHands;
  const free = await Promise.all(
    Array.from({ length: HANDS }, async (_, worker) => {
      const hand = await hands.join({ leaseMs: 60_000, maxPoolSize: SESSIONS, usesAhead: 8 });
      await hand.take({ count: held, places: held });
      const hot = Array.from({ length: held }, (_, index) => unused(worker * held + index));
      const cold = hot.map(({ id }) => ({ id, body: body() }));
      await hand.sync({ ...NO_CHANGES, hot, cold });
      return { hand, hot: hot.map(used) };
    }),
  );
  const cost = await costOf(client, rounds, async () => {
    const worker = free.pop();
    if (!worker) throw new Error('more at once than hands');
    const changes: HandChanges = { ...NO_CHANGES, hot: worker.hot };
    await worker.hand.sync(changes);
    free.push(worker);
  });
  return syncReadings(cost, held, rounds);
}

async function bareSets(client: Client, held: number, rounds: number): Promise<Readings> {
  const entries = Array.from({ length: held }, (_, index): [string, string] => [
    idOf(index),
    `1 0 ${START} 0 0`,
  ]);
  const cost = await costOf(client, rounds, async () => {
    await client.hSet('hot', entries);
  });
  return syncReadings(cost, held, rounds);
}

async function fill(client: Client): Promise<void> {
  for (let at = 0; at < SESSIONS; at += FILL) {
    const ids = Array.from({ length: FILL }, (_, index) => idOf(at + index));
    await client.hSet(
      'hot',
      ids.map((id) => [id, `0 0 ${START} 0 0`] as [string, string]),
    );
    await client.hSet(
      'cold',
      ids.map((id) => [id, body()] as [string, string]),
    );
  }
}

interface Cost {
  readonly secs: number;
  readonly scriptUs: number;
  readonly cpuUs: number;
}

/** As many rounds at a time as there are hands. */
async function costOf(client: Client, rounds: number, round: () => Promise<void>): Promise<Cost> {
  const start = performance.now();
  let begun = 0;
  const loop = async (): Promise<void> => {
    while (begun++ < rounds) await round();
  };
  const { cpuUs, commands } = await serverTimeOf(client, async () => {
    await Promise.all(Array.from({ length: HANDS }, loop));
  });
  const secs = (performance.now() - start) / 1000;
  return { secs, scriptUs: commands.get('evalsha')?.us ?? Number.NaN, cpuUs };
}

function readings({ secs, scriptUs, cpuUs: cpu }: Cost, held: number, rounds: number): Readings {
  return {
    'takes + syncs/s': rounds / secs,
    'sessions/s': (rounds * held) / secs,
    'script µs a session': scriptUs / (rounds * held),
    'CPU µs a session': cpu / (rounds * held),
  };
}

function syncReadings({ secs, cpuUs: cpu }: Cost, held: number, rounds: number): Readings {
  return {
    'syncs/s': rounds / secs,
    'sessions/s': (rounds * held) / secs,
    'CPU µs a session': cpu / (rounds * held),
  };
}

function idOf(index: number): string {
  return `session_${String(index).padStart(13, '0')}`;
}

function unused(index: number): SessionHotRow {
  const id = idOf(index);
  const counts = { usageCount: 0, errorScore: 0, cooldownUntil: 0, cooldownStep: 0 };
  return { id, lastUsedAt: START, ...counts };
}

function used(row: SessionHotRow): SessionHotRow {
  return { ...row, usageCount: row.usageCount + 1, lastUsedAt: START + row.usageCount };
}

/** As a pool writes it, of a session with a proxy and no cookies. */
function body(): string {
  const limits = {
    maxAgeSecs: 3000,
    maxErrorScore: 3,
    errorScoreDecrement: 0.5,
    maxUsageCount: 50,
    maxConcurrency: null,
    minIntervalSecs: 0,
  };
  const fingerprint = { browser: 'chrome', platform: 'windows', locale: 'en-US' };
  const proxy = { url: 'http://user:secret@10.0.0.1:8000', hostname: '10.0.0.1', port: 8000 };
  const times = { createdAt: START, expiresAt: START + 3_000_000 };
  return `${JSON.stringify({ version: 1, ...times, limits, fingerprint, proxy })}\n\n`;
}
