// Where the bytes of a pending URL go on the server, by how many URLs an origin has.
import type { createClient } from '@redis/client';
import { Request } from '../../src/queue/request.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { RequestRow } from '../../src/storage/request-store.ts';
import { compare, type Readings, size } from '../report.ts';
import { MeasuredRedis, usedBytes } from './measured-redis.ts';

const URLS = size(200_000, 5_000);
const ADD = 500;
/** Lines whose bytes are looked at one by one. */
const SAMPLE = 2_000;

const redis = await MeasuredRedis.start();
const { url } = redis;

type Client = ReturnType<typeof createClient>;

await compare(
  `${URLS.toLocaleString('en-US')} URLs of 60 characters, ${ADD} in a call, each of another origin`,
  {
    columns: {
      'bytes a pending URL': 'less',
      'its row': 'less',
      'its fingerprint': 'less',
      'places in the ring': 'less',
      'lists and their keys': 'less',
      'table of keys': 'less',
    },
    against: '10 URLs an origin',
    goal: '≤ 100 bytes a pending URL',
    runs: 1,
    subjects: Object.fromEntries(
      [1, 2, 5, 10, URLS].map((perOrigin) => [
        `${perOrigin === URLS ? 'all URLs of one' : `${perOrigin} ${perOrigin === 1 ? 'URL' : 'URLs'} an`} origin`,
        () => redis.empty((client) => pendingBytes(client, URLS / perOrigin)),
      ]),
    ),
  },
);
await redis.stop();

async function pendingBytes(client: Client, origins: number): Promise<Readings> {
  await using storage = new RedisStorage({ url });
  const store = await storage.openRequestStore('queue');
  // What the server keeps of scripts and connections is there before anything is counted.
  await store.add(requests(0, ADD, origins));
  await store.drop();
  const empty = await usedBytes(client);
  for (let at = 0; at < URLS; at += ADD) await store.add(requests(at, ADD, origins));
  const all = (await usedBytes(client)) - empty;
  const keys = await client.keys('*');
  const known = await bytesOf(
    client,
    keys.filter((key) => key.includes(':seen:')),
  );
  const ring = await bytesOf(
    client,
    keys.filter((key) => key.endsWith(':ring')),
  );
  const sample = keys.filter((key) => key.includes(':line:')).slice(0, SAMPLE);
  const lines = ((await bytesOf(client, sample)) / sample.length) * origins;
  const texts = await Promise.all(sample.map((key) => client.lRange(key, 0, -1)));
  const sampled = texts.flat();
  const row = sampled.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / sampled.length;
  return {
    'bytes a pending URL': all / URLS,
    'its row': row,
    'its fingerprint': known / URLS,
    'places in the ring': ring / URLS,
    'lists and their keys': lines / URLS - row,
    'table of keys': (all - known - ring - lines) / URLS,
  };
}

async function bytesOf(client: Client, keys: readonly string[]): Promise<number> {
  const sizes = await Promise.all(keys.map((key) => client.memoryUsage(key, { SAMPLES: 0 })));
  return sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
}

function requests(from: number, count: number, origins: number): RequestRow[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const page = `https://${10_000_000 + (number % origins)}.example/category/${number % 1000}/`;
    return new Request({ url: `${page}${String(number).padStart(60 - page.length, 'x')}` }).toRow();
  });
}
