// What a URL and a session cost the server, in bytes and in processor time, beside the plainest way to keep them.
import { createHash } from 'node:crypto';
import type { createClient } from '@redis/client';
import { Request } from '../../src/queue/request.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { RequestRow } from '../../src/storage/request-store.ts';
import { compare, type Readings, size } from '../report.ts';
import { filledPool } from '../session/pools.ts';
import { MeasuredRedis, serverTimeOf, usedBytes } from './measured-redis.ts';

const URLS = size(1_000_000, 5_000);
/** Ten URLs each. */
const ORIGINS = size(100_000, 500);
const SESSIONS = size(100_000, 1_000);
const SINGLES = size(50_000, 1_000);
const COOKIES = 5;
const SITE = 'https://shop.example/';
const ADD = 500;
const CLAIM = 100;
/** As many as a worker saves each second that has 200 sessions at work. */
const SAVE = 200;

const redis = await MeasuredRedis.start();
const { url } = redis;

type Client = ReturnType<typeof createClient>;

const bareQueue = 'a bare list and a bare set';
await compare(
  `${URLS.toLocaleString('en-US')} URLs of 60 characters: added ${ADD} at a time, claimed and handled ${CLAIM} at a time`,
  {
    columns: {
      'bytes a pending URL': 'less',
      'bytes a handled URL': 'less',
      'script µs an add': 'less',
      'CPU µs an add': 'less',
      'script µs a claim + ack': 'less',
      'CPU µs a claim + ack': 'less',
    },
    against: bareQueue,
    goal: '≤ 100 bytes a pending URL, ≤ 10 to know one that is handled',
    runs: 1,
    subjects: {
      'Troupe, keepHandled: false': () => redis.empty((client) => troupeQueue(client, false)),
      'Troupe, keepHandled: true': () => redis.empty((client) => troupeQueue(client, true)),
      [`Troupe, keepHandled: false, ${ORIGINS.toLocaleString('en-US')} origins`]: () =>
        redis.empty((client) => troupeQueue(client, false, ORIGINS)),
      [bareQueue]: () => redis.empty(listAndSet),
    },
  },
);

const bareSessions = `a bare hash, ${COOKIES} cookies`;
await compare(
  `${SESSIONS.toLocaleString('en-US')} sessions; then the counts of all are saved, ${SAVE} at a time`,
  {
    columns: { 'bytes a session': 'less', 'script µs a save': 'less', 'CPU µs a save': 'less' },
    against: bareSessions,
    runs: 1,
    subjects: {
      'Troupe, no cookies': () => redis.empty((client) => troupeSessions(client, 0)),
      [`Troupe, ${COOKIES} cookies`]: () =>
        redis.empty((client) => troupeSessions(client, COOKIES)),
      [bareSessions]: () => redis.empty(hashOfSessions),
    },
  },
);
const bareSingly = 'a bare list, set and hash';
await compare(`${SINGLES.toLocaleString('en-US')} of each one at a time, as a slow worker does`, {
  columns: { 'CPU µs an add': 'less', 'CPU µs a claim + ack': 'less', 'CPU µs a save': 'less' },
  against: bareSingly,
  runs: 1,
  subjects: {
    Troupe: () => redis.empty(troupeSingly),
    [bareSingly]: () => redis.empty(bareCommandsSingly),
  },
});
await redis.stop();

async function troupeQueue(client: Client, keepHandled: boolean, origins = 1): Promise<Readings> {
  await using storage = new RedisStorage({ url, keepHandled });
  const store = await storage.openRequestStore('queue');
  await store.counts(0);
  const empty = await usedBytes(client);
  const adding = await costOf(client, URLS, async () => {
    for (let at = 0; at < URLS; at += ADD) await store.add(requests(at, ADD, origins));
  });
  const pending = (await usedBytes(client)) - empty;
  const working = await costOf(client, URLS, async () => {
    for (;;) {
      const { requests: claims } = await store.claim(CLAIM, { now: 0, lockMs: 30_000 });
      if (claims.length === 0) return;
      await store.handle(claims);
    }
  });
  const handled = (await usedBytes(client)) - empty;
  return queueReadings(pending, handled, adding, working);
}

/** Nothing is locked, nothing is kept for a worker that dies, and all that is known stands in one set. */
async function listAndSet(client: Client): Promise<Readings> {
  const empty = await usedBytes(client);
  const adding = await costOf(client, URLS, async () => {
    for (let at = 0; at < URLS; at += ADD) {
      const keys = requests(at, ADD).map(({ uniqueKey }) => uniqueKey);
      await Promise.all([client.sAdd('seen', keys.map(hashOf)), client.rPush('line', keys)]);
    }
  });
  const pending = (await usedBytes(client)) - empty;
  const working = await costOf(client, URLS, async () => {
    for (;;) {
      const keys = await client.lPopCount('line', CLAIM);
      if (!keys) return;
      await client.sIsMember('seen', hashOf(String(keys[0])));
    }
  });
  const handled = (await usedBytes(client)) - empty;
  return queueReadings(pending, handled, adding, working);
}

async function troupeSessions(client: Client, cookies: number): Promise<Readings> {
  await using storage = new RedisStorage({ url });
  const empty = await usedBytes(client);
  const pool = await filledPool(SESSIONS, storage);
  for (const session of pool.sessions) {
    for (let index = 0; index < cookies; index++) session.setCookie(cookie(index), SITE);
  }
  await pool.persistState();
  const bytes = (await usedBytes(client)) - empty;
  const saving = await costOf(client, SESSIONS, () => saveInTurns(pool));
  await pool.close();
  return sessionReadings(bytes, saving);
}

async function saveInTurns(pool: SessionPool): Promise<void> {
  let count = 0;
  for (const session of pool.sessions) {
    session.markGood();
    if (++count % SAVE === 0) await pool.persistState();
  }
  await pool.persistState();
}

/** The texts that Troupe writes, without a look at who is retired. */
async function hashOfSessions(client: Client): Promise<Readings> {
  const empty = await usedBytes(client);
  const body = JSON.stringify({
    createdAt: 1_700_000_000_000,
    cookies: Array.from({ length: COOKIES }, (_, index) => `${cookie(index)}; Domain=shop.example`),
  });
  const entries = (make: (index: number) => string, from: number): [string, string][] =>
    Array.from({ length: SAVE }, (_, index) => [`session-${from + index}`, make(from + index)]);
  for (let at = 0; at < SESSIONS; at += SAVE) {
    await client.hSet(
      'hot',
      entries(() => `0 0 ${1_700_000_000_000} 0 0`, at),
    );
    await client.hSet(
      'cold',
      entries(() => body, at),
    );
  }
  const bytes = (await usedBytes(client)) - empty;
  const saving = await costOf(client, SESSIONS, async () => {
    for (let at = 0; at < SESSIONS; at += SAVE) {
      await client.hSet(
        'hot',
        entries(() => `1 0 ${1_700_000_001_000} 0 0`, at),
      );
    }
  });
  return sessionReadings(bytes, saving);
}

async function troupeSingly(client: Client): Promise<Readings> {
  await using storage = new RedisStorage({ url, keepHandled: false });
  const queue = await storage.openRequestStore('queue');
  const sessions = await storage.openSessionStore('pool');
  const rows = requests(0, SINGLES);
  const adding = await costOf(client, SINGLES, async () => {
    for (const row of rows) await queue.add([row]);
  });
  const working = await costOf(client, SINGLES, async () => {
    for (let count = 0; count < SINGLES; count++) {
      const { requests } = await queue.claim(1, { now: 0, lockMs: 30_000 });
      await queue.handle(requests);
    }
  });
  const counts = { errorScore: 0, lastUsedAt: 0, cooldownUntil: 0, cooldownStep: 0 };
  const saving = await costOf(client, SINGLES, async () => {
    for (let usageCount = 0; usageCount < SINGLES; usageCount++) {
      const hot = [{ ...counts, id: `session-${usageCount}`, usageCount }];
      await sessions.save({ hot, cold: [], retired: [] });
    }
  });
  return singleReadings(adding, working, saving);
}

async function bareCommandsSingly(client: Client): Promise<Readings> {
  const keys = requests(0, SINGLES).map(({ uniqueKey }) => uniqueKey);
  const adding = await costOf(client, SINGLES, async () => {
    for (const key of keys)
      await Promise.all([client.sAdd('seen', key), client.rPush('line', key)]);
  });
  const working = await costOf(client, SINGLES, async () => {
    while (await client.lPop('line')) await client.incr('handled');
  });
  const saving = await costOf(client, SINGLES, async () => {
    for (let index = 0; index < SINGLES; index++) {
      await client.hSet('hot', `session-${index}`, `${index} 0 0 0 0`);
    }
  });
  return singleReadings(adding, working, saving);
}

function singleReadings(adding: Cost, working: Cost, saving: Cost): Readings {
  return {
    'CPU µs an add': adding.cpuUs,
    'CPU µs a claim + ack': working.cpuUs,
    'CPU µs a save': saving.cpuUs,
  };
}

interface Cost {
  /** Of the commands themselves, as `INFO commandstats` tells. */
  readonly commandUs: number;
  /** Of the whole server: reading and answering too. */
  readonly cpuUs: number;
}

async function costOf(client: Client, count: number, work: () => Promise<void>): Promise<Cost> {
  const { cpuUs, commands } = await serverTimeOf(client, work);
  const usOf = (name: string): number => commands.get(name)?.us ?? 0;
  const scripts = usOf('evalsha') + usOf('eval');
  const all = [...commands.keys()].reduce(
    (sum, name) => (name === 'info' ? sum : sum + usOf(name)),
    0,
  );
  return { commandUs: (scripts || all) / count, cpuUs: cpuUs / count };
}

function queueReadings(pending: number, handled: number, adding: Cost, working: Cost): Readings {
  return {
    'bytes a pending URL': pending / URLS,
    'bytes a handled URL': handled / URLS,
    'script µs an add': adding.commandUs,
    'CPU µs an add': adding.cpuUs,
    'script µs a claim + ack': working.commandUs,
    'CPU µs a claim + ack': working.cpuUs,
  };
}

function sessionReadings(bytes: number, saving: Cost): Readings {
  return {
    'bytes a session': bytes / SESSIONS,
    'script µs a save': saving.commandUs,
    'CPU µs a save': saving.cpuUs,
  };
}

/** Of 60 characters each; every one of another origin than the one before, if there are several. */
function requests(from: number, count: number, origins = 1): RequestRow[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const host = origins === 1 ? 'www.example.com' : `${10_000_000 + (number % origins)}.example`;
    const page = `https://${host}/category/${number % 1000}/`;
    return new Request({ url: `${page}${String(number).padStart(60 - page.length, 'x')}` }).toRow();
  });
}

function hashOf(key: string): string {
  return String(createHash('sha256').update(key).digest().readBigUInt64BE() >> 1n);
}

function cookie(index: number): string {
  return `name-${index}=${'v'.repeat(24)}; Path=/; Secure; HttpOnly`;
}
