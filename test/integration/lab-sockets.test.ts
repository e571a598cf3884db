import { expect, test } from 'vitest';
import { HttpCrawler } from '../../src/crawler/http-crawler.ts';
import { SocketWorld } from '../../src/lab/local/socket-world.ts';
import { findPolicy } from '../../src/lab/policies/find-policy.ts';
import { simulate } from '../../src/lab/simulation/simulate.ts';
import { resolveWorld } from '../../src/lab/worlds/resolve-world.ts';
import type { ResolvedWorld } from '../../src/lab/worlds/world.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import { SessionPool } from '../../src/session/session-pool.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';

/** Each crawl takes some seconds of real time by itself, and more while other tests hold the cores. */
const UNHURRIED = { timeout: 90_000 };

/** Answers slowly enough that the work of this thread counts for little beside it, on a busy machine too. */
const calm = resolveWorld({
  name: 'small',
  durationSecs: 60,
  pagesCount: 200,
  proxies: [
    { count: 8, latencyMs: { from: 100, to: 225 } },
    { count: 2, state: 'dead' },
  ],
  site: {
    rateLimit: { perSec: 8, burst: 6, retryAfterSecs: 1 },
    errorShare: 0.04,
    softBlockShare: 0.02,
  },
  crawl: { slots: 5, timeoutSecs: 5 },
});

/** A crawl by the pool's `random` selection, as the lab's policy `random-judged`. */
async function crawlSockets(
  seed: number,
  world: ResolvedWorld = calm,
): Promise<{ secs: number; attempts: number; pages: number; throttled: number }> {
  await using sockets = await SocketWorld.open({ world, seed });
  await using proxyConfiguration = new ProxyConfiguration({ proxyUrls: sockets.proxyUrls });
  await using pool = await SessionPool.open({ proxyConfiguration });
  let pages = 0;
  let attempts = 0;
  let throttled = 0;
  pool.events.on('outcomeReported', ({ outcome }) => {
    attempts++;
    if (outcome.kind === 'throttled') throttled++;
  });
  const crawler = new HttpCrawler({
    storage: new MemoryStorage(),
    sessionPool: pool,
    maxConcurrency: world.crawl.slots,
    minConcurrency: world.crawl.slots,
    navigationTimeoutSecs: world.crawl.timeoutSecs,
    checkResponse: { title: /access denied/i },
    statusIntervalSecs: 0,
    requestHandler: () => {
      pages++;
    },
  });
  const began = performance.now();
  await crawler.run(
    Array.from({ length: world.pagesCount ?? 0 }, (_, page) => sockets.pageUrl(page)),
  );
  expect(sockets.report().servedPagesCount).toBeGreaterThanOrEqual(pages);
  return { secs: (performance.now() - began) / 1000, attempts, pages, throttled };
}

test(
  'a crawl on real sockets takes as long and wastes as much as its simulation foresees',
  UNHURRIED,
  async () => {
    const real = await crawlSockets(1);
    const policy = await findPolicy('random-judged');
    const foreseen = await simulate({ world: calm, policy, seed: 1 });
    expect(foreseen.outcomes).toMatchObject({ throttled: 0 });
    expect(foreseen.outcomes.target + foreseen.outcomes.blocked).toBeGreaterThan(5);
    // Tolerances: a half more or a third less time, and one failed attempt in twenty pages.
    expect(real.pages).toBe(foreseen.deliveredCount);
    expect(real.secs / foreseen.elapsedSecs).toBeGreaterThan(0.67);
    expect(real.secs / foreseen.elapsedSecs).toBeLessThan(1.5);
    const waste = (real.attempts - real.pages) / real.pages;
    expect(Math.abs(waste - foreseen.waste)).toBeLessThan(0.05);
  },
);

test(
  'a limit that binds throttles on sockets as it does in the simulation',
  UNHURRIED,
  async () => {
    const tight = resolveWorld({
      ...calm,
      pagesCount: 100,
      site: { ...calm.site, rateLimit: { perSec: 1.6, burst: 4, retryAfterSecs: 2 } },
    });
    const real = await crawlSockets(1, tight);
    const policy = await findPolicy('random-judged');
    const foreseen = await simulate({ world: tight, policy, seed: 1 });
    expect(foreseen.outcomes.throttled).toBeGreaterThan(10);
    expect(real.throttled).toBeGreaterThan(foreseen.outcomes.throttled / 2);
    expect(real.throttled).toBeLessThan(foreseen.outcomes.throttled * 2);
  },
);
