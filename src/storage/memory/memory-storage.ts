import type { Dataset } from '../dataset.ts';
import type { KeyValueStore } from '../key-value-store.ts';
import { checkedName } from '../names.ts';
import type { RequestStore } from '../request-store.ts';
import type { SessionStore } from '../session-store.ts';
import type { Storage } from '../storage.ts';
import { Lifetime } from './lifetime.ts';
import { MemoryDataset } from './memory-dataset.ts';
import { MemoryKeyValueStore } from './memory-key-value-store.ts';
import { MemoryRequestStore } from './memory-request-store.ts';
import { MemorySessionStore } from './memory-session-store.ts';

/** Keeps everything in this process and forgets it at the end: for tests, and for crawls nobody resumes. */
export class MemoryStorage implements Storage {
  readonly #lifetime = new Lifetime();
  readonly #keyValueStores = new Map<string, MemoryKeyValueStore>();
  readonly #datasets = new Map<string, MemoryDataset>();
  readonly #requestStores = new Map<string, MemoryRequestStore>();
  readonly #sessionStores = new Map<string, MemorySessionStore>();

  async openKeyValueStore(name: string): Promise<KeyValueStore> {
    return this.#open(this.#keyValueStores, name, MemoryKeyValueStore);
  }

  async openDataset(name: string): Promise<Dataset> {
    return this.#open(this.#datasets, name, MemoryDataset);
  }

  async openRequestStore(name: string): Promise<RequestStore> {
    return this.#open(this.#requestStores, name, MemoryRequestStore);
  }

  async openSessionStore(name: string): Promise<SessionStore> {
    return this.#open(this.#sessionStores, name, MemorySessionStore);
  }

  async close(): Promise<void> {
    this.#lifetime.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open<Store>(
    known: Map<string, Store>,
    name: string,
    Kind: new (name: string, lifetime: Lifetime) => Store,
  ): Store {
    this.#lifetime.assertOpen();
    let store = known.get(checkedName('name', name));
    if (!store) {
      store = new Kind(name, this.#lifetime);
      known.set(name, store);
    }
    return store;
  }
}
