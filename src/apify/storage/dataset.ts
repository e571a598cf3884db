import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, OptionError, TroupeError } from '../../core/errors.ts';
import { expectedText } from '../../core/options.ts';
import { actorRun } from '../actor-run.ts';
import { type Item, type ViewOptions, viewOf } from './dataset-view.ts';
import { folderOf, nameToOpen, type OpenOptions } from './local-folder.ts';
import { namesIn, writeWhole } from './record-file.ts';

const MAX_ITEM_BYTES = 9 * 1024 * 1024;
const MAX_ITEMS_READ = 250_000;
const DIGITS = 9;

export interface DatasetDataOptions extends ViewOptions {
  /** @default 0 */
  readonly offset?: number;
  /** @default 250_000 */
  readonly limit?: number;
  /** Last first. @default false */
  readonly desc?: boolean;
}

export type DatasetIteratorOptions = Pick<DatasetDataOptions, 'desc' | 'fields' | 'unwind'>;

export interface DatasetContent {
  readonly items: Item[];
  /** Rows in the dataset. */
  readonly total: number;
  readonly offset: number;
  /** Rows in `items`. */
  readonly count: number;
  readonly limit: number;
}

/**
 * Rows in the order they were pushed, each in a file `datasets/NAME/000000001.json` of the local folder. New name:
 * `crawler.getDataset()`, or `pushData()` in a handler.
 */
export class Dataset {
  readonly id: string;
  readonly name: string;
  readonly #folder: string;

  /** As {@link openDataset}. */
  constructor(name: string) {
    this.id = name;
    this.name = name;
    this.#folder = folderOf('datasets', name);
  }

  /**
   * Nothing is stored unless all rows are objects that JSON can hold, each below 9 MB.
   *
   * @throws OptionError, TroupeError `TROUPE_NOT_JSON`
   */
  pushData(data: Item | readonly Item[]): Promise<void> {
    return actorRun.track(this.#pushData(data));
  }

  async getData(options: DatasetDataOptions = {}): Promise<DatasetContent> {
    const { offset = 0, limit = MAX_ITEMS_READ, desc = false } = options;
    const files = await this.#files();
    if (desc) files.reverse();
    const chosen = files.slice(offset, offset + limit);
    const items = viewOf(await Promise.all(chosen.map((file) => this.#read(file))), options);
    return { items, total: files.length, offset, count: items.length, limit };
  }

  async getInfo(): Promise<{
    id: string;
    name: string;
    itemCount: number;
    cleanItemCount: number;
  }> {
    const itemCount = (await this.#files()).length;
    return { id: this.id, name: this.name, itemCount, cleanItemCount: itemCount };
  }

  /** Calls the function with each row and its number, and waits for what it returns. */
  async forEach<Row extends object = Item>(
    iteratee: (item: Row, index: number) => unknown,
    options: DatasetIteratorOptions = {},
    index = 0,
  ): Promise<void> {
    let next = index;
    const files = await this.#files();
    if (options.desc) files.reverse();
    for (const file of files) {
      const items = viewOf([await this.#read(file)], options) as Row[];
      for (const item of items) await iteratee(item, next++);
    }
  }

  async map<T, Row extends object = Item>(
    iteratee: (item: Row, index: number) => T,
    options: DatasetIteratorOptions = {},
  ): Promise<Awaited<T>[]> {
    const made: Awaited<T>[] = [];
    await this.forEach<Row>(async (item, index) => {
      made.push(await iteratee(item, index));
    }, options);
    return made;
  }

  /** Without a `memo`, the first row is the memo of the second. */
  // biome-ignore lint/suspicious/noExplicitAny: documented so; without a memo a row is one
  async reduce<T = any, Row extends object = Item>(
    iteratee: (memo: T, item: Row, index: number) => T | Promise<T>,
    memo?: T,
    options: DatasetIteratorOptions = {},
  ): Promise<T> {
    let result = memo;
    await this.forEach<Row>(async (item, index) => {
      const isMemo = index === 0 && memo === undefined;
      result = isMemo ? (item as unknown as T) : await iteratee(result as T, item, index);
    }, options);
    return result as T;
  }

  /** Removes the dataset and all its rows. */
  async drop(): Promise<void> {
    actorRun.lastRowNumbers.delete(this.#folder);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #pushData(data: Item | readonly Item[]): Promise<void> {
    const rows = (Array.isArray(data) ? data : [data]).map(rowOf);
    const first = this.#lastNumber();
    actorRun.lastRowNumbers.set(
      this.#folder,
      first.then((last) => last + rows.length),
    );
    const last = await first;
    for (const [index, row] of rows.entries()) {
      await writeWhole(path.join(this.#folder, fileOf(last + 1 + index)), row);
    }
  }

  #lastNumber(): Promise<number> {
    return (
      actorRun.lastRowNumbers.get(this.#folder) ??
      this.#files().then((files) => Number.parseInt(files.at(-1) ?? '0', 10))
    );
  }

  async #files(): Promise<string[]> {
    return (await namesIn(this.#folder)).filter((name) => /^\d+\.json$/.test(name)).sort();
  }

  async #read(file: string): Promise<Item> {
    return JSON.parse(await readFile(path.join(this.#folder, file), 'utf8')) as Item;
  }
}

/** Opens a dataset by its name. New name: `crawler.getDataset()`. @default the dataset `APIFY_DEFAULT_DATASET_ID` names, else `default` */
export async function openDataset(
  datasetIdOrName?: string | null,
  options: OpenOptions = {},
): Promise<Dataset> {
  return new Dataset(nameToOpen(datasetIdOrName, 'APIFY_DEFAULT_DATASET_ID', options));
}

function fileOf(number: number): string {
  return `${String(number).padStart(DIGITS, '0')}.json`;
}

function rowOf(item: unknown): string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new OptionError('data', expectedText('data', 'an object, or an array of objects', item));
  }
  let text: string;
  try {
    text = JSON.stringify(item, null, 2);
  } catch (cause) {
    throw new TroupeError('TROUPE_NOT_JSON', `A row is no JSON: ${messageOf(cause)}`, { cause });
  }
  if (Buffer.byteLength(text) < MAX_ITEM_BYTES) return text;
  throw new OptionError('data', 'Expected each row of `data` to be below 9 MB as JSON');
}
