import type {
  AddedRequest,
  Claim,
  ClaimAnswer,
  ClaimedRequest,
  ClaimOptions,
  EndedRequest,
  RequestCounts,
  RequestRow,
  RequestStore,
  ReturnedRequest,
} from '../request-store.ts';
import { Heap } from './heap.ts';
import type { Lifetime } from './lifetime.ts';
import { OriginLines } from './origin-lines.ts';

type State = 'ready' | 'locked' | 'delayed' | 'handled';

interface Entry {
  readonly id: string;
  readonly uniqueKey: string;
  readonly origin: string;
  body: string;
  state: State;
  /** Smaller is handed out first of its origin; negative at the forefront. Never shared by two requests. */
  position: number;
  /** When a locked or delayed request becomes ready, wall-clock ms. */
  dueAt: number;
  /** Of the last claim; 0 when it was given back. */
  fence: number;
}

/** An entry's place in a line or heap. It is stale, and skipped, once the entry has moved on. */
interface Place {
  readonly entry: Entry;
  readonly rank: number;
}

export class MemoryRequestStore implements RequestStore {
  readonly name: string;
  readonly #lifetime: Lifetime;
  readonly #entries = new Map<string, Entry>();
  readonly #ready = new OriginLines<Place>({
    rankOf: (place) => place.rank,
    isFresh: ({ entry, rank }) => entry.state === 'ready' && entry.position === rank,
  });
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
    return requests.map(({ id, uniqueKey, body, origin = '' }) => {
      const known = this.#entries.get(id);
      if (known) {
        return { id, wasAlreadyPresent: true, wasAlreadyHandled: known.state === 'handled' };
      }
      const entry: Entry = {
        id,
        uniqueKey,
        origin,
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

  async claim(limit: number, options: ClaimOptions): Promise<ClaimAnswer> {
    this.#lifetime.assertOpen();
    const { now, lockMs, originDelayMs: delayMs = 0 } = options;
    this.#wakeDue(now);
    const requests: ClaimedRequest[] = [];
    const fence = ++this.#fence;
    for (const { entry } of this.#ready.take(limit, { now, delayMs })) {
      const { id, uniqueKey, body, origin } = entry;
      entry.fence = fence;
      this.#makeWait(entry, 'locked', now + lockMs);
      requests.push({ id, uniqueKey, body, origin, fence });
    }
    return { requests, nextDueAt: this.#nextDueAt() };
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
    yield [...this.#failed].map(({ id, uniqueKey, body, origin }) => {
      return { id, uniqueKey, body, origin };
    });
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
    const { uniqueKey, body, origin, state } = entry;
    return { id, uniqueKey, body, origin, isHandled: state === 'handled' };
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
    return this.#nextDueAt();
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
    this.#ready.put(entry.origin, { entry, rank: entry.position });
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

  #nextDueAt(): number | null {
    const readyAt = this.#ready.nextAt();
    if (readyAt === 0) return 0;
    const waitingAt = this.#peekWaiting()?.rank;
    if (readyAt === undefined) return waitingAt ?? null;
    return Math.min(readyAt, waitingAt ?? readyAt);
  }

  #peekWaiting(): Place | undefined {
    for (;;) {
      const place = this.#waiting.peek();
      if (!place || isStillWaiting(place)) return place;
      this.#waiting.pop();
    }
  }
}

function isStillWaiting({ entry, rank }: Place): boolean {
  return (entry.state === 'locked' || entry.state === 'delayed') && entry.dueAt === rank;
}
