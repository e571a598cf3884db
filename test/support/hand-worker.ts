import type { FakeClock } from '../../src/core/fake-clock.ts';
import type {
  HandChanges,
  HandNews,
  HandOptions,
  SessionHand,
  SessionHands,
  Taken,
  TakeRequest,
} from '../../src/storage/session-hands.ts';
import { hotRow, NO_CHANGES, report } from './session-rows.ts';

/** What a worker knows of a session in its hand. */
interface Held {
  uses: number;
  unsyncedUses: number;
  readyAt: number;
}

export interface WorkerSettings extends HandOptions {
  readonly maxUsageCount: number;
  readonly minIntervalMs: number;
}

/** In one go. */
const MOST_OFFERS = 3;

/** By this score a write shows that was sent too late. */
export const LATE_SCORE = 666;

/**
 * Keeps the rules that a pool has to keep with its hand: no use past its lease, past what may be unsynced, past the
 * limit, or too early. It goes by its own clock, which stands for a real one.
 */
export class HandWorker {
  readonly name: string;
  readonly held: Map<string, Held> = new Map();
  places = 0;
  /** Of each lease that was over, what was in the hand. */
  readonly lostIds: string[] = [];
  /** What it could not bring back. */
  readonly refusedIds: Set<string> = new Set();
  /** What it lost, and said nothing of. */
  readonly unsaidIds: Set<string> = new Set();
  /** It has left, or it has died and never says anything again. */
  isGone = false;
  /** By then at the latest the store takes the lease for over; it may be later than the worker thinks. */
  surelyOverAt: number;
  /** The worker thinks so, and is on the safe side: an answer may have been long on its way. */
  #leaseEndsAt: number;
  readonly #hand: SessionHand;
  readonly #clock: FakeClock;
  readonly #settings: WorkerSettings;

  private constructor(
    name: string,
    hand: SessionHand,
    clock: FakeClock,
    settings: WorkerSettings,
    joinedAt: number,
  ) {
    this.name = name;
    this.#hand = hand;
    this.#clock = clock;
    this.#settings = settings;
    this.#leaseEndsAt = joinedAt + settings.leaseMs;
    this.surelyOverAt = clock.now() + settings.leaseMs;
  }

  static async join(
    name: string,
    hands: SessionHands,
    clock: FakeClock,
    settings: WorkerSettings,
  ): Promise<HandWorker> {
    const joinedAt = clock.now();
    const { leaseMs, maxPoolSize, usesAhead } = settings;
    const hand = await hands.join({ leaseMs, maxPoolSize, usesAhead });
    return new HandWorker(name, hand, clock, settings, joinedAt);
  }

  /** Every other worker offers what it had, as a pool does; the others say no more of it. */
  get isOffering(): boolean {
    return Number(this.name.slice(1)) % 2 === 0;
  }

  get hasLease(): boolean {
    return this.#clock.now() < this.#leaseEndsAt;
  }

  /** Ids that it may use, as far as it knows. */
  get usable(): string[] {
    if (!this.hasLease) return [];
    const { maxUsageCount, usesAhead } = this.#settings;
    const now = this.#clock.now();
    return [...this.held]
      .filter(([, { uses }]) => uses < maxUsageCount)
      .filter(([, { unsyncedUses, readyAt }]) => unsyncedUses < usesAhead && readyAt <= now)
      .map(([id]) => id);
  }

  use(id: string): void {
    const session = this.held.get(id) as Held;
    session.uses++;
    session.unsyncedUses++;
    session.readyAt = this.#clock.now() + this.#settings.minIntervalMs;
  }

  async take(request: TakeRequest): Promise<Taken> {
    const taken = await this.#hand.take(request);
    for (const { hot, restMs } of taken.sessions) {
      const readyAt = this.#clock.now() + restMs;
      this.held.set(hot.id, { uses: hot.usageCount, unsyncedUses: 0, readyAt });
    }
    this.places += taken.places;
    return taken;
  }

  /** Writes all it has, and what is given on top. */
  async sync(more: Partial<HandChanges> = {}): Promise<HandNews> {
    const isLate = this.#clock.now() >= this.surelyOverAt;
    const startedAt = this.#clock.now();
    const dirty = [...this.held].filter(([, { unsyncedUses }]) => isLate || unsyncedUses > 0);
    const hot = dirty.map(([id, { uses }]) => ({
      ...hotRow(id, uses),
      errorScore: isLate ? LATE_SCORE : 0,
    }));
    const changes = { ...NO_CHANGES, ...more, hot: [...hot, ...(more.hot ?? [])] };
    const news = await this.#hand.sync(changes);
    this.#leaseEndsAt = startedAt + this.#settings.leaseMs;
    this.surelyOverAt = this.#clock.now() + this.#settings.leaseMs;
    if (news.isLost) {
      const lost = new Map(this.held);
      this.held.clear();
      this.places = 0;
      await this.#noteLoss(lost);
      return news;
    }
    for (const [, session] of dirty) session.unsyncedUses = 0;
    for (const id of news.refused) this.held.delete(id);
    for (const { id } of news.retired) this.held.delete(id);
    return news;
  }

  /** A session it has made, on one of its places. */
  adopt(id: string): void {
    this.places--;
    this.held.set(id, { uses: 0, unsyncedUses: 0, readyAt: 0 });
  }

  async giveBack(id: string): Promise<HandNews> {
    const restMs = Math.max(0, (this.held.get(id)?.readyAt ?? 0) - this.#clock.now());
    const news = await this.sync({ returned: [{ id, restMs }] });
    if (!news.isLost) this.held.delete(id);
    return news;
  }

  async reportLoad(load: number): Promise<HandNews> {
    return await this.sync({ origins: [report('https://shop.example', { load })] });
  }

  async leave(): Promise<HandNews> {
    const now = this.#clock.now();
    const returned = [...this.held].map(([id, { readyAt }]) => ({
      id,
      restMs: Math.max(0, readyAt - now),
    }));
    const news = await this.sync({ returned });
    await this.#hand.leave();
    this.held.clear();
    this.places = 0;
    this.isGone = true;
    return news;
  }

  async #noteLoss(lost: ReadonlyMap<string, Held>): Promise<void> {
    this.lostIds.push(...lost.keys());
    for (const id of lost.keys()) this.unsaidIds.add(id);
    if (!this.isOffering) return;
    const hot = [...lost].map(([id, { uses }]) => hotRow(id, uses));
    for (let tries = 0; tries < MOST_OFFERS; tries++) {
      const startedAt = this.#clock.now();
      const facts = [...lost]
        .map(([id, { readyAt }]) => ({ id, errorScoreChange: 0, restMs: readyAt - startedAt }))
        .filter(({ restMs }) => restMs > 0);
      const news = await this.#hand.offer({ ...NO_CHANGES, hot, facts }, []);
      this.#leaseEndsAt = startedAt + this.#settings.leaseMs;
      this.surelyOverAt = this.#clock.now() + this.#settings.leaseMs;
      if (news.isLost) continue;
      for (const [id, session] of lost) {
        this.unsaidIds.delete(id);
        if (news.refused.includes(id)) this.refusedIds.add(id);
        else this.held.set(id, { ...session, unsyncedUses: 0 });
      }
      for (const { id } of news.retired) this.held.delete(id);
      return;
    }
  }
}
