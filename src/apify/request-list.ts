import { OptionError, TroupeError } from '../core/errors.ts';
import { Request } from '../queue/request.ts';
import type { RequestRow } from '../storage/request-store.ts';
import { actorRun, type Ending } from './actor-run.ts';
import { events } from './events.ts';
import { log } from './log.ts';
import {
  type RequestListOptions,
  type RequestListSource,
  type RequestListState,
  requestsOf,
  resolveListOptions,
} from './request-list-options.ts';
import { openKeyValueStore } from './storage/key-value-store.ts';

/**
 * A list of requests that is known from the start, in memory; how far it has come can be kept in the default store.
 * New name: pass the requests to `crawler.run()`.
 */
export class RequestList implements Ending {
  readonly #options: RequestListOptions;
  readonly #requests: Request[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #inProgress = new Set<string>();
  readonly #reclaimed = new Set<string>();
  #nextIndex = 0;
  #isInitialized = false;

  /** @throws OptionError */
  constructor(options: RequestListOptions) {
    this.#options = resolveListOptions(options);
    if (this.#options.sources || this.#options.sourcesFunction) return;
    throw new OptionError('sources', 'Expected `sources` or `sourcesFunction`, got neither');
  }

  /** All requests of the list, each unique key once. */
  get requests(): readonly Request[] {
    return this.#requests;
  }

  /**
   * Loads the sources and goes on where an earlier run ended. Must be called once before the list is used.
   *
   * @throws OptionError; TroupeError `TROUPE_REQUEST_LIST_STATE` when the state belongs to other sources
   */
  async initialize(): Promise<void> {
    if (this.#isInitialized) throw misuse('is initialized already');
    this.#isInitialized = true;
    await this.#load();
    const { persistStateKey, state } = this.#options;
    const store = await openKeyValueStore();
    const kept = persistStateKey === undefined ? null : await store.getValue(persistStateKey);
    this.#resume((kept ?? state) as RequestListState | undefined);
    if (persistStateKey === undefined) return;
    events.on('persistState', this.#onPersist);
    actorRun.enter(this);
  }

  /** Does nothing without a `persistStateKey`. */
  async persistState(): Promise<void> {
    const { persistStateKey } = this.#options;
    if (persistStateKey === undefined) return;
    await (await openKeyValueStore()).setValue(persistStateKey, this.getState());
  }

  getState(): RequestListState {
    this.#check();
    return {
      nextIndex: this.#nextIndex,
      nextUniqueKey: this.#requests[this.#nextIndex]?.uniqueKey ?? null,
      inProgress: Object.fromEntries([...this.#inProgress].map((key) => [key, true])),
    };
  }

  async fetchNextRequest(): Promise<Request | null> {
    this.#check();
    for (const key of this.#reclaimed) {
      this.#reclaimed.delete(key);
      return this.#requests[this.#indexOf.get(key) as number] as Request;
    }
    const request = this.#requests[this.#nextIndex];
    if (!request) return null;
    this.#nextIndex++;
    this.#inProgress.add(request.uniqueKey);
    return request;
  }

  /** @throws TroupeError `TROUPE_REQUEST_NOT_FETCHED` */
  async markRequestHandled(request: Request): Promise<void> {
    this.#checkFetched(request);
    this.#inProgress.delete(request.uniqueKey);
  }

  /** @throws TroupeError `TROUPE_REQUEST_NOT_FETCHED` */
  async reclaimRequest(request: Request): Promise<void> {
    this.#checkFetched(request);
    this.#reclaimed.add(request.uniqueKey);
  }

  async isEmpty(): Promise<boolean> {
    this.#check();
    return this.#reclaimed.size === 0 && this.#nextIndex >= this.#requests.length;
  }

  async isFinished(): Promise<boolean> {
    this.#check();
    return this.#inProgress.size === 0 && this.#nextIndex >= this.#requests.length;
  }

  length(): number {
    this.#check();
    return this.#requests.length;
  }

  handledCount(): number {
    this.#check();
    return this.#nextIndex - this.#inProgress.size;
  }

  async end(): Promise<void> {
    events.off('persistState', this.#onPersist);
    await this.persistState();
  }

  readonly #onPersist = (): void => {
    actorRun
      .track(this.persistState())
      .catch((error) => log.exception(error, 'A request list could not be saved'));
  };

  async #load(): Promise<void> {
    const { sources = [], sourcesFunction, persistRequestsKey } = this.#options;
    const store = await openKeyValueStore();
    const kept =
      persistRequestsKey === undefined
        ? null
        : await store.getValue<RequestRow[]>(persistRequestsKey);
    await this.#addAll(kept?.map((row) => Request.fromRow(row)) ?? sources.splice(0));
    if (kept) return;
    if (sourcesFunction) await this.#addAll(await sourcesFunction());
    if (persistRequestsKey === undefined) return;
    const rows = this.#requests.map((request) => request.toRow());
    await store.setValue(persistRequestsKey, rows);
  }

  async #addAll(sources: readonly RequestListSource[]): Promise<void> {
    const { keepDuplicateUrls = false } = this.#options;
    for (const source of sources) {
      for (const request of await requestsOf(source, keepDuplicateUrls)) {
        if (this.#indexOf.has(request.uniqueKey)) continue;
        this.#indexOf.set(request.uniqueKey, this.#requests.length);
        this.#requests.push(request);
      }
    }
  }

  #resume(state: RequestListState | undefined): void {
    if (!state) return;
    const { nextIndex, nextUniqueKey, inProgress = {} } = state;
    const isOurs =
      Number.isSafeInteger(nextIndex) &&
      nextIndex >= 0 &&
      nextIndex <= this.#requests.length &&
      (this.#requests[nextIndex]?.uniqueKey ?? null) === (nextUniqueKey ?? null);
    if (!isOurs) {
      throw new TroupeError(
        'TROUPE_REQUEST_LIST_STATE',
        'The state of the request list belongs to other sources; persist the requests too, or drop the state',
      );
    }
    this.#nextIndex = nextIndex;
    const isBefore = (key: string): boolean => (this.#indexOf.get(key) ?? nextIndex) < nextIndex;
    for (const key of Object.keys(inProgress).filter(isBefore)) {
      this.#inProgress.add(key);
      this.#reclaimed.add(key);
    }
  }

  #check(): void {
    if (!this.#isInitialized) throw misuse('is not initialized: await `initialize()` first');
  }

  #checkFetched(request: Request): void {
    this.#check();
    const { uniqueKey } = request;
    if (this.#inProgress.has(uniqueKey) && !this.#reclaimed.has(uniqueKey)) return;
    throw new TroupeError(
      'TROUPE_REQUEST_NOT_FETCHED',
      `Request ${request.url} was not fetched from this list, or is settled already`,
    );
  }
}

/**
 * Makes an initialized list. With a name, its requests and its state are kept in the default store. New name: pass the
 * requests to `crawler.run()`.
 *
 * @throws OptionError
 */
export async function openRequestList(
  listName: string | null,
  sources: RequestListSource[],
  options: RequestListOptions = {},
): Promise<RequestList> {
  const named =
    listName === null
      ? {}
      : {
          persistStateKey: `${listName}-REQUEST_LIST_STATE`,
          persistRequestsKey: `${listName}-REQUEST_LIST_SOURCES`,
        };
  const list = new RequestList({ ...options, ...named, sources });
  await list.initialize();
  return list;
}

function misuse(what: string): TroupeError {
  return new TroupeError('TROUPE_REQUEST_LIST_STATE', `The request list ${what}`);
}
