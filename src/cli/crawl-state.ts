import { redactText } from '../core/redact.ts';
import type { Storage } from '../storage/storage.ts';
import { type CrawlPlace, nothingToResume, openPlace } from './crawl-place.ts';
import { UsageError } from './usage-error.ts';

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
  /**
   * From `--storage`: a directory or the URL of a Redis. Without it a temporary directory is made, and removed when
   * the crawl is finished.
   */
  readonly place: string | undefined;
  readonly isResumed: boolean;
}

/**
 * What a crawl keeps, so that it can be interrupted at any time and resumed. A directory whose crawl was finished
 * starts another one with the sessions of the last; an unfinished one is never overwritten. A shared place is joined
 * while its crawl is not finished.
 */
export class CrawlState implements AsyncDisposable {
  readonly #place: CrawlPlace;
  #isTemporary: boolean;
  #failedCount = 0;
  #isKept = true;

  private constructor(place: CrawlPlace) {
    this.#place = place;
    this.#isTemporary = place.isTemporary;
  }

  /** @throws UsageError when the place and `--resume` do not go together */
  static async open(options: CrawlStateOptions): Promise<CrawlState> {
    const { place: given, isResumed } = options;
    const place = await openPlace({ given, isResumed });
    const state = new CrawlState(place);
    try {
      await state.#begin(isResumed);
      return state;
    } catch (error) {
      await place.storage.close();
      throw error;
    }
  }

  /** As it is given to `--storage`. */
  get placeName(): string {
    return this.#place.name;
  }

  get storage(): Storage {
    return this.#place.storage;
  }

  /** Requests given up on so far, in the runs before this one too; on a shared place, by this process alone. */
  get failedCount(): number {
    return this.#failedCount;
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
    if (this.#isTemporary && !this.#isKept) await this.#place.remove();
  }

  async #begin(isResumed: boolean): Promise<void> {
    const records = await this.storage.openKeyValueStore(RECORD.store);
    const record = await records.getValue<CrawlRecord>(RECORD.key);
    if (this.storage.isShared) {
      if (record?.isFinished && !isResumed) throw finished(this.placeName);
      if (!record) await this.#save(false);
      return;
    }
    if (isResumed) {
      if (!record) throw nothingToResume(this.placeName);
      this.#failedCount = record.failedCount;
      this.#isTemporary = record.isTemporary;
    } else if (record) {
      if (!record.isFinished) throw unfinished(this.placeName);
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

function unfinished(directory: string): UsageError {
  return new UsageError(
    `--storage '${directory}' holds an unfinished crawl: add --resume to go on with it, or choose another directory`,
  );
}

/** A late comer must not begin the crawl anew that others have just brought to its end. */
function finished(url: string): UsageError {
  return new UsageError(
    `--storage '${redactText(url)}' holds a finished crawl: add --resume to have its items, or name another one with ?prefix=NAME`,
  );
}
