import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import { EntryHeap } from './entry-heap.ts';
import { keyOf, makeEntry, type ProxyEntry } from './proxy-entry.ts';
import type { ProxyInfo, ProxyVerdict } from './proxy-info.ts';
import { vendorSessionId } from './proxy-template.ts';
import { rendezvous } from './rendezvous.ts';

/** What a verdict weighs; a whole strike makes a proxy rest. The blame for bans and silence is shared with the site. */
const STRIKES: Readonly<Record<Exclude<ProxyVerdict, 'good'>, number>> = Object.freeze({
  failed: 1,
  blocked: 0.5,
  timeout: 0.5,
});
/** The first rest; each further one without a success between is twice as long, up to the last. */
const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 600_000;

export interface RosterChange {
  readonly addedCount: number;
  readonly removedCount: number;
}

/**
 * The proxies of the current list, and those that are gone from it but still bound. Counts bindings and
 * chooses; who is bound to what is not known here. Proxies that failed rest for a while: having the fewest
 * sessions, they would get all the new ones.
 */
export class ProxyRoster {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** Listed ones, and others for as long as they have bindings. */
  readonly #known = new Map<string, ProxyEntry>();
  #listed: readonly ProxyEntry[] = [];
  #ready = new EntryHeap(byBindings);
  #resting = new EntryHeap(byRest);
  #turn = 0;
  #next = 0;
  #shuffledBy: Random | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  get listed(): readonly ProxyEntry[] {
    return this.#listed;
  }

  /** Takes a new list; entries that stay keep their bindings and their rest. */
  replace(list: readonly (ProxyInfo | null)[]): RosterChange {
    const before = this.#listed;
    for (const entry of before) {
      entry.isListed = false;
      entry.heapIndex = -1;
    }
    this.#listed = list.map((info) => this.intern(info));
    this.#ready = new EntryHeap(byBindings);
    this.#resting = new EntryHeap(byRest);
    for (const entry of this.#listed) {
      entry.isListed = true;
      if (this.#shuffledBy && entry.lastTurn === 0) entry.lastTurn = -this.#shuffledBy.next();
      (this.#isResting(entry) ? this.#resting : this.#ready).add(entry);
    }
    const gone = before.filter((entry) => !entry.isListed);
    for (const entry of gone) this.#forgetIfUnused(entry);
    const stayedCount = before.length - gone.length;
    return { addedCount: list.length - stayedCount, removedCount: gone.length };
  }

  /** From here on, those that were never given out come in an order of chance. */
  shuffle(random: Random): void {
    this.#shuffledBy = random;
    this.replace(this.#listed.map(({ info }) => info));
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

  /** Among those that do not rest, the one with the fewest bindings; if all rest, the first to end its rest. */
  leastBound(avoided?: ProxyEntry): ProxyEntry | undefined {
    for (let entry = this.#resting.first(); entry; entry = this.#resting.first()) {
      if (this.#isResting(entry)) break;
      this.#resting.remove(entry);
      this.#ready.add(entry);
    }
    return this.#ready.first(avoided) ?? this.#resting.first(avoided) ?? this.#listed[0];
  }

  /** The listed entry of this URL, unless it rests. */
  ready(url: string | undefined): ProxyEntry | undefined {
    const entry = url === undefined ? undefined : this.#known.get(url);
    return entry?.isListed && !this.#isResting(entry) ? entry : undefined;
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
    this.#ready.update(entry);
  }

  /** One session less is bound to the entry. */
  giveBack(entry: ProxyEntry): void {
    entry.bindingsCount--;
    this.#ready.update(entry);
    this.#forgetIfUnused(entry);
  }

  /** What goes wrong during a rest adds nothing: it is the same trouble, seen by the other sessions. */
  judge(entry: ProxyEntry, verdict: ProxyVerdict): void {
    if (verdict === 'good') {
      entry.strikes = 0;
      this.#setRest(entry, 0);
      return;
    }
    if (this.#isResting(entry)) return;
    entry.strikes += STRIKES[verdict];
    if (entry.strikes < 1) return;
    const restMs = Math.min(FIRST_REST_MS * 2 ** (Math.ceil(entry.strikes) - 1), LONGEST_REST_MS);
    this.#setRest(entry, this.#clock.monotonicMs() + restMs);
  }

  #setRest(entry: ProxyEntry, until: number): void {
    if (entry.restUntil === until) return;
    entry.restUntil = until;
    if (!entry.isListed) return;
    this.#ready.remove(entry);
    this.#resting.remove(entry);
    (this.#isResting(entry) ? this.#resting : this.#ready).add(entry);
  }

  #isResting(entry: ProxyEntry): boolean {
    return entry.restUntil > this.#clock.monotonicMs();
  }

  #forgetIfUnused(entry: ProxyEntry): void {
    if (!entry.isListed && entry.bindingsCount === 0) this.#known.delete(entry.key);
  }
}

/** Ties to the one given out longest ago. */
function byBindings(a: ProxyEntry, b: ProxyEntry): number {
  return a.bindingsCount - b.bindingsCount || a.lastTurn - b.lastTurn;
}

function byRest(a: ProxyEntry, b: ProxyEntry): number {
  return a.restUntil - b.restUntil || byBindings(a, b);
}
