import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import { randomId, systemRandom } from '../core/random.ts';
import type { Dataset, DatasetItem } from './dataset.ts';
import { StorageError } from './storage-error.ts';

export type ExportFormat = 'jsonl' | 'csv';

const FORMATS: readonly ExportFormat[] = ['jsonl', 'csv'];

export interface ExportOptions {
  /** @default by the ending of the file, `jsonl` for a stream */
  readonly format?: ExportFormat;
}

/** Text handed on at once; large enough that writing costs little. */
const CHUNK_CHARS = 64 * 1024;

/**
 * Writes all items of a dataset in order, streamed: never more than a small batch in memory.
 *
 * `jsonl` is one JSON object a line. `csv` follows RFC 4180: a header with every key any item has, in
 * order of appearance, then one row an item; nested values as JSON, missing ones empty. Items pushed
 * while a CSV is written are left out, since their keys may be missing in the header.
 *
 * A file is written beside its place and renamed once complete, so nobody ever reads half of it. A stream
 * is left open: its owner ends it.
 *
 * @throws OptionError when the format is neither given nor told by the file's ending
 * @throws StorageError `TROUPE_STORAGE_FULL` or `TROUPE_STORAGE_FAILED` when the file cannot be written
 */
export async function exportDataset(
  dataset: Dataset,
  destination: string | Writable,
  options: ExportOptions = {},
): Promise<void> {
  const text = TEXTS[formatOf(destination, options.format)];
  const chunks = inChunks(text(dataset));
  if (typeof destination === 'string') await writeFile(destination, chunks);
  else await pipeline(chunks, destination, { end: false });
}

function formatOf(destination: string | Writable, format: ExportFormat | undefined): ExportFormat {
  if (format !== undefined) {
    if (FORMATS.includes(format)) return format;
    throw new OptionError('format', expectedText('format', 'one of `jsonl`, `csv`', format));
  }
  if (typeof destination !== 'string') return 'jsonl';
  if (/\.csv$/i.test(destination)) return 'csv';
  if (/\.(?:jsonl|ndjson)$/i.test(destination)) return 'jsonl';
  const expectation = 'a path that ends in .jsonl or .csv when no `format` is given';
  throw new OptionError('destination', expectedText('destination', expectation, destination));
}

async function writeFile(path: string, chunks: AsyncIterable<string>): Promise<void> {
  const partial = `${path}.${randomId(systemRandom)}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writePartial(partial, chunks);
    await rename(partial, path);
  } catch (error) {
    // The first error tells more than that there is nothing to clear away.
    await rm(partial, { force: true }).catch(() => undefined);
    throw fileErrorOf(error, path);
  }
}

async function writePartial(path: string, chunks: AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

function fileErrorOf(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  // What the dataset itself threw has a better message already.
  if (typeof code !== 'string' || code.startsWith('TROUPE_')) return error;
  const message = `Could not write ${path}: ${messageOf(error)}`;
  const name = code === 'ENOSPC' ? 'TROUPE_STORAGE_FULL' : 'TROUPE_STORAGE_FAILED';
  return new StorageError(name, path, message, { cause: error });
}

async function* inChunks(lines: AsyncIterable<string>): AsyncIterable<string> {
  let chunk = '';
  for await (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

const TEXTS: Readonly<Record<ExportFormat, (dataset: Dataset) => AsyncIterable<string>>> = {
  jsonl: jsonLines,
  csv: csvLines,
};

async function* jsonLines(dataset: Dataset): AsyncIterable<string> {
  for await (const item of dataset.items()) yield `${JSON.stringify(item)}\n`;
}

async function* csvLines(dataset: Dataset): AsyncIterable<string> {
  const { columns, itemCount } = await survey(dataset);
  if (columns.length === 0) return;
  yield csvLine(columns);
  let left = itemCount;
  for await (const item of dataset.items()) {
    if (left-- === 0) return;
    yield csvLine(columns.map((column) => csvValue(item, column)));
  }
}

async function survey(dataset: Dataset): Promise<{ columns: string[]; itemCount: number }> {
  const columns = new Set<string>();
  let itemCount = 0;
  for await (const item of dataset.items()) {
    for (const column of Object.keys(item)) columns.add(column);
    itemCount++;
  }
  return { columns: [...columns], itemCount };
}

function csvValue(item: DatasetItem, column: string): string {
  const value = Object.hasOwn(item, column) ? item[column] : undefined;
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function csvLine(values: readonly string[]): string {
  // A lone empty value is quoted, since readers skip an empty line.
  return `${values.map(csvField).join(',') || '""'}\r\n`;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
