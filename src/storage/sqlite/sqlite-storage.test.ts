import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import driver from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimedFrom } from '../../../test/support/claimed.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { Log } from '../../core/log.ts';
import type { StoredSession } from '../session-store.ts';
import {
  ENTER,
  FIRST_PACED,
  NEXT_PACED,
  NEXT_TURN,
  ORIGINS_OF,
  PASS,
  REST,
  RING,
  WAKE_ORIGINS,
} from './origin-sql.ts';
import { COUNT_LOCKED, EXTEND, FIND, GET, GIVE_BACK, HANDLE, LOCK, WAKE } from './request-sql.ts';
import { SqliteStorage, type SqliteStorageOptions } from './sqlite-storage.ts';

describe('SqliteStorage', () => {
  let folder: string;
  let path: string;
  let warnings: string[];
  let log: Log;
  const opened: SqliteStorage[] = [];
  const storageAt = (options: Partial<SqliteStorageOptions> = {}): SqliteStorage => {
    const storage = new SqliteStorage({ path, log, ...options });
    opened.push(storage);
    return storage;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-sqlite-'));
    path = join(folder, 'deep', 'er', 'a.db');
    warnings = [];
    const nothing = (): void => {};
    const warn = (_data: object, message: string): number => warnings.push(message);
    log = new Log({ level: 'info', sink: { debug: nothing, info: nothing, error: nothing, warn } });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((storage) => storage.close()));
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses options it does not know or cannot use', () => {
    expect(() => new SqliteStorage({ path: '' })).toThrow(/`path`/);
    const misspelt = { path, lockTimeoutSec: 1 } as unknown as SqliteStorageOptions;
    expect(() => new SqliteStorage(misspelt)).toThrow(/did you mean `lockTimeoutSecs`/);
    expect(() => new SqliteStorage({ path, lockTimeoutSecs: -1 })).toThrow(/`lockTimeoutSecs`/);
  });

  it('touches the disk only when something is opened', async () => {
    const storage = storageAt();
    await storage.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps its files, and the folder it makes, from other users', async () => {
    const storage = storageAt();
    await (await storage.openDataset('rows')).pushData({ a: 1 });
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      expect([file, (await stat(file)).mode & 0o777]).toEqual([file, 0o600]);
    }
    expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'deep', 'er'))).mode & 0o777).toBe(0o700);
  });

  it('still has everything when it is opened again', async () => {
    const first = storageAt();
    await (await first.openKeyValueStore('s')).setValue('key', { a: 1 });
    await (await first.openDataset('s')).pushData([{ n: 1 }, { n: 2 }]);
    const requests = await first.openRequestStore('s');
    await requests.add([
      { id: 'a', uniqueKey: 'a', body: '{}' },
      { id: 'b', uniqueKey: 'b', body: '{}' },
    ]);
    const [a] = await claimedFrom(requests, 1, { now: 0, lockMs: 1 });
    await requests.handle([{ id: 'a', fence: a?.fence ?? 0, body: '{}' }]);
    await saveSession(first, 'x');
    await first.close();

    const second = storageAt();
    expect(await (await second.openKeyValueStore('s')).getValue('key')).toEqual({ a: 1 });
    expect(await (await second.openDataset('s')).itemCount()).toBe(2);
    const queue = await second.openRequestStore('s');
    expect(await queue.counts(0)).toEqual({ total: 2, handled: 1, pending: 1, locked: 0 });
    expect((await sessionsOf(second)).map(({ hot }) => hot.id)).toEqual(['x']);
  });

  it('leaves all data in the database file itself when it is closed', async () => {
    const storage = storageAt();
    await (await storage.openDataset('rows')).pushData({ a: 1 });
    await storage.close();
    expect((await stat(`${path}-wal`).catch(() => undefined))?.size ?? 0).toBe(0);
    expect((await stat(path)).size).toBeGreaterThan(4096);
  });

  it('truncates the log under steady writing', async () => {
    const dataset = await storageAt().openDataset('rows');
    const items = Array.from({ length: 100 }, (_, n) => ({ n, pad: 'x'.repeat(1000) }));
    let rounds = 0;
    for (let last = 0, size = 0; size >= last && rounds < 1000; rounds++) {
      await dataset.pushData(items);
      last = size;
      size = (await stat(`${path}-wal`)).size;
    }
    // A thousand rounds write 100 MB, more than twice what the log may hold.
    expect(rounds).toBeLessThan(1000);
    expect(await dataset.itemCount()).toBe(rounds * 100);
  });

  it('refuses a file of a newer version, and leaves it as it is', async () => {
    await (await storageAt().openDataset('rows')).pushData({ a: 1 });
    change(path, 'PRAGMA user_version = 99');
    const opening = storageAt({ onCorrupt: 'quarantine' }).openDataset('rows');
    await expect(opening).rejects.toMatchObject({ code: 'TROUPE_STORAGE_TOO_NEW', path });
    change(path, 'PRAGMA user_version = 3');
    expect(await (await storageAt().openDataset('rows')).itemCount()).toBe(1);
  });

  it("refuses another program's database", async () => {
    await mkdir(join(folder, 'deep', 'er'), { recursive: true });
    change(path, 'CREATE TABLE theirs (a)');
    const opening = storageAt().openDataset('rows');
    await expect(opening).rejects.toMatchObject({ code: 'TROUPE_STORAGE_FAILED', path });
  });

  it('says what is wrong with a path that cannot be opened', async () => {
    const opening = storageAt({ path: folder }).openDataset('rows');
    await expect(opening).rejects.toMatchObject({ code: 'TROUPE_STORAGE_FAILED', path: folder });
  });

  it('opens at a later try when the first one failed', async () => {
    const storage = storageAt();
    await writeFile(join(folder, 'deep'), 'in the way');
    await expect(storage.openDataset('rows')).rejects.toMatchObject({
      code: 'TROUPE_STORAGE_FAILED',
    });
    await rm(join(folder, 'deep'));
    await expect(storage.openDataset('rows')).resolves.toBeDefined();
  });

  it('refuses a file that is no database, says what to do, and leaves it', async () => {
    path = join(folder, 'a.db');
    await writeFile(path, 'garbage'.repeat(1000));
    const error = await storageAt()
      .openDataset('rows')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TROUPE_STORAGE_CORRUPT', path });
    expect(String(error)).toContain("onCorrupt: 'quarantine'");
    expect(await readFile(path, 'utf8')).toBe('garbage'.repeat(1000));
  });

  it('puts a file that is no database aside when told to, and starts empty', async () => {
    path = join(folder, 'a.db');
    await writeFile(path, 'garbage'.repeat(1000));
    const clock = new FakeClock(1_700_000_000_000);
    const storage = storageAt({ onCorrupt: 'quarantine', clock });
    expect(await (await storage.openDataset('rows')).itemCount()).toBe(0);
    const aside = `${path}.corrupt-1700000000000`;
    expect(await readFile(aside, 'utf8')).toBe('garbage'.repeat(1000));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(aside);
  });

  it('notices a damaged page deep in the file, and puts the file aside when told to', async () => {
    const first = storageAt();
    const dataset = await first.openDataset('rows');
    await dataset.pushData(Array.from({ length: 2000 }, (_, n) => ({ n, pad: 'x'.repeat(500) })));
    await first.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(4096 * 150, 7), 0, 4096 * 150, 4096 * 50);
    await file.close();

    const strict = await storageAt().openDataset('rows');
    await expect(count(strict.items())).rejects.toMatchObject({ code: 'TROUPE_STORAGE_CORRUPT' });
    const healed = await storageAt({ onCorrupt: 'quarantine' }).openDataset('rows');
    expect(await count(healed.items())).toBe(0);
    expect(
      (await readdir(join(folder, 'deep', 'er'))).filter((n) => /\.corrupt-\d+$/.test(n)),
    ).toHaveLength(1);
  });

  it('puts unreadable session rows aside, warns once, and loads the others', async () => {
    const storage = storageAt();
    await saveSession(storage, 'good', 'text', 'bytes');
    change(
      path,
      "UPDATE session_hot SET usage_count = 'garbage' WHERE id = 'text'",
      "UPDATE session_cold SET body = x'00ff' WHERE id = 'bytes'",
    );
    const ids = (await sessionsOf(storage)).map(({ hot }) => hot.id);
    expect(ids).toEqual(['good']);
    expect((await sessionsOf(storage)).map(({ hot }) => hot.id)).toEqual(['good']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('2 unreadable session rows');
    expect(
      rowsOf(
        path,
        "SELECT id, hot, iif(typeof(body) = 'blob', hex(body), body) AS body FROM session_quarantine ORDER BY id",
      ),
    ).toEqual([
      { id: 'bytes', hot: expect.stringContaining('1'), body: '00FF' },
      { id: 'text', hot: expect.stringContaining('garbage'), body: '{}' },
    ]);
  });

  it('keeps a row that the engine quarantined, with the reason', async () => {
    const clock = new FakeClock(1234);
    const storage = storageAt({ clock });
    await saveSession(storage, 'a');
    await (await storage.openSessionStore('pool')).quarantine('a', 'body is not JSON');
    expect(await sessionsOf(storage)).toEqual([]);
    const kept = rowsOf(path, 'SELECT id, reason, quarantined_at, body FROM session_quarantine');
    expect(kept).toEqual([
      { id: 'a', reason: 'body is not JSON', quarantined_at: 1234, body: '{}' },
    ]);
  });

  it('finds, claims and wakes requests through indexes, the last two without handled ones', async () => {
    await storageAt().openRequestStore('queue');
    const plan = (sql: string): string =>
      rowsOf(path, `EXPLAIN QUERY PLAN ${sql}`)
        .map((row) => (row as { detail: string }).detail)
        .join('; ');
    expect(plan(LOCK)).toMatch(
      /^SEARCH requests .*LIST SUBQUERY.*INDEX requests_ready \(store=\? AND origin=\?\)$/,
    );
    expect(plan(WAKE)).toMatch(/INDEX requests_waiting \(store=\? AND due_at<\?\)/);
    expect(plan(COUNT_LOCKED)).toMatch(
      /COVERING INDEX requests_waiting \(store=\? AND due_at>\?\)/,
    );
    expect(plan(FIND)).toMatch(/INDEX requests_by_id \(store=\? AND id=\?\)/);
    for (const sql of [EXTEND, HANDLE, GIVE_BACK, GET]) {
      expect(plan(sql)).toMatch(
        /^SEARCH requests USING INDEX requests_by_id \(store=\? AND id=\?\)/,
      );
    }
    expect(plan(RING)).toMatch(/INDEX request_origins_ring \(store=\? AND turn>\?\)$/);
    expect(plan(WAKE_ORIGINS)).toMatch(/INDEX request_origins_paced \(store=\? AND next_at<\?\)/);
    for (const sql of [NEXT_TURN, NEXT_PACED]) {
      expect(plan(sql)).toMatch(/INDEX request_origins_(?:ring|paced) .*INDEX requests_ready/);
    }
    expect(plan(ORIGINS_OF)).toMatch(/INDEX requests_by_id \(store=\? AND id=\?\)/);
    expect(plan(ENTER)).toMatch(/INTEGER PRIMARY KEY \(rowid=\?\)/);
    for (const sql of [PASS, REST]) {
      expect(plan(sql)).toMatch(/INTEGER PRIMARY KEY \(rowid=\?\).*INDEX requests_ready/);
    }
    expect(plan(FIRST_PACED)).toMatch(/COVERING INDEX request_origins_paced \(store=\?\)$/);
  });

  it('takes over a queue from before origins had lines of their own', async () => {
    const before = storageAt();
    const old = await before.openRequestStore('queue');
    const rows = ['a', 'b', 'c'].map((id) => ({
      id,
      uniqueKey: id,
      body: '{}',
      origin: 'http://x',
    }));
    await old.add(rows);
    const [a] = await claimedFrom(old, 1, { now: 0, lockMs: 1000 });
    await before.close();
    change(
      path,
      `DROP TABLE request_origins;
       DROP INDEX requests_ready;
       ALTER TABLE requests DROP COLUMN origin;
       CREATE INDEX requests_ready ON requests (store, position) WHERE state = 0;
       PRAGMA user_version = 2`,
    );
    const queue = await storageAt().openRequestStore('queue');
    expect(await queue.handle([{ id: 'a', fence: a?.fence ?? 0, body: '{}' }])).toEqual(['a']);
    await queue.add([{ id: 'd', uniqueKey: 'd', body: '{}', origin: '' }]);
    const claimed = await claimedFrom(queue, 10, { now: 0, lockMs: 1000 });
    expect(claimed.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
  });
});

async function saveSession(storage: SqliteStorage, ...ids: string[]): Promise<void> {
  const store = await storage.openSessionStore('pool');
  const hot = ids.map((id) => ({
    id,
    usageCount: 1,
    errorScore: 0,
    lastUsedAt: 0,
    cooldownUntil: 0,
    cooldownStep: 0,
  }));
  await store.save({ hot, cold: ids.map((id) => ({ id, body: '{}' })), retired: [] });
}

async function sessionsOf(storage: SqliteStorage): Promise<StoredSession[]> {
  const sessions: StoredSession[] = [];
  for await (const batch of (await storage.openSessionStore('pool')).load()) {
    sessions.push(...batch);
  }
  return sessions;
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let total = 0;
  for await (const _ of items) total++;
  return total;
}

/** As another program would change the file. */
function change(path: string, ...statements: string[]): void {
  const database = new driver(path);
  for (const sql of statements) database.exec(sql);
  database.close();
}

function rowsOf(path: string, sql: string): unknown[] {
  const database = new driver(path);
  const rows = database.prepare(sql).all();
  database.close();
  return rows;
}
