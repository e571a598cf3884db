import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { actorRun } from '../../src/apify/actor-run.ts';
import * as Apify from '../../src/apify/names.ts';
import { openSite } from '../support/local-site.ts';
import { withActorFolder } from './actor-folder.ts';

const folder = withActorFolder();
const inFolder = (...parts: string[]): string => path.join(folder.path, ...parts);

describe('the key-value store', () => {
  it('keeps JSON, text and bytes in files of the documented names, for the user alone', async () => {
    await Apify.setValue('OUTPUT', { foo: 'bar' });
    await Apify.setValue('quoted', 'a text');
    await Apify.setValue('page', '<h1>hi</h1>', { contentType: 'text/html' });
    await Apify.setValue('shot', Buffer.from([1, 2]), { contentType: 'image/png' });
    const files = await readdir(inFolder('key_value_stores/default'));
    expect(files.sort()).toEqual(['OUTPUT.json', 'page.html', 'quoted.json', 'shot.png']);
    const { mode } = await stat(inFolder('key_value_stores/default/OUTPUT.json'));
    expect(mode & 0o777).toBe(0o600);
    expect(await Apify.getValue('OUTPUT')).toEqual({ foo: 'bar' });
    expect(await Apify.getValue('quoted')).toBe('a text');
    expect(await Apify.getValue('page')).toBe('<h1>hi</h1>');
    expect(await Apify.getValue('shot')).toEqual(Buffer.from([1, 2]));
    expect(await Apify.getValue('nothing')).toBeNull();
  });

  it('reads what others have put there: JSON, text and files of unknown kinds', async () => {
    await mkdir(inFolder('key_value_stores/default'), { recursive: true });
    await writeFile(inFolder('key_value_stores/default/INPUT.json'), '{"startUrls":[]}');
    await writeFile(inFolder('key_value_stores/default/note.txt'), 'words');
    await writeFile(inFolder('key_value_stores/default/raw.xyz'), 'bytes');
    expect(await Apify.getInput()).toEqual({ startUrls: [] });
    expect(await Apify.getValue('note')).toBe('words');
    expect(await Apify.getValue('raw')).toEqual(Buffer.from('bytes'));
  });

  it('replaces a record of another type, and removes one that is set to null', async () => {
    await Apify.setValue('a', { n: 1 });
    await Apify.setValue('a', 'text', { contentType: 'text/plain' });
    expect(await readdir(inFolder('key_value_stores/default'))).toEqual(['a.txt']);
    await Apify.setValue('a', null);
    await Apify.setValue('a', null);
    expect(await Apify.getValue('a')).toBeNull();
  });

  it('tells its keys in order, with their sizes, from a given one on', async () => {
    const store = await Apify.openKeyValueStore('named');
    for (const key of ['b', 'a', 'c'])
      await store.setValue(key, 'xx', { contentType: 'text/plain' });
    const seen: unknown[] = [];
    await store.forEachKey(async (...args) => void seen.push(args));
    expect(seen).toEqual([
      ['a', 0, { size: 2 }],
      ['b', 1, { size: 2 }],
      ['c', 2, { size: 2 }],
    ]);
    const rest: string[] = [];
    await store.forEachKey((key) => rest.push(key), { exclusiveStartKey: 'a' });
    expect(rest).toEqual(['b', 'c']);
    await store.drop();
    expect(await store.getValue('a')).toBeNull();
  });

  it('refuses keys, names and values it cannot keep', async () => {
    await expect(Apify.setValue('a/b', 1)).rejects.toThrow('Expected `key` to be 1 to 256 letters');
    await expect(Apify.getValue('../INPUT')).rejects.toThrow('`key`');
    await expect(Apify.setValue('a', undefined)).rejects.toThrow('`value`');
    await expect(Apify.setValue('a', 5, { contentType: 'text/plain' })).rejects.toThrow('`value`');
    await expect(Apify.setValue('a', { n: 1n })).rejects.toMatchObject({ code: 'TROUPE_NOT_JSON' });
    await expect(Apify.openKeyValueStore('../up')).rejects.toThrow('Expected `name`');
    await expect(Apify.openKeyValueStore('..')).rejects.toThrow('Expected `name`');
    const store = await Apify.openKeyValueStore();
    expect(() => store.getPublicUrl('a')).toThrow(Apify.PlatformOnlyError);
  });

  it('opens the store the environment names by default', async () => {
    process.env['APIFY_DEFAULT_KEY_VALUE_STORE_ID'] = 'mine';
    process.env['APIFY_DEFAULT_DATASET_ID'] = 'rows';
    process.env['APIFY_DEFAULT_REQUEST_QUEUE_ID'] = 'queue';
    expect((await Apify.openKeyValueStore()).name).toBe('mine');
    expect((await Apify.openDataset()).name).toBe('rows');
    expect((await Apify.openRequestQueue()).name).toBe('queue');
  });

  it('says that cloud storage is the platform’s', async () => {
    const options = { forceCloud: true };
    await expect(Apify.openKeyValueStore('a', options)).rejects.toThrow(Apify.PlatformOnlyError);
    await expect(Apify.openDataset('a', options)).rejects.toThrow(Apify.PlatformOnlyError);
    await expect(Apify.openRequestQueue('a', options)).rejects.toThrow(Apify.PlatformOnlyError);
  });
});

describe('the dataset', () => {
  it('keeps each row in a numbered file, in the order of pushing, over a restart', async () => {
    const pushes = [
      Apify.pushData({ n: 1 }),
      Apify.pushData([{ n: 2 }, { n: 3 }]),
      Apify.pushData({ n: 4 }),
    ];
    await Promise.all(pushes);
    await actorRun.close();
    await Apify.pushData({ n: 5 });
    const files = await readdir(inFolder('datasets/default'));
    expect(files.sort().at(0)).toBe('000000001.json');
    expect(JSON.parse(await readFile(inFolder('datasets/default/000000005.json'), 'utf8'))).toEqual(
      { n: 5 },
    );
    const dataset = await Apify.openDataset();
    expect((await dataset.getData()).items.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    expect(await dataset.getInfo()).toMatchObject({ name: 'default', itemCount: 5 });
  });

  it('gives rows as they are asked for', async () => {
    const dataset = await Apify.openDataset('rows');
    await dataset.pushData([{ a: 1, '#b': 2, list: [{ c: 1 }, { c: 2 }] }, {}, { a: 3 }]);
    expect(await dataset.getData({ offset: 1, limit: 1 })).toEqual({
      items: [{}],
      total: 3,
      offset: 1,
      count: 1,
      limit: 1,
    });
    expect((await dataset.getData()).limit).toBe(250_000);
    expect((await dataset.getData({ desc: true, limit: 1 })).items).toEqual([{ a: 3 }]);
    expect((await dataset.getData({ fields: ['a'] })).items).toEqual([{ a: 1 }, {}, { a: 3 }]);
    expect((await dataset.getData({ clean: true, fields: ['a', '#b'] })).items).toEqual([
      { a: 1 },
      { a: 3 },
    ]);
    expect((await dataset.getData({ skipHidden: true, limit: 1, fields: ['#b'] })).items).toEqual([
      {},
    ]);
    expect((await dataset.getData({ skipEmpty: true, fields: ['#b'] })).items).toEqual([
      { '#b': 2 },
    ]);
    expect((await dataset.getData({ unwind: 'list', fields: ['a', 'c'], limit: 1 })).items).toEqual(
      [
        { a: 1, c: 1 },
        { a: 1, c: 2 },
      ],
    );
  });

  it('walks its rows, waiting for each', async () => {
    const dataset = await Apify.openDataset();
    await dataset.pushData([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const seen: unknown[] = [];
    await dataset.forEach(async ({ n }, index) => void seen.push([n, index]), { desc: true }, 5);
    expect(seen).toEqual([
      [3, 5],
      [2, 6],
      [1, 7],
    ]);
    expect(await dataset.map(async ({ n }, index) => n * 10 + index)).toEqual([10, 21, 32]);
    expect(await dataset.reduce((sum: number, { n }) => sum + n, 10)).toBe(16);
    expect(await dataset.reduce((memo, { n }) => ({ n: memo.n + n }))).toEqual({ n: 6 });
    await dataset.drop();
    expect((await dataset.getData()).total).toBe(0);
  });

  it('refuses rows it cannot keep, and stores none of that call', async () => {
    await expect(Apify.pushData([{ n: 1 }, 'text' as never])).rejects.toThrow('Expected `data`');
    await expect(Apify.pushData({ n: 1n })).rejects.toMatchObject({ code: 'TROUPE_NOT_JSON' });
    const big = 'x'.repeat(9 * 1024 * 1024);
    await expect(Apify.pushData({ big })).rejects.toThrow('below 9 MB');
    expect((await (await Apify.openDataset()).getData()).total).toBe(0);
  });
});

describe('the request queue', () => {
  it('answers with the documented fields, and knows requests by their unique keys', async () => {
    const queue = await Apify.openRequestQueue('named');
    const info = await queue.addRequest({ url: 'https://site.example/a' });
    expect(info).toMatchObject({ wasAlreadyPresent: false, wasAlreadyHandled: false });
    expect(info.request).toBeInstanceOf(Apify.Request);
    expect(info.request.id).toBe(info.requestId);
    const again = await queue.addRequest(new Apify.Request({ url: 'https://site.example/a/' }));
    expect(again).toMatchObject({ wasAlreadyPresent: true, requestId: info.requestId });
    await queue.addRequest({ url: 'https://site.example/first' }, { forefront: true });
    const first = await queue.fetchNextRequest();
    expect(first?.url).toBe('https://site.example/first');
    await queue.reclaimRequest(first as never, { forefront: true });
    expect((await queue.fetchNextRequest())?.id).toBe(first?.id);
    expect(await queue.markRequestHandled(first as never)).toMatchObject({ requestId: first?.id });
    expect(await queue.isEmpty()).toBe(false);
    expect(await queue.isFinished()).toBe(false);
    expect(await queue.handledCount()).toBe(1);
    expect(await queue.getInfo()).toEqual({
      id: 'named',
      name: 'named',
      totalRequestCount: 2,
      handledRequestCount: 1,
      pendingRequestCount: 1,
    });
    expect((await queue.getRequest(info.requestId))?.url).toBe('https://site.example/a');
    await queue.drop();
    expect(await (await Apify.openRequestQueue('named')).isFinished()).toBe(true);
  });

  it('goes on where an earlier run of the actor ended', async () => {
    const queue = await Apify.openRequestQueue();
    await queue.addRequest({ url: 'https://site.example/a' });
    await queue.addRequest({ url: 'https://site.example/b' });
    await queue.markRequestHandled((await queue.fetchNextRequest()) as never);
    await actorRun.close();
    const next = await (await Apify.openRequestQueue()).fetchNextRequest();
    expect(next?.url).toBe('https://site.example/b');
  });
});

describe('the request list', () => {
  const urls = (count: number): string[] =>
    Array.from({ length: count }, (_, n) => `https://site.example/${n}`);

  it('gives each unique request once, and those that were given back first', async () => {
    const list = await Apify.openRequestList(null, [
      ...urls(2),
      urls(1)[0] as string,
      { url: 'https://site.example/2', userData: { a: 1 } },
    ]);
    expect(list.length()).toBe(3);
    const first = (await list.fetchNextRequest()) as Apify.Request;
    await list.reclaimRequest(first);
    expect(await list.fetchNextRequest()).toBe(first);
    await list.markRequestHandled(first);
    expect(list.handledCount()).toBe(1);
    await expect(list.markRequestHandled(first)).rejects.toMatchObject({
      code: 'TROUPE_REQUEST_NOT_FETCHED',
    });
    const [second, third] = [await list.fetchNextRequest(), await list.fetchNextRequest()];
    expect(third?.userData).toEqual({ a: 1 });
    expect(await list.fetchNextRequest()).toBeNull();
    expect([await list.isEmpty(), await list.isFinished()]).toEqual([true, false]);
    for (const request of [second, third]) await list.markRequestHandled(request as never);
    expect(await list.isFinished()).toBe(true);
  });

  it('keeps duplicates where that is asked for, and empties its sources', async () => {
    const sources = [...urls(1), ...urls(1)];
    const list = new Apify.RequestList({ sources, keepDuplicateUrls: true });
    await list.initialize();
    expect([list.length(), sources.length]).toEqual([2, 0]);
  });

  it('goes on where it was saved, under the documented keys; what was in progress comes again', async () => {
    const list = await Apify.openRequestList('start', urls(4));
    const [a] = [await list.fetchNextRequest(), await list.fetchNextRequest()];
    await list.markRequestHandled(a as never);
    Apify.events.emit('persistState', { isMigrating: true });
    await actorRun.close();
    expect(await Apify.getValue('start-REQUEST_LIST_STATE')).toMatchObject({ nextIndex: 2 });
    const restored = await Apify.openRequestList('start', ['https://other.example/']);
    expect(restored.requests.map(({ url }) => url)).toEqual(urls(4));
    expect((await restored.fetchNextRequest())?.url).toBe(urls(2)[1]);
    expect((await restored.fetchNextRequest())?.url).toBe(urls(3)[2]);
  });

  it('refuses a state of other sources, no sources, and being used before it is initialized', async () => {
    const state = { nextIndex: 1, nextUniqueKey: 'other', inProgress: {} };
    const list = new Apify.RequestList({ sources: urls(2), state });
    expect(() => list.length()).toThrow('is not initialized');
    await expect(list.initialize()).rejects.toMatchObject({ code: 'TROUPE_REQUEST_LIST_STATE' });
    await expect(list.initialize()).rejects.toThrow('is initialized already');
    expect(() => new Apify.RequestList({})).toThrow('Expected `sources` or `sourcesFunction`');
  });

  it('downloads files of URLs, and asks a function once', async () => {
    await using site = await openSite((_request, response) => {
      response.end('see https://a.example/x, https://b.example/y?z=1\n"http://c.example"');
    });
    const list = new Apify.RequestList({
      sources: [{ requestsFromUrl: site.url, userData: { from: 'file' } }],
      sourcesFunction: async () => ['https://d.example/'],
    });
    await list.initialize();
    expect(list.requests.map(({ url }) => url)).toEqual([
      'https://a.example/x',
      'https://b.example/y?z=1',
      'http://c.example',
      'https://d.example/',
    ]);
    expect(list.requests[0]?.userData).toEqual({ from: 'file' });
    const some = await Apify.openRequestList(null, [
      { requestsFromUrl: site.url, regex: /https:\/\/b\S+/ },
    ]);
    expect(some.requests.map(({ url }) => url)).toEqual(['https://b.example/y?z=1']);
  });
});
