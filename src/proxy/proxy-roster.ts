import { LeastBoundHeap } from './least-bound-heap.ts';
import { keyOf, makeEntry, type ProxyEntry } from './proxy-entry.ts';
import type { ProxyInfo } from './proxy-info.ts';
import { vendorSessionId } from './proxy-template.ts';
import { rendezvous } from './rendezvous.ts';

export interface RosterChange {
  readonly addedCount: number;
  readonly removedCount: number;
}

/**
 * The proxies of the current list, and those that are gone from it but still bound. Counts bindings and
 * chooses; who is bound to what is not known here.
 */
export class ProxyRoster {
  /** Listed ones, and others for as long as they have bindings. */
  readonly #known = new Map<string, ProxyEntry>();
  #listed: readonly ProxyEntry[] = [];
  #heap = new LeastBoundHeap([]);
  #turn = 0;
  #next = 0;

  get listed(): readonly ProxyEntry[] {
    return this.#listed;
  }

  isListed(key: string): boolean {
    return (this.#known.get(key)?.heapIndex ?? -1) >= 0;
  }

  /** Takes a new list; entries that stay keep their bindings. */
  replace(list: readonly (ProxyInfo | null)[]): RosterChange {
    const before = this.#listed;
    for (const entry of before) entry.heapIndex = -1;
    this.#listed = list.map((info) => this.intern(info));
    this.#heap = new LeastBoundHeap(this.#listed);
    const gone = before.filter((entry) => entry.heapIndex < 0);
    for (const entry of gone) this.#forgetIfUnused(entry);
    const stayedCount = before.length - gone.length;
    return { addedCount: list.length - stayedCount, removedCount: gone.length };
  }

  /** Each in turn. */
  next(): ProxyEntry | undefined {
    this.#next %= Math.max(1, this.#listed.length);
    return this.#listed[this.#next++];
  }

  /** The one that belongs to the session by its id alone. */
  homeOf(sessionId: string): ProxyEntry | undefined {
    return rendezvous(this.#listed, sessionId);
  }

  leastBound(avoided?: ProxyEntry): ProxyEntry | undefined {
    return this.#heap.first(avoided);
  }

  /** The known entry of this URL, also of one whose `{session}` was filled in for the session. */
  find(url: string | null, sessionId?: string): ProxyEntry | undefined {
    const exact = this.#known.get(url ?? 'direct');
    if (exact || url === null || sessionId === undefined) return exact;
    return this.#known.get(url.replaceAll(vendorSessionId(sessionId), '%7Bsession%7D'));
  }

  /** The known entry of this URL, or a new one. */
  intern(info: ProxyInfo | null): ProxyEntry {
    const key = keyOf(info);
    let entry = this.#known.get(key);
    if (!entry) {
      entry = makeEntry(info);
      this.#known.set(key, entry);
    }
    return entry;
  }

  /** One more session is bound to the entry. */
  take(entry: ProxyEntry): void {
    entry.bindingsCount++;
    entry.lastTurn = ++this.#turn;
    this.#heap.update(entry);
  }

  /** One session less is bound to the entry. */
  giveBack(entry: ProxyEntry): void {
    entry.bindingsCount--;
    this.#heap.update(entry);
    this.#forgetIfUnused(entry);
  }

  #forgetIfUnused(entry: ProxyEntry): void {
    if (entry.heapIndex < 0 && entry.bindingsCount === 0) this.#known.delete(entry.key);
  }
}
