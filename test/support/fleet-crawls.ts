import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import type { Fleet } from './fleet-pools.ts';

export const SITE = 'https://site.example/';
export const WORKERS = 10;
export const PARALLEL = 2;
export const LATENCY_MS = 200;
const PROXIES = 60;

export interface CrawlSettings {
  readonly count?: number;
  readonly proxies?: number;
  /** Of a session. */
  readonly uses?: number;
  readonly places?: number;
}

export function workers(
  fleet: Fleet,
  { count = WORKERS, proxies = PROXIES, uses = 1_000_000, places = PROXIES }: CrawlSettings = {},
): Promise<SessionPool[]> {
  const proxyUrls = Array.from({ length: proxies }, (_, n) => `http://10.0.${n}.1:8000`);
  return Promise.all(
    Array.from({ length: count }, () =>
      fleet.join({
        selection: 'adaptive',
        maxPoolSize: places,
        proxyConfiguration: new ProxyConfiguration({ proxyUrls }),
        sessionOptions: { maxUsageCount: uses },
      }),
    ),
  );
}

/** Each worker sends what it may, some requests in parallel. */
export class Crawls {
  answer: (worker: number, proxy: number) => Outcome = () => ({ kind: 'ok' });
  readonly sent: { readonly at: number; readonly worker: number; readonly proxy: number }[] = [];
  readonly workers: readonly number[];
  readonly #pools: readonly SessionPool[];
  readonly #fleet: Fleet;
  readonly #pauseMs: number;
  #isOver = false;
  #pagesCount = 0;

  constructor(
    fleet: Fleet,
    pools: readonly SessionPool[],
    { pauseMs = 0, parallel = PARALLEL }: { pauseMs?: number; parallel?: number } = {},
  ) {
    this.#fleet = fleet;
    this.#pauseMs = pauseMs;
    this.#pools = pools;
    this.workers = [...pools.keys()];
    for (const worker of this.workers) {
      // Leases that still wait when the pool closes come to nothing.
      for (let n = 0; n < parallel; n++) this.#crawl(worker).catch(() => {});
    }
  }

  sentBy(worker: number): number[] {
    return this.sent.filter((request) => request.worker === worker).map(({ at }) => at);
  }

  get retiredCount(): number {
    return this.#pools.reduce((sum, pool) => sum + pool.retiredSessionsCount, 0);
  }

  stop(): void {
    this.#isOver = true;
  }

  async #crawl(worker: number): Promise<void> {
    const { clock } = this.#fleet;
    const pool = this.#pools[worker] as SessionPool;
    while (!this.#isOver) {
      const lease = await pool.lease({ url: `${SITE}${this.#pagesCount++}`, timeoutSecs: 3600 });
      const proxy = Number(lease.session.proxyInfo?.hostname.split('.')[2]);
      this.sent.push({ at: clock.now(), worker, proxy });
      await clock.sleep(LATENCY_MS);
      lease.report(this.answer(worker, proxy));
      if (this.#pauseMs > 0) await clock.sleep(this.#pauseMs);
    }
  }
}
