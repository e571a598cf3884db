import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';

const SITE = 'https://site.example/';
const WORKERS = 10;
const PROXIES = 60;
const OUTAGE_SECS = 600;

type Answer = { readonly kind: 'ok' | 'target' | 'blocked'; readonly status?: number };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

describe('a site that is down, to ten workers of one pool', () => {
  for (const failure of [{ kind: 'target' }, { kind: 'blocked', status: 403 }] as const) {
    it(`${failure.kind}`, async () => {
      await using fleet = new Fleet(server.url);
      const pools = await workers(fleet);
      const crawls = new Crawls(fleet, pools);
      await fleet.pass(10_000);
      crawls.answer = failure;
      const before = crawls.sentAt.length;
      await fleet.pass(10_000);
      const onset = crawls.sentAt.length - before;
      await fleet.pass((OUTAGE_SECS - 10) * 1000, 1000);
      const sent = crawls.sentAt.length - before;
      crawls.answer = { kind: 'ok' };
      const endedAt = fleet.clock.now();
      await fleet.pass(60_000, 100);
      const afterMs = pools.map((pool) => (crawls.goodAt(pool).find((at) => at > endedAt) ?? Infinity) - endedAt);
      const full = crawls.sentAt.filter((at) => at > fleet.clock.now() - 5000).length;
      console.log(failure.kind, { before, onset, sent, retired: pools.reduce((s, p) => s + p.retiredSessionsCount, 0), afterMs, full });
      crawls.stop();
      expect(1).toBe(1);
    }, 60_000);
  }
});

function workers(fleet: Fleet): Promise<SessionPool[]> {
  const proxyUrls = Array.from({ length: PROXIES }, (_, n) => `http://10.0.${n}.1:8000`);
  return Promise.all(
    Array.from({ length: WORKERS }, () =>
      fleet.join({
        selection: 'adaptive',
        maxPoolSize: PROXIES,
        proxyConfiguration: new ProxyConfiguration({ proxyUrls }),
        sessionOptions: { maxUsageCount: 1_000_000 },
      }),
    ),
  );
}

/** Two requests in parallel of each worker, as fast as they may. */
class Crawls {
  answer: Answer = { kind: 'ok' };
  readonly sentAt: number[] = [];
  readonly #goodAt = new Map<SessionPool, number[]>();
  readonly #fleet: Fleet;
  #isOver = false;
  #count = 0;

  constructor(fleet: Fleet, pools: readonly SessionPool[]) {
    this.#fleet = fleet;
    for (const pool of pools) {
      this.#goodAt.set(pool, []);
      for (let n = 0; n < 2; n++) this.#crawl(pool).catch(() => {});
    }
  }

  goodAt(pool: SessionPool): readonly number[] {
    return this.#goodAt.get(pool) ?? [];
  }

  stop(): void {
    this.#isOver = true;
  }

  async #crawl(pool: SessionPool): Promise<void> {
    const { clock } = this.#fleet;
    while (!this.#isOver) {
      const lease = await pool.lease({ url: `${SITE}${this.#count++}`, timeoutSecs: 3600 });
      this.sentAt.push(clock.now());
      await clock.sleep(100);
      const { answer } = this;
      lease.report(answer);
      if (answer.kind === 'ok') this.#goodAt.get(pool)?.push(clock.now());
    }
  }
}
