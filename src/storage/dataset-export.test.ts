import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset, DatasetItem } from './dataset.ts';
import { type ExportFormat, exportDataset } from './dataset-export.ts';
import { MemoryStorage } from './memory/memory-storage.ts';

describe('exportDataset', () => {
  let folder: string;
  let dataset: Dataset;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-export-'));
    dataset = await new MemoryStorage().openDataset('rows');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('writes one JSON object a line', async () => {
    await dataset.pushData([{ a: 1 }, { text: 'line\nbreak, 😀' }, {}]);
    await exportDataset(dataset, join(folder, 'out.jsonl'));
    expect(await readFile(join(folder, 'out.jsonl'), 'utf8')).toBe(
      '{"a":1}\n{"text":"line\\nbreak, 😀"}\n{}\n',
    );
  });

  it('writes CSV with every key any item has', async () => {
    await dataset.pushData([
      { url: 'https://a/', title: 'A' },
      { url: 'https://b/', price: 1.5, inStock: false, none: null },
      { title: 'C', tags: ['x', 'y'], nested: { a: 1 } },
    ]);
    await exportDataset(dataset, join(folder, 'out.csv'));
    expect(await readFile(join(folder, 'out.csv'), 'utf8')).toBe(
      [
        'url,title,price,inStock,none,tags,nested',
        'https://a/,A,,,,,',
        'https://b/,,1.5,false,,,',
        ',C,,,,"[""x"",""y""]","{""a"":1}"',
        '',
      ].join('\r\n'),
    );
  });

  it('quotes what RFC 4180 asks to be quoted, in headers too', async () => {
    await dataset.pushData({ 'a,b': 'say "hi"', c: 'two\r\nlines', d: 'plain; semicolon' });
    expect(await exported(dataset, 'csv')).toBe(
      '"a,b",c,d\r\n"say ""hi""","two\r\nlines",plain; semicolon\r\n',
    );
  });

  it('writes no line that readers would skip', async () => {
    await dataset.pushData([{ a: '' }, { a: null }]);
    expect(await exported(dataset, 'csv')).toBe('a\r\n""\r\n""\r\n');
  });

  it('reads only what an item itself holds', async () => {
    await dataset.pushData([{ constructor: 'mine' }, { b: 1 }]);
    expect(await exported(dataset, 'csv')).toBe('constructor,b\r\nmine,\r\n,1\r\n');
  });

  it('leaves out of a CSV what is pushed after its header is known', async () => {
    await dataset.pushData([{ a: 1 }, { a: 2 }]);
    const output = new PassThrough();
    let passes = 0;
    const growing: Dataset = Object.create(dataset, {
      items: {
        value: async function* (): AsyncIterable<DatasetItem> {
          if (++passes === 2) await dataset.pushData({ b: 3 });
          yield* dataset.items();
        },
      },
    });
    const chunks: Buffer[] = [];
    output.on('data', (chunk: Buffer) => chunks.push(chunk));
    await exportDataset(growing, output, { format: 'csv' });
    expect(Buffer.concat(chunks).toString()).toBe('a\r\n1\r\n2\r\n');
  });

  it('makes an empty file of an empty dataset', async () => {
    for (const name of ['out.csv', 'out.jsonl']) {
      await exportDataset(dataset, join(folder, name));
      expect(await readFile(join(folder, name), 'utf8')).toBe('');
    }
  });

  it('goes by the ending of the file unless told otherwise', async () => {
    await dataset.pushData({ a: 1 });
    await exportDataset(dataset, join(folder, 'OUT.CSV'));
    await exportDataset(dataset, join(folder, 'out.ndjson'));
    await exportDataset(dataset, join(folder, 'out.txt'), { format: 'csv' });
    expect(await readFile(join(folder, 'OUT.CSV'), 'utf8')).toBe('a\r\n1\r\n');
    expect(await readFile(join(folder, 'out.ndjson'), 'utf8')).toBe('{"a":1}\n');
    expect(await readFile(join(folder, 'out.txt'), 'utf8')).toBe('a\r\n1\r\n');
  });

  it('refuses a format it does not know', async () => {
    const xml = 'xml' as ExportFormat;
    for (const [name, options] of [
      ['out.txt', {}],
      ['out', {}],
      ['out.csv', { format: xml }],
    ] as const) {
      const exporting = exportDataset(dataset, join(folder, name), options);
      await expect(exporting).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('creates folders, replaces an earlier export, and leaves nothing else behind', async () => {
    const path = join(folder, 'new', 'out.jsonl');
    await exportDataset(dataset, path);
    await dataset.pushData({ a: 1 });
    await exportDataset(dataset, path);
    expect(await readFile(path, 'utf8')).toBe('{"a":1}\n');
    expect(await readdir(join(folder, 'new'))).toEqual(['out.jsonl']);
    expect((await stat(path)).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it('leaves an earlier export as it was when it fails', async () => {
    const path = join(folder, 'out.jsonl');
    await writeFile(path, 'earlier');
    const failing: Dataset = Object.create(dataset, {
      items: {
        value: async function* (): AsyncIterable<DatasetItem> {
          yield { a: 1 };
          throw new Error('the disk is gone');
        },
      },
    });
    await expect(exportDataset(failing, path)).rejects.toThrow('the disk is gone');
    expect(await readFile(path, 'utf8')).toBe('earlier');
    expect(await readdir(folder)).toEqual(['out.jsonl']);
  });

  it('says which file could not be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'out.jsonl');
    const exporting = exportDataset(dataset, path);
    await expect(exporting).rejects.toMatchObject({ code: 'TROUPE_STORAGE_FAILED', path });
  });

  it('waits for a slow reader, and leaves a stream open', async () => {
    const pad = 'x'.repeat(1000);
    await dataset.pushData(Array.from({ length: 1000 }, (_, n) => ({ n, pad })));
    let text = '';
    let mostUnread = 0;
    const slow = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        text += chunk;
        setImmediate(done);
        mostUnread = Math.max(mostUnread, slow.writableLength);
      },
    });
    await exportDataset(dataset, slow);
    expect(slow.writableEnded).toBe(false);
    expect(text.split('\n')).toHaveLength(1001);
    expect(mostUnread).toBeLessThan(3 * 64 * 1024);
  });

  it('fails when the stream does', async () => {
    await dataset.pushData({ a: 1 });
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('nobody reads')),
    });
    await expect(exportDataset(dataset, broken)).rejects.toThrow('nobody reads');
  });
});

async function exported(dataset: Dataset, format: ExportFormat): Promise<string> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  await exportDataset(dataset, output, { format });
  return Buffer.concat(chunks).toString();
}
