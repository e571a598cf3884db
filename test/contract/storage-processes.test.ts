import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bundle } from '../../scripts/bundle.d.mts';
import { bundle } from '../../scripts/bundle.mjs';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { claimedFrom } from '../support/claimed.ts';

const WORKER = 'test/contract/storage-worker.ts';

describe('SqliteStorage in several processes', () => {
  let built: Bundle;
  let folder: string;
  let path: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    built = await bundle([WORKER]);
  });
  afterAll(() => built.remove());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-processes-'));
    path = join(folder, 'a.db');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await killed(child);
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts a worker and collects the lines it prints. */
  const start = (role: string): Worker => {
    const child = spawn(process.execPath, [built.outputOf(WORKER), path, role], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return workerOf(child);
  };

  it('loses no acknowledged write to kill −9, at any moment, and tears no save', async () => {
    const lines: string[] = [];
    for (let round = 0; round < 6; round++) {
      const worker = start('add');
      // Another number of acknowledged writes each time, thus another moment.
      await worker.hasPrinted(5 + round * 37);
      await killed(worker.child);
      lines.push(...worker.lines);
    }
    const storage = new SqliteStorage({ path });
    const queue = await storage.openRequestStore('queue');
    const dataset = await storage.openDataset('rows');
    const pushed = new Set<unknown>();
    for await (const item of dataset.items()) pushed.add(item['id']);
    const rounds = new Map<string, Set<number>>();
    for await (const batch of (await storage.openSessionStore('pool')).load()) {
      for (const { hot } of batch) {
        const [pid = ''] = hot.id.split('-');
        rounds.set(pid, (rounds.get(pid) ?? new Set()).add(hot.usageCount));
      }
    }
    const lost: string[] = [];
    for (const line of lines) {
      const [what, id = ''] = line.split(' ');
      if (what === 'added' && !(await queue.get(id))) lost.push(line);
      if (what === 'pushed' && !pushed.has(id)) lost.push(line);
      if (what === 'saved') {
        const [pid = '', round] = id.split('=');
        const stored = rounds.get(pid) ?? new Set<number>();
        if (stored.size !== 1 || [...stored].some((count) => count < Number(round))) {
          lost.push(line);
        }
      }
    }
    expect(lines.length).toBeGreaterThan(500);
    expect(lost).toEqual([]);
    const { total } = await queue.counts(0);
    expect(await claimedFrom(queue, total + 1, { now: 0, lockMs: 1 })).toHaveLength(total);
    expect(await dataset.itemCount()).toBe(pushed.size);
    await storage.close();
  });

  it('hands each request to one process only, while a third adds', async () => {
    const storage = new SqliteStorage({ path });
    const queue = await storage.openRequestStore('queue');
    const rows = Array.from({ length: 1500 }, (_, n) => ({
      id: `r${n}`,
      uniqueKey: `r${n}`,
      body: '{}',
    }));
    await queue.add(rows);
    const workers = [start('work'), start('work')];
    for (let extra = 0; extra < 100; extra++) {
      await queue.add([{ id: `x${extra}`, uniqueKey: `x${extra}`, body: '{}' }]);
    }
    for (const worker of workers) expect(await worker.exitCode).toBe(0);
    const last = start('work');
    expect(await last.exitCode).toBe(0);
    const handled = [...workers, last].flatMap(({ lines }) => lines);
    expect(handled).toHaveLength(1600);
    expect(new Set(handled).size).toBe(1600);
    expect(await queue.counts(0)).toEqual({ total: 1600, handled: 1600, pending: 0, locked: 0 });
    await storage.close();
  });

  it('lets a writer through while another process writes without a pause', async () => {
    const busy = start('add');
    await busy.hasPrinted(20);
    const storage = new SqliteStorage({ path });
    const values = await storage.openKeyValueStore('values');
    for (let n = 0; n < 20; n++) await values.setValue('n', n);
    expect(await values.getValue('n')).toBe(19);
    const before = busy.lines.length;
    await busy.hasPrinted(before + 20);
    await storage.close();
  });
});

interface Worker {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly exitCode: Promise<number | null>;
  /** Resolves once so many lines have come; rejects when the process ends before. */
  hasPrinted(count: number): Promise<void>;
}

function workerOf(child: ChildProcess): Worker {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on('line', (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  // `close` comes after the last line, `exit` may come before.
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  const hasPrinted = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (lines.length < count) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      exitCode.then((code) => reject(new Error(`The worker ended with ${code}`)), reject);
    });
  return { child, lines, exitCode, hasPrinted };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
