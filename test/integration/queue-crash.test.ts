import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomInteger, SeededRandom } from '../../src/core/random.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { bundleFixture } from '../support/bundle-fixture.ts';
import { startQueueWorker } from './queue-worker.ts';

const PAGE_COUNT = 4_000;
const KILL_COUNT = 20;

let folder: string;
let fixture: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-queue-crash-'));
  fixture = await bundleFixture(fileURLToPath(new URL('queue-worker.fixture.ts', import.meta.url)));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

// More than twenty processes are started: on a busy machine each takes its time.
describe('a queue on SQLite whose process is killed twenty times', { timeout: 120_000 }, () => {
  it('handles every acknowledged request, and hands no handled one out again', async () => {
    const path = join(folder, 'killed.db');
    const random = new SeededRandom('kill');
    const added = new Set<number>();
    const handled = new Set<number>();
    let killCount = 0;

    for (let isDone = false; !isDone; ) {
      const killAfter = killCount < KILL_COUNT ? 1 + randomInteger(random, 900) : undefined;
      const seed = `run ${killCount}`;
      const options = { fixture, path, seed, pageCount: PAGE_COUNT, lockSecs: 1, killAfter };
      const worker = startQueueWorker(options);
      worker.begin();
      const run = await worker.exit;
      const lentOut = new Set<number>();
      for (const { what, page } of run.events) {
        if (what === 'A') added.add(page);
        if (what === 'F') {
          expect(handled.has(page), `page ${page} came up again after it was handled`).toBe(false);
          expect(lentOut.has(page), `page ${page} was lent out twice at once`).toBe(false);
          lentOut.add(page);
        }
        if (what === 'R' || what === 'H') lentOut.delete(page);
        if (what === 'H') handled.add(page);
      }
      isDone = run.isDone;
      if (!isDone) killCount++;
    }

    expect(killCount).toBe(KILL_COUNT);
    expect(added.size).toBe(PAGE_COUNT);
    await using storage = new SqliteStorage({ path });
    await using queue = await RequestQueue.open({ storage });
    expect(await queue.isFinished()).toBe(true);
    expect(await queue.getInfo()).toMatchObject({
      totalRequestCount: PAGE_COUNT,
      handledRequestCount: PAGE_COUNT,
    });
    const again = await queue.addRequests([...added].map((page) => `https://example.com/${page}`));
    expect(again.filter(({ wasAlreadyHandled }) => !wasAlreadyHandled)).toEqual([]);
  });
});

describe('two processes on one queue', { timeout: 60_000 }, () => {
  it('share the work: each request is lent out once', async () => {
    const path = join(folder, 'shared.db');
    const workers = ['one', 'two'].map((seed) =>
      startQueueWorker({ fixture, path, seed, pageCount: 2_000, lockSecs: 30 }),
    );
    const exits = Promise.all(workers.map(({ exit }) => exit));
    await Promise.race([Promise.all(workers.map(({ ready }) => ready)), exits]);
    for (const worker of workers) worker.begin();
    const runs = await exits;
    const handled = runs.flatMap(({ events }) =>
      events.filter(({ what }) => what === 'H').map(({ page }) => page),
    );
    expect(runs.map(({ isDone }) => isDone)).toEqual([true, true]);
    expect(handled).toHaveLength(2_000);
    expect(new Set(handled).size).toBe(2_000);
    for (const { events } of runs) {
      expect(events.filter(({ what }) => what === 'H').length).toBeGreaterThan(0);
    }
  });
});
