import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { messageOf } from '../core/errors.ts';
import { SqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { UsageError } from './usage-error.ts';

const DATABASE = 'troupe.db';
/** Beside the crawl's own data: whether it was finished. */
const RECORD = { store: 'troupe-crawl', key: 'progress' } as const;
/** The crawlers' names for the queue and the items of a crawl. */
const DEFAULT_NAME = 'default';

interface CrawlRecord {
  readonly isFinished: boolean;
  /** Requests given up on, over all runs of the crawl. */
  readonly failedCount: number;
  /** The directory is ours: made for want of a better place, and to be removed. */
  readonly isTemporary: boolean;
}

export interface CrawlStateOptions {
  /** From `--storage`; without it a temporary directory is made, and removed when the crawl is finished. */
  readonly directory: string | undefined;
  readonly isResumed: boolean;
}

/**
 * What a crawl keeps on disk, so that it can be interrupted at any time and resumed. A directory whose crawl was
 * finished starts another one with the sessions of the last; an unfinished one is never overwritten.
 */
export class CrawlState implements AsyncDisposable {
  readonly directory: string;
  readonly storage: Storage;
  #isTemporary: boolean;
  #failedCount = 0;
  #isKept = true;

  private constructor(directory: string, storage: Storage, isTemporary: boolean) {
    this.directory = directory;
    this.storage = storage;
    this.#isTemporary = isTemporary;
  }

  /** Requests given up on so far, in the runs before this one too. */
  get failedCount(): number {
    return this.#failedCount;
  }

  /** @throws UsageError when the directory and `--resume` do not go together */
  static async open(options: CrawlStateOptions): Promise<CrawlState> {
    const directory = await openDirectory(options);
    const storage = new SqliteStorage({ path: path.join(directory, DATABASE) });
    const state = new CrawlState(directory, storage, options.directory === undefined);
    try {
      await state.#begin(options.isResumed);
      return state;
    } catch (error) {
      await storage.close();
      throw error;
    }
  }

  /** Adds what this run has given up on, and whether there is anything left to resume. */
  async record(run: { readonly failedCount: number; readonly isFinished: boolean }): Promise<void> {
    this.#failedCount += run.failedCount;
    await this.#save(run.isFinished);
    this.#isKept = !run.isFinished;
  }

  /** Nobody will come back for it: a temporary directory goes, finished or not. */
  abandon(): void {
    this.#isKept = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage.close();
    if (this.#isTemporary && !this.#isKept) {
      await rm(this.directory, { recursive: true, force: true });
    }
  }

  async #begin(isResumed: boolean): Promise<void> {
    const records = await this.storage.openKeyValueStore(RECORD.store);
    const record = await records.getValue<CrawlRecord>(RECORD.key);
    if (isResumed) {
      if (!record) throw nothingToResume(this.directory);
      this.#failedCount = record.failedCount;
      this.#isTemporary = record.isTemporary;
    } else if (record) {
      if (!record.isFinished) throw unfinished(this.directory);
      await (await this.storage.openRequestStore(DEFAULT_NAME)).drop();
      await (await this.storage.openDataset(DEFAULT_NAME)).drop();
    }
    await this.#save(false);
  }

  async #save(isFinished: boolean): Promise<void> {
    const record: CrawlRecord = {
      isFinished,
      failedCount: this.#failedCount,
      isTemporary: this.#isTemporary,
    };
    const records = await this.storage.openKeyValueStore(RECORD.store);
    await records.setValue(RECORD.key, record);
  }
}

async function openDirectory({ directory, isResumed }: CrawlStateOptions): Promise<string> {
  if (directory === undefined) {
    if (isResumed) {
      throw new UsageError(
        '--resume needs --storage <DIR>, the directory of the crawl to go on with',
      );
    }
    return mkdtemp(path.join(os.tmpdir(), 'troupe-crawl-'));
  }
  if (isResumed && !existsSync(path.join(directory, DATABASE))) throw nothingToResume(directory);
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new UsageError(`--storage '${directory}' cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return directory;
}

function nothingToResume(directory: string): UsageError {
  return new UsageError(`--storage '${directory}' holds no crawl that --resume could go on with`);
}

function unfinished(directory: string): UsageError {
  return new UsageError(
    `--storage '${directory}' holds an unfinished crawl: add --resume to go on with it, or choose another directory`,
  );
}
