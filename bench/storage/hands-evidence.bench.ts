// Workers that share a pool with adaptive selection: what it costs the server that they tell each other of origins, and
// of addresses that one refuses.

import type { createClient } from '@redis/client';
import { NO_CHANGES } from '../../src/session/hand/changes.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type {
  OriginReport,
  ProxyReport,
  SessionHand,
  SessionHands,
} from '../../src/storage/session-hands.ts';
import { compare, type Readings, size } from '../report.ts';
import { MeasuredRedis, serverTimeOf } from './measured-redis.ts';

const HANDS = 8;
const SYNCS = size(4_000, 80);

const redis = await MeasuredRedis.start();
const { url } = redis;

type Client = ReturnType<typeof createClient>;

const bare = 'a sync that tells nothing';
await compare(
  `${HANDS} hands that have used the same origins: ${SYNCS.toLocaleString('en-US')} syncs`,
  {
    columns: {
      'script µs a sync': 'less',
      'CPU µs a sync': 'less',
      'kB in': 'less',
      'kB out': 'less',
    },
    against: bare,
    subjects: {
      [bare]: () => redis.empty((client) => syncs(client, 0, 0)),
      '10 origins, all with results': () => redis.empty((client) => syncs(client, 10, 10)),
      '100 origins, none of them used': () => redis.empty((client) => syncs(client, 100, 0)),
      '100 origins, ten of them with results': () =>
        redis.empty((client) => syncs(client, 100, 10)),
      '100 origins, all with results': () => redis.empty((client) => syncs(client, 100, 100)),
      'one address that is refused': () => redis.empty((client) => syncs(client, 0, 0, 1)),
      'ten addresses that are refused': () => redis.empty((client) => syncs(client, 0, 0, 10)),
    },
  },
);
await redis.stop();

async function syncs(
  client: Client,
  origins: number,
  used: number,
  refused = 0,
): Promise<Readings> {
  await using storage = new RedisStorage({ url });
  const { hands } = await storage.openSessionStore('pool');
  const free = await Promise.all(
    Array.from({ length: HANDS }, () =>
      (hands as SessionHands).join({ leaseMs: 60_000, maxPoolSize: 1000, usesAhead: 8 }),
    ),
  );
  let round = 0;
  const sync = async (hand: SessionHand): Promise<void> => {
    const at = round++;
    const isFirst = at < HANDS;
    const told = isFirst ? origins : used;
    await hand.sync({
      ...NO_CHANGES,
      origins: Array.from({ length: told }, (_, n) => reportOn(n, at, isFirst)),
      watched: Array.from({ length: origins - told }, (_, n) => nameOf(told + n)),
      proxies: Array.from({ length: refused }, (_, n) => refusal(at * refused + n)),
    });
  };
  for (const hand of free) await sync(hand);
  const { cpuUs, commands } = await serverTimeOf(client, async () => {
    const loop = async (hand: SessionHand): Promise<void> => {
      while (round < SYNCS) await sync(hand);
    };
    await Promise.all(free.map(loop));
  });
  // Counted anew by what measures the time.
  const bytes = await bytesOf(client);
  return {
    'script µs a sync': (commands.get('evalsha')?.us ?? Number.NaN) / SYNCS,
    'CPU µs a sync': cpuUs / SYNCS,
    'kB in': bytes.in / SYNCS / 1000,
    'kB out': bytes.out / SYNCS / 1000,
  };
}

/** As a worker sends it that has learnt a rate. */
function reportOn(number: number, round: number, isFirst: boolean): OriginReport {
  return {
    origin: nameOf(number),
    rateChange: 0.003_141_592_653,
    firstRate: isFirst ? 2.5 : null,
    load: 1.234_567_89 + (round % 7) / 10,
    good: 3,
    bad: 0,
    upMs: 250,
    downMs: null,
    probe: null,
    isFirst,
  };
}

/** Of one in a thousand addresses. */
function refusal(number: number): ProxyReport {
  const digest = String(number % 1000).padStart(22, 'd');
  const failure = { agoMs: 250, restMs: 20_000, inRow: 2, firstAgoMs: 12_000 };
  return { name: `ban ${digest} ${nameOf(1)}`, upMs: null, failure };
}

function nameOf(number: number): string {
  return `https://site-${String(number).padStart(5, '0')}.example`;
}

async function bytesOf(client: Client): Promise<{ in: number; out: number }> {
  const stats = String(await client.info('stats'));
  const bytes = (name: string): number =>
    Number(new RegExp(`^total_net_${name}_bytes:(\\d+)`, 'm').exec(stats)?.[1]);
  return { in: bytes('input'), out: bytes('output') };
}
