import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import driver from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClosedError } from '../../core/errors.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';

describe('GroupCommit', () => {
  let folder: string;
  let path: string;
  let connection: Connection;
  let other: Connection;
  let commits: GroupCommit;
  let forcedCheckpoints: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-commit-'));
    path = join(folder, 'a.db');
    connection = new Connection(driver, path);
    connection.row('PRAGMA journal_mode = WAL');
    connection.exec('CREATE TABLE rows (n INTEGER PRIMARY KEY, pad TEXT)');
    other = new Connection(driver, path);
    forcedCheckpoints = 0;
    commits = commitsThatWait(60_000);
  });
  afterEach(async () => {
    await commits.idle();
    connection.close();
    other.close();
    await rm(folder, { recursive: true, force: true });
  });

  const commitsThatWait = (lockTimeoutMs: number): GroupCommit =>
    new GroupCommit({
      connection,
      path,
      lockTimeoutMs,
      checkpoint: async ({ isForced }) => {
        if (isForced) forcedCheckpoints++;
      },
    });
  const insert = (n: number): Promise<number> =>
    commits.write({ atOnce: (c) => c.run('INSERT INTO rows (n) VALUES (?)', n) });
  const committed = (): number[] =>
    other.rows<[number]>('SELECT n FROM rows ORDER BY n').map(([n]) => n);

  it('commits before a promise resolves', async () => {
    await insert(1);
    expect(committed()).toEqual([1]);
  });

  it('commits the writes of one turn together', async () => {
    const version = (): number => other.number('PRAGMA data_version');
    const before = version();
    const seen = new Set<number>();
    const first = insert(1).then(() => seen.add(version()));
    const second = insert(2).then(() => seen.add(version()));
    await Promise.all([first, second]);
    expect([...seen]).toEqual([before + 1]);
    expect(committed()).toEqual([1, 2]);
  });

  it('carries out operations in the order they came', async () => {
    const order: number[] = [];
    const write = (n: number): Promise<void> =>
      commits.write({
        atOnce: () => {
          order.push(n);
        },
      });
    await Promise.all([write(1), write(2), write(3)]);
    expect(order).toEqual([1, 2, 3]);
  });

  it('lets a failing operation take none of its neighbours with it', async () => {
    const results = await Promise.allSettled([insert(1), insert(2), insert(1), insert(3)]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(results[2]).toMatchObject({ reason: { code: 'TROUPE_STORAGE_FAILED', path } });
    expect(committed()).toEqual([1, 2, 3]);
  });

  it('hands on errors of our own as they are', async () => {
    const error = new ClosedError('The thing');
    const failing = commits.write({
      atOnce: () => {
        throw error;
      },
    });
    await expect(failing).rejects.toBe(error);
  });

  it('takes back all chunks of an operation that fails in the last', async () => {
    const failing = commits.write({
      *inChunks(c) {
        for (let n = 10; n < 20; n++) {
          c.run('INSERT INTO rows (n) VALUES (?)', n);
          yield;
        }
        throw new ClosedError('The thing');
      },
    });
    const neighbour = insert(1);
    await expect(failing).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
    await neighbour;
    expect(committed()).toEqual([1]);
  });

  it('lets the event loop turn during an operation in chunks, and others see all of it or nothing', async () => {
    const seen = new Set<number>();
    let turns = 0;
    let isDone = false;
    const writing = commits.write({
      *inChunks(c) {
        for (let n = 0; n < 60_000; n++) {
          c.run('INSERT INTO rows (n, pad) VALUES (?, ?)', n, 'x'.repeat(100));
          if (n % 200 === 0) yield;
        }
      },
    });
    const watch = (): void => {
      if (isDone) return;
      turns++;
      seen.add(other.number('SELECT count(*) FROM rows'));
      setImmediate(watch);
    };
    setImmediate(watch);
    await writing;
    isDone = true;
    expect(turns).toBeGreaterThan(5);
    expect([...seen]).toEqual([0]);
    expect(other.number('SELECT count(*) FROM rows')).toBe(60_000);
  });

  it('rejects what finds no room, keeps what was committed, and works on once there is room', async () => {
    await insert(1);
    connection.row('PRAGMA max_page_count = 20');
    const fill = (n: number): Promise<number> =>
      commits.write({
        atOnce: (c) => c.run('INSERT INTO rows VALUES (?, ?)', n, 'x'.repeat(20_000)),
      });
    const results = await Promise.allSettled([fill(2), fill(3), fill(4), fill(5), fill(6)]);
    const stored = results.flatMap(({ status }, index) =>
      status === 'fulfilled' ? [index + 2] : [],
    );
    expect(stored.length).toBeGreaterThan(0);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'TROUPE_STORAGE_FULL', path } });
    expect(committed()).toEqual([1, ...stored]);
    expect(forcedCheckpoints).toBeGreaterThan(0);

    connection.row('PRAGMA max_page_count = 1000');
    await fill(7);
    expect(committed()).toEqual([1, ...stored, 7]);
  });

  it('waits for another connection to let go of the file', async () => {
    other.exec('BEGIN IMMEDIATE');
    const writing = insert(1);
    await new Promise((resolve) => setImmediate(resolve));
    other.exec('COMMIT');
    await writing;
    expect(committed()).toEqual([1]);
  });

  it('rejects those who waited too long for the file, and works on afterwards', async () => {
    commits = commitsThatWait(20);
    other.exec('BEGIN IMMEDIATE');
    const results = await Promise.allSettled([insert(1), insert(2)]);
    for (const result of results) {
      expect(result).toMatchObject({ reason: { code: 'TROUPE_STORAGE_LOCKED', path } });
    }
    expect(String((results[0] as PromiseRejectedResult).reason)).toContain(path);
    other.exec('ROLLBACK');
    await insert(3);
    expect(committed()).toEqual([3]);
  });
});
