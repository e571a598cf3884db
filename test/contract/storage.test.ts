import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { describeStorageContract } from './storage.contract.ts';

let folder: string;
let opened = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-storage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeStorageContract('MemoryStorage', async () => new MemoryStorage());

describeStorageContract(
  'SqliteStorage',
  async () => new SqliteStorage({ path: join(folder, `${opened++}.db`) }),
);
