// The queue of a fleet beside BullMQ, on one Redis of our own that the subjects use in turns.
import { createClient } from '@redis/client';
import { Request } from '../../src/queue/request.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { RequestRow } from '../../src/storage/request-store.ts';
import { RedisServer } from '../../test/support/redis-server.ts';
import { compare, type Readings, size } from '../report.ts';
import { rival } from '../rival.ts';

const URLS = size(100_000, 2_000);
const BATCH = 500;
const CLAIM = 100;
const AT_ONCE = 100;
/** Inherited by the process of each subject. */
const ADDRESS = 'TROUPE_BENCH_REDIS';

const server = process.env[ADDRESS] ? undefined : await RedisServer.start();
process.env[ADDRESS] ??= server?.url;
const url = process.env[ADDRESS] as string;

await compare(
  `${URLS.toLocaleString('en-US')} URLs of 60 characters: added ${BATCH} at a time, then worked off`,
  {
    columns: {
      'adds/s': 'more',
      'claims + acks/s': 'more',
      'bytes a pending URL': 'less',
      'bytes a handled URL': 'less',
    },
    against: 'BullMQ',
    goal: '≤ 100 bytes a pending URL, ≤ 10 to know one that is handled',
    subjects: {
      'Troupe, the store alone': troupeStore,
      'Troupe, RequestQueue': troupeQueue,
      BullMQ: bullmq,
    },
  },
);
await server?.stop();

interface Steps {
  readonly open: () => Promise<void>;
  readonly add: () => Promise<void>;
  readonly workOff: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function measured({ open, add, workOff, close }: Steps): Promise<Readings> {
  const client = createClient({ url });
  await client.connect();
  await client.flushAll();
  await open();
  const empty = await usedBytes(client);
  const addsPerSecond = await perSecond(add);
  const pending = (await usedBytes(client)) - empty;
  const worksPerSecond = await perSecond(workOff);
  const handled = (await usedBytes(client)) - empty;
  await close();
  await client.close();
  return {
    'adds/s': addsPerSecond,
    'claims + acks/s': worksPerSecond,
    'bytes a pending URL': pending / URLS,
    'bytes a handled URL': handled / URLS,
  };
}

/** One worker that claims a hundred, acknowledges them and goes on; nothing but fingerprints is kept. */
async function troupeStore(): Promise<Readings> {
  await using storage = new RedisStorage({ url, keepHandled: false });
  const store = await storage.openRequestStore('queue');
  const rows = requests();
  return await measured({
    open: async () => {
      await store.counts(0);
    },
    add: async () => {
      for (let at = 0; at < URLS; at += BATCH) await store.add(rows.slice(at, at + BATCH));
    },
    workOff: async () => {
      for (;;) {
        const { requests: claims } = await store.claim(CLAIM, { now: 0, lockMs: 30_000 });
        if (claims.length === 0) return;
        await store.handle(claims);
      }
    },
    close: async () => {},
  });
}

/** The same through the queue the crawlers use, by a hundred loops at once. */
async function troupeQueue(): Promise<Readings> {
  await using storage = new RedisStorage({ url, keepHandled: false });
  const queue = await RequestQueue.open({ storage });
  const rows = requests();
  return await measured({
    open: async () => {
      await queue.getInfo();
    },
    add: async () => {
      for (let at = 0; at < URLS; at += BATCH) {
        await queue.addRequests(rows.slice(at, at + BATCH).map(({ uniqueKey }) => uniqueKey));
      }
    },
    workOff: async () => {
      const work = async (): Promise<void> => {
        for (;;) {
          const request = await queue.fetchNextRequest();
          if (!request) return;
          await queue.markRequestHandled(request);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    },
    close: () => queue.close(),
  });
}

interface BullQueue {
  waitUntilReady(): Promise<unknown>;
  addBulk(jobs: readonly object[]): Promise<unknown>;
  close(): Promise<void>;
}

interface BullWorker {
  on(event: 'completed', listener: () => void): void;
  run(): Promise<void>;
  close(): Promise<void>;
}

interface Bullmq {
  readonly Queue: new (name: string, options: object) => BullQueue;
  readonly Worker: new (name: string, work: () => Promise<void>, options: object) => BullWorker;
}

/** One worker with a hundred jobs at once; a job has the request's id, by which it is known while it is there. */
async function bullmq(): Promise<Readings> {
  const { Queue, Worker } = rival<Bullmq>('bullmq');
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue('queue', { connection });
  const rows = requests();
  return await measured({
    open: async () => {
      await queue.waitUntilReady();
    },
    add: async () => {
      for (let at = 0; at < URLS; at += BATCH) {
        const jobs = rows.slice(at, at + BATCH).map(({ id, body }) => ({
          name: 'r',
          data: JSON.parse(body),
          opts: { jobId: id, removeOnComplete: true },
        }));
        await queue.addBulk(jobs);
      }
    },
    workOff: () =>
      new Promise((resolve, reject) => {
        let left = URLS;
        const worker = new Worker('queue', async () => {}, {
          connection,
          concurrency: AT_ONCE,
          autorun: false,
        });
        worker.on('completed', () => {
          if (--left === 0) worker.close().then(resolve, reject);
        });
        void worker.run();
      }),
    close: () => queue.close(),
  });
}

function requests(): RequestRow[] {
  return Array.from({ length: URLS }, (_, index) => {
    const page = `https://www.example.com/category/${index % 1000}/`;
    return new Request({ url: `${page}${String(index).padStart(60 - page.length, 'x')}` }).toRow();
  });
}

async function usedBytes(client: { info(section: string): Promise<string> }): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return URLS / ((performance.now() - start) / 1000);
}
