import { expect, test } from 'vitest';
import { findPolicy } from '../policies/find-policy.ts';
import { simulate } from '../simulation/simulate.ts';
import { resolveWorld } from '../worlds/resolve-world.ts';
import type { World } from '../worlds/world.ts';
import { type FittedWorld, fitWorld } from './fit-world.ts';
import { type LoggedOutcome, loggedOutcome } from './outcome-log.ts';

/** What a crawl of the world by the policy would have logged. */
async function logOf(world: World, policy: string, seed = 7): Promise<LoggedOutcome[]> {
  const log: LoggedOutcome[] = [];
  await simulate({
    world: resolveWorld(world),
    policy: await findPolicy(policy),
    seed,
    onAttempt: ({ atMs, proxy, url, outcome }) =>
      log.push(loggedOutcome({ atMs, proxyUrl: proxy, url, outcome })),
  });
  return log;
}

function fieldOf(fitted: FittedWorld, field: string): { value: number; low: number; high: number } {
  const found = fitted.fields.find((one) => one.field === field);
  expect(found, field).toBeDefined();
  return found as NonNullable<typeof found>;
}

/** Within `tolerance` of the truth, as a share of it. */
function expectNear(value: number | undefined, truth: number, tolerance: number): void {
  expect(value).toBeGreaterThanOrEqual(truth * (1 - tolerance));
  expect(value).toBeLessThanOrEqual(truth * (1 + tolerance));
}

test.each([
  { slots: 15, rateLimit: { perSec: 0.5, burst: 3, retryAfterSecs: 4 } },
  { slots: 50, rateLimit: { perSec: 1.2, burst: 8, retryAfterSecs: 2 } },
])(
  'a rate limit of $rateLimit.perSec/s and burst $rateLimit.burst comes back within 5 %',
  async ({ slots, rateLimit }) => {
    const log = await logOf(
      {
        name: 'limited',
        durationSecs: 300,
        proxies: [{ count: 12 }],
        site: { rateLimit },
        crawl: { slots },
      },
      'random',
    );
    const fitted = fitWorld(log, 'fitted');
    const perSec = fieldOf(fitted, 'site.rateLimit.perSec');
    expectNear(perSec.value, rateLimit.perSec, 0.05);
    expect(perSec.low).toBeLessThanOrEqual(rateLimit.perSec);
    expect(perSec.high).toBeGreaterThanOrEqual(rateLimit.perSec);
    expect(fitted.world.site?.rateLimit).toMatchObject({
      burst: rateLimit.burst,
      retryAfterSecs: rateLimit.retryAfterSecs,
    });
  },
);

test('the length of bans and the hidden rate that leads to them come back within 10 %', async () => {
  const ban = { perSec: 0.5, burst: 6, secs: 60 };
  const log = await logOf(
    {
      name: 'banning',
      durationSecs: 600,
      proxies: [{ count: 20 }],
      site: { ban },
      crawl: { slots: 12 },
    },
    'backoff',
  );
  const { site } = fitWorld(log, 'fitted').world;
  expectNear(site?.ban?.secs, ban.secs, 0.1);
  expectNear(site?.ban?.perSec ?? 0, ban.perSec, 0.1);
});

test('bans after repeated 429s are told from those without', async () => {
  const log = await logOf(
    {
      name: 'striking',
      durationSecs: 600,
      proxies: [{ count: 15 }],
      site: {
        rateLimit: { perSec: 0.5, burst: 4, retryAfterSecs: 2 },
        ban: { afterThrottles: 5, secs: 45 },
      },
      crawl: { slots: 15 },
    },
    'round-robin',
  );
  const { site } = fitWorld(log, 'fitted').world;
  expect(site?.ban?.afterThrottles).toBe(5);
  expectNear(site?.ban?.secs, 45, 0.1);
});

test('proxies that are dead, silent and barred are counted, and shares of failures come back', async () => {
  const log = await logOf(
    {
      name: 'mixed',
      proxies: [
        { count: 20 },
        { count: 8, state: 'dead' },
        { count: 5, state: 'silent' },
        { count: 7, state: 'barred' },
      ],
      site: { errorShare: 0.03, softBlockShare: 0.02, latencySpread: 0.4 },
      crawl: { timeoutSecs: 5 },
    },
    'random',
  );
  const fitted = fitWorld(log, 'fitted');
  const counts = Object.fromEntries(
    fitted.world.proxies.map(({ state = 'working', count }) => [state, count]),
  );
  expect(counts).toEqual({ working: 20, dead: 8, silent: 5, barred: 7 });
  for (const [field, truth] of [
    ['site.errorShare', 0.03],
    ['site.softBlockShare', 0.02],
    ['site.latencySpread', 0.4],
  ] as const) {
    const { value, low, high } = fieldOf(fitted, field);
    expectNear(value, truth, 0.2);
    expect(low).toBeLessThanOrEqual(truth * 1.05);
    expect(high).toBeGreaterThanOrEqual(truth * 0.95);
  }
  expect(fitted.world.crawl).toMatchObject({ timeoutSecs: 5, slots: 50 });
});

test('an outage is found where it was', async () => {
  const log = await logOf(
    {
      name: 'down',
      durationSecs: 900,
      proxies: [{ count: 15 }],
      site: { outages: [{ fromSecs: 300, secs: 200, answer: 'error' }] },
      crawl: { slots: 10 },
    },
    'random-judged',
  );
  const [outage] = fitWorld(log, 'fitted').world.site?.outages ?? [];
  expectNear(outage?.fromSecs, 300, 0.02);
  expectNear(outage?.secs, 200, 0.05);
  expect(outage?.answer).toBe('error');
});

test('a fitted world treats policies much as the world it was fitted to', async () => {
  const world: World = {
    name: 'target',
    durationSecs: 300,
    proxies: [{ count: 12 }, { count: 4, state: 'dead' }],
    site: { rateLimit: { perSec: 0.8, burst: 5, retryAfterSecs: 3 }, errorShare: 0.02 },
    crawl: { slots: 30, timeoutSecs: 5 },
  };
  const fitted = fitWorld(await logOf(world, 'random-judged'), 'fitted').world;
  const policy = await findPolicy('random-judged');
  const truth = await simulate({ world: resolveWorld(world), policy, seed: 20 });
  const guess = await simulate({ world: resolveWorld(fitted), policy, seed: 20 });
  expectNear(guess.goodput, truth.goodput, 0.1);
  expectNear(guess.waste, truth.waste, 0.3);
});
