import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';

let server: RedisServer;
let fleet: Fleet;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  fleet = new Fleet(server.url);
});
afterEach(() => fleet[Symbol.asyncDispose]());

/** Who used what when, of all workers together. */
class Uses {
  readonly open = new Map<string, number>();
  readonly begunAt = new Map<string, number[]>();
  mostOpen = 0;
  mostSessions = 0;

  begin(id: string): void {
    const open = (this.open.get(id) ?? 0) + 1;
    this.open.set(id, open);
    this.begunAt.set(id, [...(this.begunAt.get(id) ?? []), fleet.clock.now()]);
    this.mostOpen = Math.max(this.mostOpen, open);
    this.mostSessions = Math.max(this.mostSessions, this.open.size);
  }

  end(id: string): void {
    const open = (this.open.get(id) as number) - 1;
    if (open === 0) this.open.delete(id);
    else this.open.set(id, open);
  }

  get mostOfOne(): number {
    return Math.max(...[...this.begunAt.values()].map(({ length }) => length));
  }

  /** Between two uses of one session, ms. */
  get shortestGap(): number {
    const gaps = [...this.begunAt.values()].flatMap((times) =>
      times.slice(1).map((at, index) => at - (times[index] as number)),
    );
    return Math.min(...gaps);
  }
}

/** So many at a time, each for a while that differs. */
async function crawl(
  pools: readonly SessionPool[],
  uses: Uses,
  { loops, pages }: { loops: number; pages: number },
): Promise<void> {
  const random = new SeededRandom(7);
  const loop = async (pool: SessionPool): Promise<void> => {
    for (let page = 0; page < pages; page++) {
      const lease = await pool.lease();
      const { id } = lease.session;
      uses.begin(id);
      await fleet.clock.sleep(20 + Math.floor(random.next() * 200));
      uses.end(id);
      lease.report({ kind: 'ok' });
    }
  };
  await fleet.until(
    Promise.all(pools.flatMap((pool) => Array.from({ length: loops }, () => loop(pool)))),
  );
}

describe('workers together', () => {
  it('never use one session for more pages at once than maxConcurrency', async () => {
    const options = {
      maxPoolSize: 2,
      sessionOptions: { maxConcurrency: 2, maxUsageCount: 1000 },
    };
    const pools = [await fleet.join(options), await fleet.join(options), await fleet.join(options)];
    const uses = new Uses();
    await crawl(pools, uses, { loops: 4, pages: 4 });
    expect(uses.mostOpen).toBe(2);
    expect(uses.mostSessions).toBeLessThanOrEqual(2);
    expect([...uses.begunAt.values()].flat()).toHaveLength(48);
  });

  it('keep to all limits at the same time', async () => {
    const options = {
      maxPoolSize: 3,
      sessionOptions: { maxConcurrency: 3, maxUsageCount: 5, minIntervalSecs: 0.2 },
    };
    const pools = await Promise.all(Array.from({ length: 4 }, () => fleet.join(options)));
    const uses = new Uses();
    await crawl(pools, uses, { loops: 3, pages: 3 });
    expect(uses.mostOpen).toBeLessThanOrEqual(3);
    expect(uses.mostOfOne).toBeLessThanOrEqual(5);
    expect(uses.shortestGap).toBeGreaterThanOrEqual(200);
    expect([...uses.begunAt.values()].flat()).toHaveLength(36);
    // One that is used up may still have its last page open when the next is made.
    expect(pools.reduce((sum, { createdSessionsCount }) => sum + createdSessionsCount, 0)).toBe(
      uses.begunAt.size,
    );
  });
});
