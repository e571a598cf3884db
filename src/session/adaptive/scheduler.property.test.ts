import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { closePools, openPool, proxy } from '../../../test/support/session-pools.ts';
import { SeededRandom } from '../../core/random.ts';
import { OUTCOME_KINDS, type Outcome } from '../outcome.ts';

afterEach(closePools);

const RUNS = { numRuns: 25 };
const OUTCOME: fc.Arbitrary<Outcome> = fc.record({
  kind: fc.constantFrom(...OUTCOME_KINDS, 'ok' as const, 'ok' as const),
  latencyMs: fc.integer({ min: 1, max: 2000 }),
});
const CRAWL = fc.record({
  seed: fc.nat(1000),
  sessions: fc.integer({ min: 1, max: 8 }),
  proxies: fc.integer({ min: 0, max: 4 }),
  origins: fc.integer({ min: 1, max: 4 }),
  outcomes: fc.array(OUTCOME, { minLength: 1, maxLength: 80 }),
});

interface Sent {
  readonly n: number;
  readonly at: number;
  readonly session: string;
  readonly address: string;
  readonly origin: string;
  readonly ceiling: number;
}

interface Crawled {
  readonly sent: readonly Sent[];
  readonly excuses: readonly string[];
  /** Error scores at the end, and what all sessions were charged with that nothing excused. */
  readonly scores: readonly number[];
  readonly charged: number;
}

/** All leases are asked for at once; each is reported half a second after it was served. */
async function crawl(options: {
  seed: number;
  sessions: number;
  proxies: number;
  origins: number;
  outcomes: readonly Outcome[];
}): Promise<Crawled> {
  let next = 0;
  const { pool, clock } = await openPool({
    selection: 'adaptive',
    maxPoolSize: options.sessions,
    random: new SeededRandom(options.seed),
    sessionOptions: {
      maxUsageCount: 1_000_000,
      maxAgeSecs: 10_000_000,
      maxErrorScore: 1_000_000,
      errorScoreDecrement: 0,
    },
    ...(options.proxies > 0 && {
      proxyConfiguration: {
        bind: () => proxy(next++ % options.proxies),
        restore: () => {},
        release: () => {},
        report: () => {},
      },
    }),
  });
  const sent: Sent[] = [];
  const excuses: string[] = [];
  let charged = 0;
  const all = Promise.all(
    options.outcomes.map(async (outcome, n) => {
      const origin = `https://site-${n % options.origins}.example`;
      const lease = await pool.lease({ url: `${origin}/${n}` });
      sent.push({
        n,
        at: clock.now(),
        session: lease.session.id,
        address: lease.session.proxyInfo?.url ?? '',
        origin,
        ceiling: pool.explainOrigin(origin)?.pacing.ceiling ?? Number.POSITIVE_INFINITY,
      });
      await clock.sleep(500);
      const excuse = lease.report(outcome);
      excuses.push(`${n} ${excuse}`);
      if (outcome.kind === 'timeout' && excuse === 'none') charged++;
    }),
  );
  let isDone = false;
  all.then(() => {
    isDone = true;
  });
  for (let hour = 0; hour < 200 && !isDone; hour++) await clock.advance(3_600_000);
  expect(isDone).toBe(true);
  const scores = [...pool.sessions].map((session) => session.errorScore);
  await pool.close();
  return { sent, excuses, scores, charged };
}

describe('an adaptive pool', () => {
  it('serves everybody in the end, whatever happens to those before', async () => {
    await fc.assert(
      fc.asyncProperty(CRAWL, async (options) => {
        const { sent } = await crawl(options);
        expect(new Set(sent.map(({ n }) => n)).size).toBe(options.outcomes.length);
      }),
      RUNS,
    );
  });

  it('does the same again with the same seed', async () => {
    await fc.assert(
      fc.asyncProperty(CRAWL, async (options) => {
        expect(await crawl(options)).toEqual(await crawl(options));
      }),
      RUNS,
    );
  });

  it('sends from no address to an origin faster than the ceiling it has learnt', async () => {
    const throttled = fc.record({
      kind: fc.constantFrom('throttled' as const, 'ok' as const, 'ok' as const),
      latencyMs: fc.constant(100),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(1000),
          sessions: fc.integer({ min: 2, max: 8 }),
          proxies: fc.integer({ min: 1, max: 3 }),
          origins: fc.constant(1),
          outcomes: fc.array(throttled, { minLength: 20, maxLength: 120 }),
        }),
        async (options) => {
          const last = new Map<string, Sent>();
          for (const now of (await crawl(options)).sent) {
            const before = last.get(now.address);
            last.set(now.address, now);
            if (!before || !Number.isFinite(before.ceiling)) continue;
            // The clock counts whole milliseconds.
            expect(now.at - before.at).toBeGreaterThanOrEqual(1000 / before.ceiling - 1);
          }
        },
      ),
      RUNS,
    );
  });

  it('refunds no more than it has charged', async () => {
    await fc.assert(
      fc.asyncProperty(CRAWL, async (options) => {
        const { scores, charged } = await crawl(options);
        expect(scores.every((score) => score >= 0)).toBe(true);
        expect(scores.reduce((sum, score) => sum + score, 0)).toBeLessThanOrEqual(charged);
      }),
      RUNS,
    );
  });

  it('refunds exactly what an outage was charged with, and nothing older', async () => {
    const { pool } = await openPool({
      selection: 'adaptive',
      maxPoolSize: 6,
      sessionOptions: { maxErrorScore: 10 },
      proxyConfiguration: (() => {
        let n = 0;
        return {
          bind: () => proxy(n++),
          restore: () => {},
          release: () => {},
          report: () => {},
        };
      })(),
    });
    for (let n = 0; n < 60; n++)
      (await pool.lease({ url: 'https://a.example' })).report({ kind: 'ok' });
    const sessions = [...pool.sessions];
    for (const session of sessions) session.markBad();
    for (let n = 0; pool.explainOrigin('https://a.example')?.breaker.state === 'closed'; n++) {
      expect(n).toBeLessThan(50);
      const sessionId = sessions[n % sessions.length]?.id as string;
      // A page each: one that is blocked on everybody would be to blame itself.
      (await pool.lease({ url: `https://a.example/${n}`, sessionId })).report({
        kind: 'blocked',
        status: 403,
      });
    }
    expect(sessions.map((session) => session.errorScore)).toEqual(sessions.map(() => 1));
    expect(sessions.every((session) => session.isUsable())).toBe(true);
  });
});
