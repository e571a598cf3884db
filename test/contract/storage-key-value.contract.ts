import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyValueStore, StoredValue } from '../../src/storage/key-value-store.ts';
import type { Storage } from '../../src/storage/storage.ts';

export function describeKeyValueContract(open: () => Promise<Storage>): void {
  describe('key-value store', () => {
    let storage: Storage;
    let store: KeyValueStore;
    beforeEach(async () => {
      storage = await open();
      store = await storage.openKeyValueStore('values');
    });
    afterEach(() => storage.close());

    it('has null where nothing was stored', async () => {
      expect(await store.getValue('missing')).toBeNull();
      expect(await store.getRecord('missing')).toBeNull();
    });

    it.each<[string, StoredValue, string]>([
      ['an object', { a: [1, { b: 'ü' }], c: null }, 'application/json; charset=utf-8'],
      ['a list', [1, 'two', false], 'application/json; charset=utf-8'],
      ['a number', 1.5, 'application/json; charset=utf-8'],
      ['zero', 0, 'application/json; charset=utf-8'],
      ['a boolean', false, 'application/json; charset=utf-8'],
      ['text', 'line\r\nwith "quotes", 😀 and \0', 'text/plain; charset=utf-8'],
      ['empty text', '', 'text/plain; charset=utf-8'],
      ['bytes', Buffer.from([0, 1, 255, 0]), 'application/octet-stream'],
      ['no bytes', Buffer.alloc(0), 'application/octet-stream'],
    ])('gives back %s as it was', async (_what, value, contentType) => {
      await store.setValue('key', value);
      expect(await store.getRecord('key')).toEqual({ value, contentType });
      expect(await store.getValue('key')).toEqual(value);
    });

    it('goes by the content type it is given', async () => {
      await store.setValue('html', '<p>', { contentType: 'text/html' });
      await store.setValue('json', '{"a":1}', { contentType: 'application/ld+json' });
      await store.setValue('bytes', Buffer.from('{"a":2}'), { contentType: 'application/json' });
      await store.setValue('png', 'not really', { contentType: 'image/png' });
      expect(await store.getRecord('html')).toEqual({ value: '<p>', contentType: 'text/html' });
      expect(await store.getValue('json')).toEqual({ a: 1 });
      expect(await store.getValue('bytes')).toEqual({ a: 2 });
      expect(await store.getValue('png')).toEqual(Buffer.from('not really'));
    });

    it('takes the last value', async () => {
      await store.setValue('key', { old: true });
      await store.setValue('key', 'new');
      expect(await store.getValue('key')).toBe('new');
    });

    it('removes a key that is set to null', async () => {
      await store.setValue('key', 1);
      await store.setValue('key', null);
      await store.setValue('never there', null);
      expect(await store.getRecord('key')).toBeNull();
      expect(await keysOf(store)).toEqual([]);
    });

    it('refuses what cannot be JSON and keeps the earlier value', async () => {
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      await store.setValue('key', 'earlier');
      const bad: unknown[] = [cyclic, { n: 1n }, () => 1, undefined, Number.NaN, Symbol('s')];
      for (const value of bad) {
        const setting = store.setValue('key', value as StoredValue);
        await expect(setting).rejects.toMatchObject({ code: 'TROUPE_NOT_JSON' });
      }
      const broken = store.setValue('key', '{', { contentType: 'application/json' });
      await expect(broken).rejects.toMatchObject({ code: 'TROUPE_NOT_JSON' });
      expect(await store.getValue('key')).toBe('earlier');
    });

    it('refuses an object under a content type that is not JSON', async () => {
      const setting = store.setValue('key', {}, { contentType: 'text/html' });
      await expect(setting).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
    });

    it('refuses an empty key', async () => {
      await expect(store.setValue('', 1)).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
    });

    it('shares no memory with its callers', async () => {
      const bytes = Buffer.from('abc');
      const setting = store.setValue('bytes', bytes);
      bytes[0] = 0;
      await setting;
      const object = { list: [1] };
      await store.setValue('object', object);
      object.list.push(2);
      ((await store.getValue<Buffer>('bytes')) as Buffer).fill(0);
      expect(await store.getValue('bytes')).toEqual(Buffer.from('abc'));
      expect(await store.getValue('object')).toEqual({ list: [1] });
    });

    it('lists keys in ascending order, from a key on and by prefix', async () => {
      const keys = ['b', 'a', 'a/2', 'a/10', 'a/1', 'é', '😀', '\ue000', 'A', '%', '_x'];
      await Promise.all(keys.map((key) => store.setValue(key, 1)));
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await keysOf(store)).toEqual(sorted);
      expect(await keysOf(store, { prefix: 'a/' })).toEqual(['a/1', 'a/10', 'a/2']);
      expect(await keysOf(store, { prefix: 'a/', exclusiveStartKey: 'a/1' })).toEqual([
        'a/10',
        'a/2',
      ]);
      expect(await keysOf(store, { exclusiveStartKey: 'é' })).toEqual(['\ue000', '😀']);
      expect(await keysOf(store, { exclusiveStartKey: 'a/15', prefix: 'a' })).toEqual(['a/2']);
      expect(await keysOf(store, { prefix: 'zzz' })).toEqual([]);
    });

    it('lists more keys than fit in a batch', async () => {
      const keys = Array.from({ length: 2500 }, (_, index) => `k${String(index).padStart(5, '0')}`);
      await Promise.all(keys.map((key) => store.setValue(key, key)));
      expect(await keysOf(store)).toEqual(keys);
    });

    it('is empty after drop, and usable', async () => {
      await store.setValue('key', 1);
      await store.drop();
      expect(await store.getValue('key')).toBeNull();
      await store.setValue('key', 2);
      expect(await keysOf(store)).toEqual(['key']);
    });
  });
}

async function keysOf(
  store: KeyValueStore,
  options?: { prefix?: string; exclusiveStartKey?: string },
): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys(options)) keys.push(key);
  return keys;
}
