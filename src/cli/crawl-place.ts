import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { messageOf, OptionError } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';
import { SqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { UsageError } from './usage-error.ts';

const DATABASE = 'troupe.db';

/** Where a crawl keeps its state: a directory, or a Redis that several machines share. */
export interface CrawlPlace {
  /** As it is given to `--storage`. */
  readonly name: string;
  readonly storage: Storage;
  readonly isTemporary: boolean;
  /** Takes the directory away, if it is one. */
  remove(): Promise<void>;
}

export interface CrawlPlaceOptions {
  /** From `--storage`; without it a temporary directory is made. */
  readonly given: string | undefined;
  readonly isResumed: boolean;
}

/** @throws UsageError when the place cannot be used, or `--resume` does not fit it */
export async function openPlace(options: CrawlPlaceOptions): Promise<CrawlPlace> {
  const { given } = options;
  if (given !== undefined && /^rediss?:/i.test(given)) return await openRedis(given);
  const name = await openDirectory(options);
  return {
    name,
    storage: new SqliteStorage({ path: path.join(name, DATABASE) }),
    isTemporary: given === undefined,
    remove: () => rm(name, { recursive: true, force: true }),
  };
}

export function nothingToResume(name: string): UsageError {
  return new UsageError(
    `--storage '${redactText(name)}' holds no crawl that --resume could go on with`,
  );
}

/** The address may name the crawl, as in `redis://host?prefix=shop`. */
async function openRedis(given: string): Promise<CrawlPlace> {
  const { RedisStorage } = await import('../storage/redis/redis-storage.ts');
  const [url = '', query] = given.split('?', 2);
  const prefix = new URLSearchParams(query).get('prefix');
  try {
    const storage = new RedisStorage({ url, ...(prefix !== null && { prefix }) });
    return { name: given, storage, isTemporary: false, remove: async () => {} };
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new UsageError(`--storage cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

async function openDirectory({ given, isResumed }: CrawlPlaceOptions): Promise<string> {
  if (given === undefined) {
    if (isResumed) {
      throw new UsageError(
        '--resume needs --storage <DIR>, the directory of the crawl to go on with',
      );
    }
    return mkdtemp(path.join(os.tmpdir(), 'troupe-crawl-'));
  }
  if (isResumed && !existsSync(path.join(given, DATABASE))) throw nothingToResume(given);
  try {
    await mkdir(given, { recursive: true });
  } catch (error) {
    throw new UsageError(`--storage '${given}' cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return given;
}
