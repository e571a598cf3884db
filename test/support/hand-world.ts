import { expect } from 'vitest';
import type { FakeClock } from '../../src/core/fake-clock.ts';
import type { HandNews, SessionHands } from '../../src/storage/session-hands.ts';
import type { SessionStore } from '../../src/storage/session-store.ts';
import { HandWorker, LATE_SCORE, type WorkerSettings } from './hand-worker.ts';
import type { PoolAudit } from './pool-audit.ts';
import type { RepeatingLink } from './repeating-link.ts';
import { newSessions, retired, type SessionLimitsInBody, saveNew } from './session-rows.ts';

/** So long a session is kept for those who waited for it. */
const KEPT_MS = 2000;

/** Several workers, one pool, and what an observer knows who sees everything. */
export class HandWorld {
  readonly workers: HandWorker[] = [];
  readonly settings: WorkerSettings;
  readonly clock: FakeClock;
  readonly link: RepeatingLink;
  /** Sessions that were made, as far as anybody was told; those of lost calls may have been. */
  readonly #made = new Set<string>();
  readonly #maybeMade = new Set<string>();
  readonly #retired = new Set<string>();
  readonly #maybeRetired = new Set<string>();
  /** Some worker may have had it without knowing, as the answer came when its lease was over. */
  readonly #maybeTaken = new Set<string>();
  readonly #uses = new Map<string, { count: number; lastAt: number }>();
  readonly #store: SessionStore;
  readonly #limits: SessionLimitsInBody;
  readonly #audit: () => Promise<PoolAudit>;
  #names = 0;

  constructor(
    settings: WorkerSettings,
    store: SessionStore,
    link: RepeatingLink,
    clock: FakeClock,
    audit: () => Promise<PoolAudit>,
  ) {
    this.settings = settings;
    this.#store = store;
    this.#limits = {
      maxUsageCount: settings.maxUsageCount,
      minIntervalSecs: settings.minIntervalMs / 1000,
    };
    this.link = link;
    this.clock = clock;
    this.#audit = audit;
  }

  get ids(): string[] {
    return [...this.#made];
  }

  async save(count: number): Promise<void> {
    const ids = Array.from({ length: count }, () => this.#newName('s'));
    await saveNew(this.#store, ids, this.#limits);
    for (const id of ids) this.#made.add(id);
  }

  async join(): Promise<void> {
    const hands = this.#store.hands as SessionHands;
    this.workers.push(await HandWorker.join(this.#newName('w'), hands, this.clock, this.settings));
  }

  async take(worker: HandWorker, count: number, places: number, ids: string[]): Promise<void> {
    const isLosing = this.link.isLosing;
    const { sessions, absent, isLost } = await worker.take({ count, places, ids });
    if (isLosing && isLost) {
      for (const id of this.#made) this.#maybeTaken.add(id);
    }
    for (const { hot } of sessions) expect(this.#retired).not.toContain(hot.id);
    for (const [id, why] of absent) {
      if (why === 'retired') expect([...this.#retired, ...this.#maybeRetired]).toContain(id);
    }
  }

  use(worker: HandWorker, id: string): void {
    const { count, lastAt } = this.#uses.get(id) ?? { count: 0, lastAt: Number.NEGATIVE_INFINITY };
    worker.use(id);
    expect(count + 1).toBeLessThanOrEqual(this.settings.maxUsageCount);
    expect(this.clock.now() - lastAt).toBeGreaterThanOrEqual(this.settings.minIntervalMs);
    this.#uses.set(id, { count: count + 1, lastAt: this.clock.now() });
  }

  async create(worker: HandWorker): Promise<void> {
    const id = this.#newName('s');
    const news = await worker.sync({ ...newSessions([id], this.#limits), unusedPlaces: 0 });
    if (news.isLost) this.#maybeMade.add(id);
    else worker.adopt(id);
    this.#note(news);
    if (!news.isLost) this.#made.add(id);
  }

  async retire(worker: HandWorker, id: string): Promise<void> {
    this.#maybeRetired.add(id);
    const news = await worker.sync({ retired: [retired(id)] });
    if (!news.isLost) worker.held.delete(id);
    this.#note(news);
    if (!news.isLost) this.#retired.add(id);
  }

  async retireBySave(id: string): Promise<void> {
    await this.#store.save({ hot: [], cold: [], retired: [retired(id, 'manual')] });
    this.#retired.add(id);
  }

  async tell(worker: HandWorker, call: () => Promise<HandNews>): Promise<void> {
    const wasOver = this.clock.now() >= worker.surelyOverAt;
    const news = await call();
    if (wasOver) expect(news.isLost).toBe(true);
    this.#note(news);
  }

  /** Whatever happened, these hold. */
  async check(): Promise<void> {
    const pool = await this.#audit();
    this.#settleDoubts(pool);
    const live = [...this.#made].filter((id) => !this.#retired.has(id)).sort();
    const heldIds = Object.keys(pool.held);
    expect([...pool.free, ...heldIds].sort(), 'each live session is free or held').toEqual(live);
    expect([...pool.coldIds].sort()).toEqual(live);
    expect(Object.keys(pool.hot).sort()).toEqual(live);
    expect(live.length + pool.places).toBeLessThanOrEqual(this.settings.maxPoolSize);
    expect(pool.places).toBe(pool.recordedPlaces);
    expect(pool.wanted).toBe(pool.recordedWanted);
    expect(pool.load).toBeCloseTo(pool.recordedLoad, 6);
    for (const fence of [...Object.values(pool.held), ...pool.noted]) {
      expect(Object.keys(pool.hands)).toContain(fence);
    }
    for (const row of Object.values(pool.hot)) {
      const [uses, score] = row.split(' ').map(Number);
      expect(uses).toBeLessThanOrEqual(this.settings.maxUsageCount);
      expect(score, 'a late write').not.toBe(LATE_SCORE);
    }
    this.#checkHolders(pool);
  }

  /** All leases are over, and nobody is left but those who never say so; a newcomer finds every session, with no use forgotten. */
  async checkEnd(): Promise<void> {
    this.link.loseNextAnswer(undefined);
    await this.clock.advance(this.settings.leaseMs);
    for (const worker of this.workers) {
      if (worker.isOffering && !worker.isGone) await this.tell(worker, () => worker.leave());
    }
    await this.join();
    const heir = this.workers.at(-1) as HandWorker;
    const live = [...this.#made].filter((id) => !this.#retired.has(id));
    await heir.take({ count: 0, places: 0 });
    await this.clock.advance(Math.max(this.settings.minIntervalMs, KEPT_MS));
    await heir.sync();
    const exact = new Set(live.filter((id) => this.#isAllSaidOf(id)));
    const { sessions, places } = await heir.take({ count: 99, places: 99 });
    expect(sessions.map(({ hot }) => hot.id).sort()).toEqual(live.sort());
    expect(places).toBe(this.settings.maxPoolSize - live.length);
    for (const { hot } of sessions) {
      const uses = this.#uses.get(hot.id)?.count ?? 0;
      expect(hot.usageCount).toBeGreaterThanOrEqual(uses);
      if (exact.has(hot.id)) expect(hot.usageCount, `uses of ${hot.id}`).toBe(uses);
    }
  }

  /** No worker died with it, and each that lost it has said what it knew, to a store that could know which loss is meant. */
  #isAllSaidOf(id: string): boolean {
    const losses = this.workers.flatMap(({ lostIds }) => lostIds).filter((lost) => lost === id);
    const isRefused = this.workers.some(({ refusedIds }) => refusedIds.has(id));
    const isUnsaid = this.workers.some(({ unsaidIds, held }) => unsaidIds.has(id) || held.has(id));
    return !isUnsaid && !this.#maybeTaken.has(id) && (losses.length < 2 || !isRefused);
  }

  /** No live session in two live hands, be the worker dead or not; and what a worker thinks it has, it has. */
  #checkHolders(pool: PoolAudit): void {
    const holders = new Map<string, string>();
    const fences = new Map<string, string>();
    for (const worker of this.workers.filter(({ hasLease }) => hasLease)) {
      for (const id of worker.held.keys()) {
        if (this.#retired.has(id)) continue;
        expect(holders.get(id), `${id} is in two hands`).toBeUndefined();
        holders.set(id, worker.name);
        const fence = pool.held[id];
        expect(fence, `${id} is held for ${worker.name}`).toBeDefined();
        expect(fences.get(worker.name) ?? fence).toBe(fence);
        fences.set(worker.name, fence as string);
      }
    }
    expect(new Set(fences.values()).size).toBe(fences.size);
    for (const [id, fence] of Object.entries(pool.held)) {
      if (Number(pool.hands[fence]) <= this.clock.now()) continue;
      const isKnown = this.workers.some(({ held }) => held.has(id));
      expect(isKnown, `${id} is held, and its holder knows`).toBe(true);
    }
  }

  #note(news: HandNews): void {
    const gone = [...this.#retired, ...this.#maybeRetired];
    for (const id of news.refused) expect(gone).toContain(id);
    for (const { id } of news.retired) expect(gone).toContain(id);
  }

  #settleDoubts(pool: PoolAudit): void {
    for (const id of this.#maybeMade) {
      if (pool.coldIds.includes(id) || pool.retired.includes(id)) this.#made.add(id);
    }
    for (const id of this.#maybeRetired) {
      if (pool.retired.includes(id)) this.#retired.add(id);
    }
    this.#maybeMade.clear();
    this.#maybeRetired.clear();
    expect(pool.retired.toSorted()).toEqual([...this.#retired].sort());
  }

  #newName(kind: string): string {
    return `${kind}${this.#names++}`;
  }
}
