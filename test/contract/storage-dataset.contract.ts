import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset, DatasetItem } from '../../src/storage/dataset.ts';
import type { Storage } from '../../src/storage/storage.ts';

export function describeDatasetContract(open: () => Promise<Storage>): void {
  describe('dataset', () => {
    let storage: Storage;
    let dataset: Dataset;
    beforeEach(async () => {
      storage = await open();
      dataset = await storage.openDataset('rows');
    });
    afterEach(() => storage.close());

    it('is empty at first', async () => {
      expect(await dataset.getData()).toEqual({ items: [], total: 0, offset: 0 });
      expect(await itemsOf(dataset)).toEqual([]);
      expect(await dataset.itemCount()).toBe(0);
    });

    it('keeps rows in the order they were pushed, one by one or many at once', async () => {
      await dataset.pushData({ n: 0, nested: { a: [null, 'ü\0😀'] } });
      await dataset.pushData([{ n: 1 }, { n: 2 }]);
      await dataset.pushData([]);
      await Promise.all([dataset.pushData({ n: 3 }), dataset.pushData([{ n: 4 }, { n: 5 }])]);
      const items = await itemsOf(dataset);
      expect(items.map((item) => item['n'])).toEqual([0, 1, 2, 3, 4, 5]);
      expect(items[0]).toEqual({ n: 0, nested: { a: [null, 'ü\0😀'] } });
    });

    it('keeps a push of thousands together among concurrent ones', async () => {
      const many = Array.from({ length: 3000 }, (_, index) => ({ many: index }));
      await Promise.all([dataset.pushData({ one: 1 }), dataset.pushData(many)]);
      await dataset.pushData({ last: 1 });
      expect(await itemsOf(dataset)).toEqual([{ one: 1 }, ...many, { last: 1 }]);
      expect(await dataset.itemCount()).toBe(3002);
    });

    it('gives pages by offset and limit', async () => {
      await dataset.pushData(Array.from({ length: 450 }, (_, n) => ({ n })));
      const page = await dataset.getData({ offset: 120, limit: 250 });
      expect(page.items.map((item) => item['n'])).toEqual(
        Array.from({ length: 250 }, (_, index) => index + 120),
      );
      expect(page).toMatchObject({ total: 450, offset: 120 });
      expect((await dataset.getData({ offset: 448 })).items).toEqual([{ n: 448 }, { n: 449 }]);
      expect((await dataset.getData({ offset: 450 })).items).toEqual([]);
      expect((await dataset.getData({ limit: 0 })).items).toEqual([]);
      expect((await dataset.getData({ limit: Number.POSITIVE_INFINITY })).items).toHaveLength(450);
    });

    it('refuses an offset or a limit that is no count', async () => {
      for (const options of [{ offset: -1 }, { limit: 0.5 }, { limit: Number.NaN }]) {
        const reading = dataset.getData(options);
        await expect(reading).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
      }
    });

    it('stores nothing of a push that holds one item which is no JSON object', async () => {
      const cyclic: DatasetItem = {};
      cyclic['self'] = cyclic;
      const bad: unknown[] = [cyclic, { n: 1n }, 'text', 1, null, undefined, [[1]], () => 1];
      for (const item of bad) {
        const pushing = dataset.pushData([{ good: 1 }, item as DatasetItem]);
        await expect(pushing).rejects.toMatchObject({ code: 'TROUPE_NOT_JSON' });
      }
      expect(await dataset.itemCount()).toBe(0);
    });

    it('lets a refused push take no concurrent one with it', async () => {
      const results = await Promise.allSettled([
        dataset.pushData({ n: 1 }),
        dataset.pushData({ n: 1n }),
        dataset.pushData({ n: 2 }),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(await itemsOf(dataset)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('shares no memory with its callers', async () => {
      const item = { list: [1] };
      const pushing = dataset.pushData(item);
      item.list.push(2);
      await pushing;
      ((await itemsOf(dataset))[0] as { list: number[] }).list.push(3);
      expect(await itemsOf(dataset)).toEqual([{ list: [1] }]);
    });

    it('replaces an earlier push under the same key item by item, in its place', async () => {
      await dataset.pushData([{ n: 'a1' }, { n: 'a2' }], { key: 'a' });
      await dataset.pushData({ n: 'b1' }, { key: 'b' });
      await dataset.pushData([{ n: 'A1' }, { n: 'A2' }, { n: 'A3' }], { key: 'a' });
      expect(await namesOf(dataset)).toEqual(['A1', 'A2', 'b1', 'A3']);
      expect(await dataset.itemCount()).toBe(4);
    });

    it('removes what a shorter push under the same key no longer has', async () => {
      await dataset.pushData([{ n: 'a1' }, { n: 'a2' }, { n: 'a3' }], { key: 'a' });
      await dataset.pushData({ n: 'b1' });
      await dataset.pushData({ n: 'A1' }, { key: 'a' });
      expect(await namesOf(dataset)).toEqual(['A1', 'b1']);
      expect(await dataset.getData()).toMatchObject({ total: 2 });
      await dataset.pushData([], { key: 'a' });
      await dataset.pushData({ n: 'again' }, { key: 'a' });
      expect(await namesOf(dataset)).toEqual(['b1', 'again']);
    });

    it('leaves one copy when the same keyed push comes many times at once', async () => {
      const push = (): Promise<void> => dataset.pushData([{ n: 1 }, { n: 2 }], { key: 'k' });
      await Promise.all(Array.from({ length: 20 }, push));
      expect(await itemsOf(dataset)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('keeps keys of different datasets apart', async () => {
      const other = await storage.openDataset('other');
      await dataset.pushData({ n: 1 }, { key: 'k' });
      await other.pushData({ n: 2 }, { key: 'k' });
      expect([...(await itemsOf(dataset)), ...(await itemsOf(other))]).toEqual([
        { n: 1 },
        { n: 2 },
      ]);
    });

    it('lets an iteration be left early', async () => {
      await dataset.pushData(Array.from({ length: 1000 }, (_, n) => ({ n })));
      for await (const item of dataset.items()) {
        expect(item).toEqual({ n: 0 });
        break;
      }
      await dataset.pushData({ n: 1000 });
      expect(await dataset.itemCount()).toBe(1001);
    });

    it('is empty after drop, and usable', async () => {
      await dataset.pushData([{ n: 1 }, { n: 2 }], { key: 'k' });
      await dataset.drop();
      expect(await dataset.getData()).toEqual({ items: [], total: 0, offset: 0 });
      await dataset.pushData({ n: 3 }, { key: 'k' });
      expect(await itemsOf(dataset)).toEqual([{ n: 3 }]);
      expect(await dataset.itemCount()).toBe(1);
    });
  });
}

async function itemsOf(dataset: Dataset): Promise<DatasetItem[]> {
  const items: DatasetItem[] = [];
  for await (const item of dataset.items()) items.push(item);
  return items;
}

async function namesOf(dataset: Dataset): Promise<unknown[]> {
  return (await itemsOf(dataset)).map((item) => item['n']);
}
