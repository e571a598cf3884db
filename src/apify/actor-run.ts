import path from 'node:path';
import { SqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { localFolder } from './storage/local-folder.ts';

/** What has to be ended, and saved, before the process may go. */
export interface Ending {
  end(): Promise<void>;
}

/**
 * What this process has open. The documented API is global: `Apify.pushData()` names no run, so there is one for each
 * process, and this is the only place that holds it.
 */
class ActorRun {
  /** The number of the last row of a dataset, by its folder; a push that is on its way counts. */
  readonly lastRowNumbers: Map<string, Promise<number>> = new Map();
  readonly #storages = new Map<string, SqliteStorage>();
  readonly #endings = new Set<Ending>();
  readonly #writes = new Set<Promise<unknown>>();

  /** Where queues are kept: one file in the folder of the documented layout. */
  storage(): SqliteStorage {
    const file = path.join(localFolder(), 'troupe.sqlite');
    let storage = this.#storages.get(file);
    if (!storage) {
      storage = new SqliteStorage({ path: file });
      this.#storages.set(file, storage);
    }
    return storage;
  }

  /** The process does not end before this write, whether the actor waits for it or not. */
  track<T>(write: Promise<T>): Promise<T> {
    this.#writes.add(write);
    const forget = (): boolean => this.#writes.delete(write);
    write.then(forget, forget);
    return write;
  }

  /** To be ended with the run, the last one first. */
  enter(ending: Ending): void {
    this.#endings.add(ending);
  }

  leave(ending: Ending): void {
    this.#endings.delete(ending);
  }

  /** Ends what is open, waits for what is being written, and closes the files. @throws the first error met */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    const note = (error: unknown): number => errors.push(error);
    for (const ending of [...this.#endings].reverse()) await ending.end().catch(note);
    this.#endings.clear();
    while (this.#writes.size > 0) await Promise.all(this.#writes).catch(note);
    for (const storage of this.#storages.values()) await storage.close().catch(note);
    this.#storages.clear();
    this.lastRowNumbers.clear();
    if (errors.length > 0) throw errors[0];
  }
}

export const actorRun: ActorRun = new ActorRun();
