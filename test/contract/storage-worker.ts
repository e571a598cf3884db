// Run as a process of its own, bundled, by storage-processes.test.ts: PATH ROLE. Prints one line for each
// acknowledged operation, so that the test knows what must have survived.
import { writeSync } from 'node:fs';
import type { RequestStore } from '../../src/storage/request-store.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { claimedFrom } from '../support/claimed.ts';

const [, , path = '', role = ''] = process.argv;
const storage = new SqliteStorage({ path });
const queue = await storage.openRequestStore('queue');
const dataset = await storage.openDataset('rows');

if (role === 'add') await Promise.all([addForever('a'), addForever('b'), saveForever()]);
if (role === 'work') await Promise.all([workOff(queue), workOff(queue)]);
await storage.close();

/** Synchronous, so that a line is out before whatever comes next may be the end. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

async function addForever(name: string): Promise<void> {
  for (let index = 0; ; index++) {
    const id = `${name}${process.pid}-${index}`;
    await queue.add([{ id, uniqueKey: id, body: '{}' }]);
    tell(`added ${id}`);
    await dataset.pushData({ id }, { key: id });
    tell(`pushed ${id}`);
  }
}

async function saveForever(): Promise<void> {
  const sessions = await storage.openSessionStore('pool');
  const ids = Array.from({ length: 300 }, (_, index) => `${process.pid}-${index}`);
  for (let round = 1; ; round++) {
    const hot = ids.map((id) => ({
      id,
      usageCount: round,
      errorScore: 0,
      lastUsedAt: 0,
      cooldownUntil: 0,
      cooldownStep: 0,
    }));
    await sessions.save({ hot, cold: ids.map((id) => ({ id, body: '{}' })), retired: [] });
    tell(`saved ${process.pid}=${round}`);
  }
}

async function workOff(store: RequestStore): Promise<void> {
  for (;;) {
    const claims = await claimedFrom(store, 7, { now: 0, lockMs: 1e9 });
    if (claims.length === 0) return;
    for (const claim of claims) {
      const valid = await store.handle([{ ...claim, body: '{}' }]);
      for (const id of valid) tell(`handled ${id}`);
    }
  }
}
