import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Media types by the extension of a record's file. */
const TYPES: Readonly<Record<string, string>> = Object.freeze({
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  js: 'application/javascript; charset=utf-8',
  png: 'image/png',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  webp: 'image/webp',
  pdf: 'application/pdf',
  zip: 'application/zip',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
});

const UNKNOWN = 'bin';

export interface RecordFile {
  readonly bytes: Buffer;
  /** Without parameters, such as `application/json`. */
  readonly type: string;
}

export interface RecordEntry {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Replaces the record as a whole; nobody ever sees half of it. Only the user may read the file. */
export async function writeRecord(
  folder: string,
  key: string,
  bytes: string | Uint8Array,
  contentType: string,
): Promise<void> {
  const file = `${key}.${extensionOf(contentType)}`;
  await writeWhole(path.join(folder, file), bytes);
  for (const other of await filesOf(folder, key)) {
    if (other !== file) await rm(path.join(folder, other), { force: true });
  }
}

export async function readRecord(folder: string, key: string): Promise<RecordFile | null> {
  for (const file of [`${key}.json`, ...(await filesOf(folder, key))]) {
    const bytes = await readFile(path.join(folder, file)).catch(absent);
    const type = TYPES[path.extname(file).slice(1)] ?? 'application/octet-stream';
    if (bytes) return { bytes, type: type.split(';')[0] as string };
  }
  return null;
}

export async function removeRecord(folder: string, key: string): Promise<void> {
  for (const file of await filesOf(folder, key)) await rm(path.join(folder, file), { force: true });
}

/** In the order of their keys. */
export async function listRecords(folder: string): Promise<RecordEntry[]> {
  const entries: RecordEntry[] = [];
  for (const file of await namesIn(folder)) {
    const stats = await stat(path.join(folder, file)).catch(absent);
    if (stats?.isFile()) entries.push({ key: path.parse(file).name, sizeBytes: stats.size });
  }
  return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
}

let draftCount = 0;

export async function writeWhole(file: string, bytes: string | Uint8Array): Promise<void> {
  const draft = `${file}.${process.pid}-${draftCount++}~`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(draft, bytes, { mode: 0o600 });
  await rename(draft, file);
}

/** The files of a folder, without those that are being written; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(absent)) ?? [];
  return names.filter((name) => !name.endsWith('~'));
}

function extensionOf(contentType: string): string {
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  const found = Object.entries(TYPES).find(([, known]) => known.split(';')[0] === type);
  return found?.[0] ?? UNKNOWN;
}

async function filesOf(folder: string, key: string): Promise<string[]> {
  return (await namesIn(folder)).filter((file) => path.parse(file).name === key);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}
