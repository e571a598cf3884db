import type {
  AddedRequest,
  Claim,
  ClaimedRequest,
  EndedRequest,
  RequestCounts,
  RequestRow,
  RequestStore,
  ReturnedRequest,
} from '../request-store.ts';
import { Heap } from './heap.ts';
import type { Lifetime } from './lifetime.ts';

type State = 'ready' | 'locked' | 'delayed' | 'handled';

interface Entry {
  readonly id: string;
  readonly uniqueKey: string;
  body: string;
  state: State;
  /** Smaller is handed out first; negative at the forefront. Never shared by two requests. */
  position: number;
  /** When a locked or delayed request becomes ready, wall-clock ms. */
  dueAt: number;
  /** Of the last claim; 0 when it was given back. */
  fence: number;
}

/** An entry's place in a heap. It is stale, and skipped, once the entry has moved on. */
interface Place {
  readonly entry: Entry;
  readonly rank: number;
}

export class MemoryRequestStore implements RequestStore {
  readonly name: string;
  readonly #lifetime: Lifetime;
  readonly #entries = new Map<string, Entry>();
  readonly #ready = new Heap<Place>((place) => place.rank);
  readonly #waiting = new Heap<Place>((place) => place.rank);
  readonly #locked = new Set<Entry>();
  readonly #failed = new Set<Entry>();
  #head = 0;
  #tail = 0;
  /** Not reset by `drop`, so that a claim from before it can never fit a request added after it. */
  #fence = 0;
  #handledCount = 0;

  constructor(name: string, lifetime: Lifetime) {
    this.name = name;
    this.#lifetime = lifetime;
  }

  async add(
    requests: readonly RequestRow[],
    options: { isForefront?: boolean } = {},
  ): Promise<AddedRequest[]> {
    this.#lifetime.assertOpen();
    return requests.map(({ id, uniqueKey, body }) => {
      const known = this.#entries.get(id);
      if (known) {
        return { id, wasAlreadyPresent: true, wasAlreadyHandled: known.state === 'handled' };
      }
      const entry: Entry = {
        id,
        uniqueKey,
        body,
        state: 'ready',
        position: 0,
        dueAt: 0,
        fence: 0,
      };
      this.#entries.set(id, entry);
      this.#line(entry, options.isForefront === true);
      this.#makeReady(entry);
      return { id, wasAlreadyPresent: false, wasAlreadyHandled: false };
    });
  }

  async claim(
    limit: number,
    { now, lockMs }: { now: number; lockMs: number },
  ): Promise<ClaimedRequest[]> {
    this.#lifetime.assertOpen();
    this.#wakeDue(now);
    const claimed: ClaimedRequest[] = [];
    const fence = ++this.#fence;
    while (claimed.length < limit) {
      const entry = this.#takeReady();
      if (!entry) break;
      entry.fence = fence;
      this.#makeWait(entry, 'locked', now + lockMs);
      claimed.push({ id: entry.id, uniqueKey: entry.uniqueKey, body: entry.body, fence });
    }
    return claimed;
  }

  async extend(claims: readonly Claim[], lockedUntil: number): Promise<string[]> {
    this.#lifetime.assertOpen();
    return this.#eachValid(claims, (entry) => this.#makeWait(entry, 'locked', lockedUntil));
  }

  async handle(claims: readonly EndedRequest[]): Promise<string[]> {
    this.#lifetime.assertOpen();
    return this.#eachValid(claims, (entry, { body, isFailed }) => {
      entry.body = body;
      this.#enter(entry, 'handled');
      entry.fence = 0;
      this.#handledCount++;
      if (isFailed) this.#failed.add(entry);
    });
  }

  async giveBack(requests: readonly ReturnedRequest[]): Promise<string[]> {
    this.#lifetime.assertOpen();
    return this.#eachValid(requests, (entry, { body, isForefront, notBefore }) => {
      entry.body = body;
      entry.fence = 0;
      this.#line(entry, isForefront === true);
      if (notBefore === undefined) this.#makeReady(entry);
      else this.#makeWait(entry, 'delayed', notBefore);
    });
  }

  async *failed(): AsyncIterable<readonly RequestRow[]> {
    this.#lifetime.assertOpen();
    if (this.#failed.size === 0) return;
    yield [...this.#failed].map(({ id, uniqueKey, body }) => ({ id, uniqueKey, body }));
  }

  async retryFailed(requests: readonly RequestRow[]): Promise<string[]> {
    this.#lifetime.assertOpen();
    const retried: string[] = [];
    for (const { id, body } of requests) {
      const entry = this.#entries.get(id);
      if (!entry || !this.#failed.delete(entry)) continue;
      entry.body = body;
      this.#handledCount--;
      this.#line(entry, false);
      this.#makeReady(entry);
      retried.push(id);
    }
    return retried;
  }

  async get(id: string): Promise<(RequestRow & { readonly isHandled: boolean }) | null> {
    this.#lifetime.assertOpen();
    const entry = this.#entries.get(id);
    if (!entry) return null;
    const { uniqueKey, body, state } = entry;
    return { id, uniqueKey, body, isHandled: state === 'handled' };
  }

  async counts(now: number): Promise<RequestCounts> {
    this.#lifetime.assertOpen();
    let locked = 0;
    for (const { dueAt } of this.#locked) if (dueAt > now) locked++;
    const total = this.#entries.size;
    return {
      total,
      handled: this.#handledCount,
      pending: total - this.#handledCount - locked,
      locked,
    };
  }

  async nextDueAt(): Promise<number | null> {
    this.#lifetime.assertOpen();
    if (this.#peekReady()) return 0;
    return this.#peekWaiting()?.rank ?? null;
  }

  async drop(): Promise<void> {
    this.#lifetime.assertOpen();
    this.#entries.clear();
    this.#ready.clear();
    this.#waiting.clear();
    this.#locked.clear();
    this.#failed.clear();
    this.#handledCount = 0;
  }

  #line(entry: Entry, isForefront: boolean): void {
    entry.position = isForefront ? --this.#head : ++this.#tail;
  }

  #enter(entry: Entry, state: State): void {
    entry.state = state;
    if (state === 'locked') this.#locked.add(entry);
    else this.#locked.delete(entry);
  }

  #makeReady(entry: Entry): void {
    this.#enter(entry, 'ready');
    this.#ready.push({ entry, rank: entry.position });
  }

  #makeWait(entry: Entry, state: 'locked' | 'delayed', until: number): void {
    this.#enter(entry, state);
    entry.dueAt = until;
    this.#waiting.push({ entry, rank: until });
  }

  #eachValid<C extends Claim>(
    claims: readonly C[],
    act: (entry: Entry, claim: C) => void,
  ): string[] {
    const valid: string[] = [];
    for (const claim of claims) {
      const entry = this.#entries.get(claim.id);
      if (!entry || entry.fence === 0 || entry.fence !== claim.fence) continue;
      act(entry, claim);
      valid.push(claim.id);
    }
    return valid;
  }

  #wakeDue(now: number): void {
    for (;;) {
      const place = this.#peekWaiting();
      if (!place || place.rank > now) return;
      this.#waiting.pop();
      this.#makeReady(place.entry);
    }
  }

  #takeReady(): Entry | undefined {
    const place = this.#peekReady();
    if (place) this.#ready.pop();
    return place?.entry;
  }

  #peekReady(): Place | undefined {
    return peekFresh(
      this.#ready,
      ({ entry, rank }) => entry.state === 'ready' && entry.position === rank,
    );
  }

  #peekWaiting(): Place | undefined {
    return peekFresh(
      this.#waiting,
      ({ entry, rank }) =>
        (entry.state === 'locked' || entry.state === 'delayed') && entry.dueAt === rank,
    );
  }
}

function peekFresh(heap: Heap<Place>, isFresh: (place: Place) => boolean): Place | undefined {
  for (;;) {
    const place = heap.peek();
    if (!place || isFresh(place)) return place;
    heap.pop();
  }
}
