import { chunksOf } from '../chunks.ts';
import type {
  Absence,
  HandChanges,
  HandNews,
  HandOptions,
  HeldSession,
  SessionHand,
  Taken,
  TakeRequest,
} from '../session-hands.ts';
import type { RedisLink } from './redis-link.ts';
import { type ChangeItem, callsFor } from './redis-session-changes.ts';
import type { SessionKeys } from './redis-session-keys.ts';
import { HAND_JOIN, HAND_LEAVE, HAND_SYNC, HAND_TAKE } from './scripts.ts';
import {
  absencesOf,
  heldSessionOf,
  originNewsOf,
  proxyNewsOf,
  retirementsOf,
} from './session-text.ts';
import type { StoreTime } from './store-time.ts';

/** Sessions in one call: the server does nothing else meanwhile, for a millisecond or two. */
const CHUNK = 500;
/** Of no lease. */
const NO_FENCE = '0';
/** Leases that were over, and of which sessions may still be offered. */
const MOST_LOST = 8;

export interface RedisSessionHandOptions extends HandOptions {
  readonly link: RedisLink;
  readonly keys: SessionKeys;
  readonly time: StoreTime;
  /** Puts sessions aside whose numbers cannot be read. */
  readonly quarantine: (ids: readonly string[]) => Promise<void>;
}

type TakeReply = [
  isLost: number,
  places: number,
  nextDueMs: number,
  absences: string[],
  ...rows: unknown[],
];

type SyncReply = [
  isLost: number,
  fence: string,
  known: number,
  total: number,
  wantedCount: number,
  handsCount: number,
  poolSize: number,
  placesCount: number,
  refused: string[],
  retirements: string[],
  wantedIds: string[],
  origins: string[],
  proxies: unknown[],
  version: string,
];

/**
 * Its calls go one after the other and are numbered, so that the server knows one which it has carried out already.
 * When a call fails, nobody knows whether it was carried out: then the lease is given up, and ends by itself.
 */
export class RedisSessionHand implements SessionHand {
  readonly #options: RedisSessionHandOptions;
  #fence = NO_FENCE;
  /** Something was carried out under the present lease, or may have been. */
  #isInUse = false;
  #lostFences: string[] = [];
  #number = 0;
  #knownRetirements = 0;
  /** Of what others have told of origins and proxies. */
  #version = '0';
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: RedisSessionHandOptions) {
    this.#options = options;
  }

  static async join(options: RedisSessionHandOptions): Promise<RedisSessionHand> {
    const hand = new RedisSessionHand(options);
    const { link, keys, time, leaseMs, usesAhead } = options;
    const reply = await link.script(HAND_JOIN, keys, () => ({
      now: time.argument(),
      leaseMs: String(leaseMs),
      usesAhead: String(usesAhead),
    }));
    [hand.#fence, hand.#knownRetirements] = reply as [string, number];
    return hand;
  }

  take(request: TakeRequest): Promise<Taken> {
    return this.#inTurn(() => this.#take(request));
  }

  sync(changes: HandChanges): Promise<HandNews> {
    return this.#inTurn(() => this.#sync(changes));
  }

  offer(changes: HandChanges, whole: readonly string[]): Promise<HandNews> {
    return this.#inTurn(async () => {
      const news = await this.#sync(changes, whole);
      if (!news.isLost) this.#lostFences = [];
      return news;
    });
  }

  leave(): Promise<void> {
    return this.#inTurn(() => this.#leave());
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const running = this.#last.then(async () => {
      try {
        return await call();
      } catch (error) {
        this.#isInUse = true;
        this.#lose();
        throw error;
      }
    });
    this.#last = running.catch(() => {});
    return running;
  }

  /** A lease that nothing was done under leaves nothing to be offered. */
  #lose(): void {
    const isHeld = this.#fence !== NO_FENCE && this.#isInUse;
    if (isHeld) this.#lostFences = [...this.#lostFences, this.#fence].slice(-MOST_LOST);
    this.#fence = NO_FENCE;
    this.#isInUse = false;
  }

  async #take({ count, ids = [], places }: TakeRequest): Promise<Taken> {
    const sessions: HeldSession[] = [];
    const absent = new Map<string, Absence>();
    const chunks = [...chunksOf(ids, CHUNK)];
    const lastIds = chunks.pop() ?? [];
    for (const chunk of chunks) {
      const [isLost, , , absences, ...rows] = await this.#takeSome(chunk, 0, 0);
      if (isLost === 1) return nothing();
      addTo(absent, absencesOf(absences));
      sessions.push(...(await this.#readable(rows)));
    }
    const reply = await this.#takeSome(lastIds, Math.min(count, CHUNK), places);
    const [isLost, granted, nextDueMs, absences, ...rows] = reply;
    if (isLost === 1) return nothing();
    addTo(absent, absencesOf(absences));
    sessions.push(...(await this.#readable(rows)));
    const dueMs = nextDueMs < 0 ? null : nextDueMs;
    return { sessions, places: granted, absent, nextDueMs: dueMs, isLost: false };
  }

  async #takeSome(ids: readonly string[], count: number, places: number): Promise<TakeReply> {
    const { link, keys, time, maxPoolSize } = this.#options;
    const number = String(++this.#number);
    const args = {
      fence: this.#fence,
      number,
      count: String(count),
      places: String(places),
      maxPoolSize: String(maxPoolSize),
    };
    const items = ids.map((id) => ({ id }));
    const reply = await link.script(
      HAND_TAKE,
      keys,
      () => ({ ...args, now: time.argument() }),
      items,
    );
    if ((reply as TakeReply)[0] === 0) this.#isInUse = true;
    return reply as TakeReply;
  }

  async #readable(rows: readonly unknown[]): Promise<HeldSession[]> {
    const sessions: HeldSession[] = [];
    const corruptIds: string[] = [];
    for (const row of chunksOf(rows, 5)) {
      if (row.length === 0) break;
      const session = heldSessionOf(row);
      if (session) sessions.push(session);
      else corruptIds.push(String(row[0]));
    }
    await this.#options.quarantine(corruptIds);
    return sessions;
  }

  async #sync(changes: HandChanges, whole?: readonly string[]): Promise<HandNews> {
    const refused: string[] = [];
    const retired: HandNews['retired'][number][] = [];
    const origins: HandNews['origins'][number][] = [];
    const proxies: HandNews['proxies'][number][] = [];
    let { unusedPlaces, watched } = changes;
    const since = watched ? this.#version : '';
    const calls = callsFor(changes, whole);
    const lost = whole ? this.#lostFences.join(' ') : '';
    for (;;) {
      const asked = { unusedPlaces, watched: watched ?? [], since, lost };
      const reply = await this.#syncSome(calls.shift() ?? [], asked);
      const [originNews, proxyNews, version] = reply.slice(11) as [string[], unknown[], string];
      // That of the first call: what others tell between two of them is still news afterwards.
      if (watched && reply[0] === 0) this.#version = version;
      unusedPlaces = 0;
      watched = null;
      const [isLost, fence, known, total, wantedCount, handsCount, poolSize, placesCount] = reply;
      const [refusedIds, retirements, wantedIds] = reply.slice(8, 11) as string[][];
      if (isLost === 1) this.#lose();
      else this.#isInUse = true;
      this.#fence = fence;
      this.#knownRetirements = known;
      refused.push(...(refusedIds ?? []));
      retired.push(...retirementsOf(retirements ?? []));
      origins.push(...originNewsOf(originNews));
      proxies.push(...proxyNewsOf(proxyNews));
      if (isLost === 1 || (calls.length === 0 && known === total)) {
        return {
          isLost: isLost === 1,
          refused,
          retired,
          wantedCount,
          wantedIds: wantedIds ?? [],
          handsCount,
          poolSize,
          placesCount,
          origins,
          proxies,
        };
      }
    }
  }

  async #syncSome(
    items: readonly ChangeItem[],
    asked: { unusedPlaces: number; watched: readonly string[]; since: string; lost: string },
  ): Promise<SyncReply> {
    const { link, keys, time, leaseMs, usesAhead } = this.#options;
    const args = {
      fence: this.#fence,
      number: String(++this.#number),
      leaseMs: String(leaseMs),
      usesAhead: String(usesAhead),
      since: String(this.#knownRetirements),
      unusedPlaces: String(asked.unusedPlaces),
      lost: asked.lost,
      version: asked.since,
      watched: asked.watched.join('\n'),
    };
    const reply = await link.script(
      HAND_SYNC,
      keys,
      () => ({ ...args, now: time.argument() }),
      items,
    );
    return reply as SyncReply;
  }

  async #leave(): Promise<void> {
    const { link, keys, time } = this.#options;
    const args = { fence: this.#fence, limit: String(CHUNK) };
    let isMore: unknown;
    do {
      isMore = await link.script(HAND_LEAVE, keys, () => ({ ...args, now: time.argument() }));
    } while (isMore === 1);
    this.#fence = NO_FENCE;
    this.#lostFences = [];
  }
}

function nothing(): Taken {
  return { sessions: [], places: 0, absent: new Map(), nextDueMs: null, isLost: true };
}

function addTo<Key, Value>(map: Map<Key, Value>, entries: Iterable<readonly [Key, Value]>): void {
  for (const [key, value] of entries) map.set(key, value);
}
