import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedRequest, RequestStore } from '../../src/storage/request-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { claimedFrom } from '../support/claimed.ts';

const START = 1_700_000_000_000;
const LOCK_MS = 1000;
const WORKERS = 3;
const IDS = Array.from({ length: 12 }, (_, index) => `r${index}`);

/** What a worker, or time, does next. */
type Step =
  | { readonly kind: 'add'; readonly count: number }
  | { readonly kind: 'claim'; readonly worker: number; readonly count: number }
  | { readonly kind: 'extend' | 'handle' | 'giveBack' | 'crash'; readonly worker: number }
  | { readonly kind: 'late'; readonly pick: number }
  | { readonly kind: 'wait'; readonly ms: number };

const worker = fc.nat(WORKERS - 1);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), count: fc.nat(IDS.length) }),
  fc.record({ kind: fc.constant('claim' as const), worker, count: fc.nat(4) }),
  fc.record({ kind: fc.constantFrom('extend', 'handle', 'giveBack', 'crash'), worker }),
  fc.record({ kind: fc.constant('late' as const), pick: fc.nat(50) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(LOCK_MS * 1.5) }),
);

export function describeCrashContract(open: () => Promise<Storage>): void {
  describe('request store among workers that crash', () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await open();
    });
    afterEach(() => storage.close());

    it('loses no request, and lends none to two workers inside one lock', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
          const store = await storage.openRequestStore(`crashes-${run++}`);
          const fleet = new Fleet(store);
          for (const step of steps) await fleet.take(step);
          await fleet.bringHome();
        }),
        { numRuns: 40 },
      );
    });
  });
}

interface Lock {
  readonly fence: number;
  until: number;
}

/** Three workers on one queue, and what must be true of it. */
class Fleet {
  readonly #store: RequestStore;
  readonly #known = new Set<string>();
  readonly #handled = new Set<string>();
  readonly #locks = new Map<string, Lock>();
  readonly #lastFences = new Map<string, number>();
  readonly #hands: ClaimedRequest[][] = Array.from({ length: WORKERS }, () => []);
  /** All claims there ever were: a worker that was given up may still act on one. */
  readonly #claims: ClaimedRequest[] = [];
  #now = START;

  constructor(store: RequestStore) {
    this.#store = store;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'wait') this.#now += step.ms;
    else if (step.kind === 'add') await this.#add(step.count);
    else if (step.kind === 'claim') await this.#claim(step.worker, step.count);
    else if (step.kind === 'late') await this.#handle(this.#claims.slice(step.pick, step.pick + 1));
    else await this.#settle(step.kind, this.#hands[step.worker]?.splice(0) ?? [], step.worker);
  }

  /** All workers are gone: once their locks have run out, what is not handled can be claimed, and nothing else. */
  async bringHome(): Promise<void> {
    this.#now += LOCK_MS;
    const left = await claimedFrom(this.#store, IDS.length + 1, {
      now: this.#now,
      lockMs: LOCK_MS,
    });
    const expected = [...this.#known].filter((id) => !this.#handled.has(id));
    expect(left.map(({ id }) => id).sort()).toEqual(expected.sort());
    const { total, handled } = await this.#store.counts(this.#now);
    expect({ total, handled }).toEqual({ total: this.#known.size, handled: this.#handled.size });
  }

  async #add(count: number): Promise<void> {
    const added = await this.#store.add(
      IDS.slice(0, count).map((id) => ({ id, uniqueKey: id, body: '{}' })),
    );
    for (const { id, wasAlreadyPresent, wasAlreadyHandled } of added) {
      expect(wasAlreadyPresent).toBe(this.#known.has(id));
      expect(wasAlreadyHandled).toBe(this.#handled.has(id));
      this.#known.add(id);
    }
  }

  async #claim(by: number, count: number): Promise<void> {
    const claimed = await claimedFrom(this.#store, count, { now: this.#now, lockMs: LOCK_MS });
    for (const claim of claimed) {
      const { id, fence } = claim;
      expect(this.#known.has(id) && !this.#handled.has(id)).toBe(true);
      expect(this.#locks.get(id)?.until ?? 0).toBeLessThanOrEqual(this.#now);
      expect(fence).toBeGreaterThan(this.#lastFences.get(id) ?? 0);
      this.#lastFences.set(id, fence);
      this.#locks.set(id, { fence, until: this.#now + LOCK_MS });
    }
    this.#hands[by]?.push(...claimed);
    this.#claims.push(...claimed);
  }

  async #settle(
    kind: 'extend' | 'handle' | 'giveBack' | 'crash',
    claims: ClaimedRequest[],
    by: number,
  ): Promise<void> {
    if (kind === 'handle') await this.#handle(claims);
    else if (kind === 'giveBack') await this.#giveBack(claims);
    else if (kind === 'extend') await this.#extend(claims, by);
  }

  async #handle(claims: readonly ClaimedRequest[]): Promise<void> {
    const expected = this.#valid(claims);
    expect(await this.#store.handle(claims)).toEqual(expected);
    for (const id of expected) {
      this.#handled.add(id);
      this.#locks.delete(id);
    }
  }

  async #giveBack(claims: readonly ClaimedRequest[]): Promise<void> {
    const expected = this.#valid(claims);
    expect(await this.#store.giveBack(claims)).toEqual(expected);
    for (const id of expected) this.#locks.delete(id);
  }

  async #extend(claims: ClaimedRequest[], by: number): Promise<void> {
    const expected = this.#valid(claims);
    const until = this.#now + LOCK_MS;
    expect(await this.#store.extend(claims, until)).toEqual(expected);
    for (const id of expected) Object.assign(this.#locks.get(id) as Lock, { until });
    this.#hands[by]?.push(...claims);
  }

  /** Of these claims, the ids that nobody has claimed, handled or given back since. */
  #valid(claims: readonly ClaimedRequest[]): string[] {
    return claims.flatMap(({ id, fence }) => (this.#locks.get(id)?.fence === fence ? [id] : []));
  }
}
