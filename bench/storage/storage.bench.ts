import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import type { RequestRow, RequestStore } from '../../src/storage/request-store.ts';
import type { SessionChanges } from '../../src/storage/session-store.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { compare, type Readings, size } from '../report.ts';
import { timed } from '../stall.ts';

const REQUESTS = size(100_000, 4_000);
const LINKS_PER_PAGE = 20;
const CLAIM = 100;
const ITEMS = size(50_000, 2_000);
const SESSIONS = size(100_000, 2_000);
const BODY = JSON.stringify({ cookies: 'x'.repeat(1_000) });
const LOCK = { now: 0, lockMs: 60_000 };

await measure(
  'adding requests, 20 at a time, one in twenty new',
  '≥ 80k/s',
  'rows/s',
  async (storage) => {
    const queue = await storage.openRequestStore('queue');
    await queue.add(requests('known', REQUESTS));
    const known = requests('known', REQUESTS);
    const fresh = requests('new', REQUESTS / LINKS_PER_PAGE);
    // Links of one page lie far apart in the queue, and in the index of ids.
    const pages = fresh.map((request, page) => [
      request,
      ...Array.from({ length: LINKS_PER_PAGE - 1 }, (_, link) =>
        pick(known, link * fresh.length + page),
      ),
    ]);
    return perSecond(REQUESTS, async () => {
      for (const page of pages) await queue.add(page);
    });
  },
);

await measure('claiming requests, 100 at a time', '≥ 100k/s', 'rows/s', async (storage) => {
  const queue = await filledQueue(storage);
  return perSecond(REQUESTS, async () => {
    while ((await queue.claim(CLAIM, LOCK)).requests.length > 0);
  });
});

await measure('marking requests handled, 100 at a time', '≥ 100k/s', 'rows/s', async (storage) => {
  const queue = await filledQueue(storage);
  const { requests: claims } = await queue.claim(REQUESTS, LOCK);
  return perSecond(REQUESTS, async () => {
    for (let at = 0; at < REQUESTS; at += CLAIM) await queue.handle(claims.slice(at, at + CLAIM));
  });
});

await measure('giving requests back, 100 at a time', '≥ 100k/s', 'rows/s', async (storage) => {
  const queue = await filledQueue(storage);
  const { requests: claims } = await queue.claim(REQUESTS, LOCK);
  return perSecond(REQUESTS, async () => {
    for (let at = 0; at < REQUESTS; at += CLAIM) {
      await queue.giveBack(claims.slice(at, at + CLAIM));
    }
  });
});

await measure('pushing items one by one, 100 at once', '≥ 50k/s', 'rows/s', async (storage) => {
  const dataset = await storage.openDataset('rows');
  let pushed = 0;
  const pushOn = async (): Promise<void> => {
    while (pushed < ITEMS) await dataset.pushData({ n: pushed++, url: 'https://example.com/' });
  };
  return perSecond(ITEMS, async () => {
    await Promise.all(Array.from({ length: 100 }, pushOn));
  });
});

await measure('saving 1,000 of 100,000 sessions', '≤ 30 ms', 'ms', async (storage) => {
  const store = await storage.openSessionStore('pool');
  const all = sessions();
  await store.save(all);
  const isChanged = (_: unknown, index: number): boolean => index % (SESSIONS / 1_000) === 0;
  const hot = all.hot.filter(isChanged).map((row) => ({ ...row, usageCount: 2 }));
  return timed(() => store.save({ hot, cold: all.cold.filter(isChanged), retired: [] }));
});

await measure('loading 100,000 sessions of 1 kB', '≤ 1,200 ms', 'ms', async (storage) => {
  const store = await storage.openSessionStore('pool');
  await store.save(sessions());
  let loaded = 0;
  const readings = await timed(async () => {
    for await (const batch of store.load()) loaded += batch.length;
  });
  if (loaded !== SESSIONS) throw new Error(`${loaded} sessions were loaded`);
  return readings;
});

async function measure(
  title: string,
  goal: string,
  unit: 'rows/s' | 'ms',
  work: (storage: Storage) => Promise<Readings>,
): Promise<void> {
  await compare(title, {
    columns: { [unit]: unit === 'ms' ? 'less' : 'more', 'longest stall, ms': 'less' },
    against: 'memory',
    goal: `${goal} with sqlite`,
    subjects: {
      sqlite: async () => {
        const folder = await mkdtemp(join(tmpdir(), 'troupe-bench-'));
        await using storage = new SqliteStorage({ path: join(folder, 'a.db') });
        const readings = await work(storage);
        await storage.close();
        await rm(folder, { recursive: true });
        return readings;
      },
      memory: () => work(new MemoryStorage()),
    },
  });
}

async function perSecond(rows: number, work: () => Promise<void>): Promise<Readings> {
  const readings = await timed(work);
  return { ...readings, 'rows/s': rows / ((readings['ms'] ?? Number.NaN) / 1_000) };
}

async function filledQueue(storage: Storage): Promise<RequestStore> {
  const queue = await storage.openRequestStore('queue');
  await queue.add(requests('known', REQUESTS));
  return queue;
}

function pick(rows: readonly RequestRow[], index: number): RequestRow {
  return rows[index] as RequestRow;
}

function requests(kind: string, count: number): RequestRow[] {
  return Array.from({ length: count }, (_, index) => {
    const uniqueKey = `https://example.com/shop/some/longer/path/${kind}-${index}`;
    const id = createHash('sha256').update(uniqueKey).digest('base64url').slice(0, 15);
    const body = JSON.stringify({ url: uniqueKey, method: 'GET', userData: {}, retryCount: 0 });
    return { id, uniqueKey, body };
  });
}

function sessions(): SessionChanges {
  const hot = Array.from({ length: SESSIONS }, (_, index) => ({
    id: `session_${createHash('sha256').update(String(index)).digest('hex').slice(0, 10)}`,
    usageCount: 1,
    errorScore: 0,
    lastUsedAt: 0,
    cooldownUntil: 0,
    cooldownStep: 0,
  }));
  return { hot, cold: hot.map(({ id }) => ({ id, body: BODY })), retired: [] };
}
