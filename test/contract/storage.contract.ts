import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.ts';
import { describeCrashContract } from './storage-crashes.contract.ts';
import { describeDatasetContract } from './storage-dataset.contract.ts';
import { describeKeyValueContract } from './storage-key-value.contract.ts';
import { describeOriginContract } from './storage-origins.contract.ts';
import { describeRequestStoreContract } from './storage-requests.contract.ts';
import { describeSessionStoreContract } from './storage-sessions.contract.ts';

/** An engine under test: opens a fresh, empty storage each time. It is closed by the suite. */
export type OpenStorage = () => Promise<Storage>;

/** What every storage promises, sentence by sentence of the ports. */
export function describeStorageContract(name: string, open: OpenStorage): void {
  describe(name, () => {
    describeLifetime(open);
    describeKeyValueContract(open);
    describeDatasetContract(open);
    describeRequestStoreContract(open);
    describeOriginContract(open);
    describeCrashContract(open);
    describeSessionStoreContract(open);
  });
}

function describeLifetime(open: OpenStorage): void {
  describe('storage', () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await open();
    });
    afterEach(() => storage.close());

    it('gives views of the same data when a name is opened twice', async () => {
      const [first, second] = await Promise.all([
        storage.openKeyValueStore('same'),
        storage.openKeyValueStore('same'),
      ]);
      await first.setValue('key', 'value');
      expect(await second.getValue('key')).toBe('value');
      expect(second.name).toBe('same');
    });

    it('keeps names and kinds of stores apart', async () => {
      const values = await storage.openKeyValueStore('one');
      await values.setValue('key', 'value');
      const other = await storage.openKeyValueStore('two');
      expect(await other.getValue('key')).toBeNull();
      const dataset = await storage.openDataset('one');
      await dataset.pushData({ a: 1 });
      await values.drop();
      expect(await dataset.itemCount()).toBe(1);
    });

    it('takes any text as a name, but not the empty one or NUL', async () => {
      const store = await storage.openKeyValueStore('крол/😀 "quoted" \'; --');
      await store.setValue('k', 1);
      expect(await store.getValue('k')).toBe(1);
      for (const name of ['', 'a\0b']) {
        const opening = storage.openRequestStore(name);
        await expect(opening).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
      }
    });

    it('closes once, however often and concurrently it is asked to', async () => {
      const dataset = await storage.openDataset('rows');
      const pushed = dataset.pushData({ a: 1 });
      await Promise.all([storage.close(), storage.close(), storage[Symbol.asyncDispose]()]);
      await storage.close();
      await expect(pushed).resolves.toBeUndefined();
    });

    it('can be closed unused', async () => {
      await expect(storage.close()).resolves.toBeUndefined();
    });

    it('refuses every use after it was closed', async () => {
      const values = await storage.openKeyValueStore('s');
      const dataset = await storage.openDataset('s');
      const requests = await storage.openRequestStore('s');
      const sessions = await storage.openSessionStore('s');
      await storage.close();
      const uses = [
        storage.openDataset('s'),
        values.getValue('k'),
        values.setValue('k', 1),
        dataset.pushData({ a: 1 }),
        dataset.itemCount(),
        requests.counts(0),
        requests.add([{ id: 'a', uniqueKey: 'a', body: '{}' }]),
        sessions.forgetRetired(0),
      ];
      for (const use of uses) await expect(use).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
    });
  });
}
