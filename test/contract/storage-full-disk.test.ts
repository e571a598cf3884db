import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { log } from '../../src/core/log.ts';
import type { Dataset } from '../../src/storage/dataset.ts';
import { Database } from '../../src/storage/sqlite/database.ts';
import { SqliteDataset } from '../../src/storage/sqlite/sqlite-dataset.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

/** A folder with room for about a megabyte. */
interface LimitedFolder {
  readonly path: string;
  /** Imposes the limit, where it is not the disk's own. */
  limit(database: Database): Promise<void>;
  grow(database: Database): Promise<void>;
  remove(): Promise<void>;
}

const mounted = [await mountedDisk()].filter((disk) => disk !== undefined);
/** Where mounting is not permitted, SQLite's own limit stands in: it fails with the same code. */
const disks = [(await mountedDisk()) ?? (await limitedFolder())];

describe('SqliteStorage on a disk that is full', () => {
  it.for(disks)('keeps what it acknowledged, and works on when there is room', async (disk) => {
    try {
      const path = join(disk.path, 'a.db');
      const database = await open(path);
      await disk.limit(database);
      const dataset = new SqliteDataset('rows', database, 1);
      const stored: number[] = [];
      const refused = await pushUntilFull(dataset, stored);
      expect(refused).toMatchObject({ code: 'TROUPE_STORAGE_FULL', path });
      expect(stored.length).toBeGreaterThan(5);
      expect(await numbersOf(dataset)).toEqual(stored);

      await disk.grow(database);
      await dataset.pushData({ n: -1 });
      await database.close();

      const again = await open(path);
      const reopened = new SqliteDataset('rows', again, 1);
      expect(await numbersOf(reopened)).toEqual([...stored, -1]);
      await again.close();
    } finally {
      await disk.remove();
    }
  });

  it.for(mounted)(
    'says so when not even an empty database fits, and opens when it does',
    async (disk) => {
      try {
        await writeFile(join(disk.path, 'filler'), Buffer.alloc(1000 * 1024));
        const storage = new SqliteStorage({ path: join(disk.path, 'a.db') });
        const opening = storage.openDataset('rows');
        await expect(opening).rejects.toMatchObject({ code: 'TROUPE_STORAGE_FULL' });
        await rm(join(disk.path, 'filler'));
        expect(await (await storage.openDataset('rows')).itemCount()).toBe(0);
        await storage.close();
      } finally {
        await disk.remove();
      }
    },
  );
});

function open(path: string): Promise<Database> {
  return Database.open({ path, clock: systemClock, log, lockTimeoutMs: 1000, onCorrupt: 'error' });
}

async function mountedDisk(): Promise<LimitedFolder | undefined> {
  const disk = await mountSmallDisk(1);
  return disk && { ...disk, limit: async () => {}, grow: async () => disk.grow(16) };
}

async function limitedFolder(): Promise<LimitedFolder> {
  const path = await mkdtemp(join(tmpdir(), 'troupe-disk-'));
  const limitTo = (database: Database, pages: number): Promise<unknown> =>
    database.write((connection) => connection.row(`PRAGMA max_page_count = ${pages}`));
  return {
    path,
    limit: async (database) => void (await limitTo(database, 100)),
    grow: async (database) => void (await limitTo(database, 100_000)),
    remove: () => rm(path, { recursive: true }),
  };
}

/** Returns what the first refused push was rejected with. */
async function pushUntilFull(dataset: Dataset, stored: number[]): Promise<unknown> {
  for (let n = 0; n < 10_000; n++) {
    try {
      await dataset.pushData({ n, pad: 'x'.repeat(5000) });
      stored.push(n);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

async function numbersOf(dataset: Dataset): Promise<unknown[]> {
  const numbers: unknown[] = [];
  for await (const item of dataset.items()) numbers.push(item['n']);
  return numbers;
}
