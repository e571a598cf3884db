import { expect, test } from 'vitest';
import { OptionError } from '../../core/errors.ts';
import { resolveWorld } from './resolve-world.ts';

const PROXIES = [{ count: 3 }];

test('what a world leaves out has documented defaults', () => {
  const world = resolveWorld({
    name: 'mine',
    proxies: PROXIES,
    site: {
      rateLimit: { perSec: 1 },
      ban: { secs: 60, perSec: 2 },
      outages: [{ fromSecs: 1, secs: 2 }],
    },
  });
  expect(world).toMatchObject({
    durationSecs: 600,
    pagesCount: null,
    proxies: [{ count: 3, state: 'working', latencyMs: 600, failureShare: 0, blockShare: 0 }],
    site: {
      latencySpread: 0.3,
      rateLimit: { perSec: 1, burst: 5, retryAfterSecs: 5 },
      ban: { secs: 60, perSec: 2, burst: 10, afterThrottles: null, scope: 'address' },
      outages: [{ fromSecs: 1, secs: 2, answer: 'mixed' }],
    },
    crawl: { slots: 50, timeoutSecs: 30, maxPoolSize: 1000 },
  });
});

test.each([
  [{ proxies: PROXIES }, 'name', 'undefined'],
  [{ name: 'x', proxies: [] }, 'proxies', '0'],
  [{ name: 'x', proxies: [{ count: 0 }] }, 'proxies[0].count', '0'],
  [{ name: 'x', proxies: [{ count: 6000 }, { count: 6000 }] }, 'proxies', '12000'],
  [{ name: 'x', proxies: [{ count: 1, state: 'deaad' }] }, 'proxies[0].state', 'deaad'],
  [
    { name: 'x', proxies: [{ count: 1, latencyMs: { from: 9, to: 5 } }] },
    'proxies[0].latencyMs',
    'an object',
  ],
  [{ name: 'x', proxies: [{ count: 1, blockShare: 1.5 }] }, 'proxies[0].blockShare', '1.5'],
  [{ name: 'x', proxies: PROXIES, site: { errorShare: -1 } }, 'site.errorShare', '-1'],
  [
    { name: 'x', proxies: PROXIES, site: { rateLimit: { perSec: 0 } } },
    'site.rateLimit.perSec',
    '0',
  ],
  [
    { name: 'x', proxies: PROXIES, site: { outages: [{ fromSecs: 1 }] } },
    'site.outages[0].secs',
    'undefined',
  ],
  [{ name: 'x', proxies: PROXIES, site: { ban: { secs: 5 } } }, 'site.ban', 'never begins'],
  [
    { name: 'x', proxies: PROXIES, site: { ban: { secs: 5, afterThrottles: 3 } } },
    'site.ban.afterThrottles',
    '3',
  ],
  [{ name: 'x', proxies: PROXIES, site: { rateLimits: null } }, 'site.rateLimits', 'rateLimit'],
])('refuses %j and names %s', (world, field, shown) => {
  const attempt = (): unknown => resolveWorld(world);
  expect(attempt).toThrow(OptionError);
  expect(attempt).toThrow(expect.objectContaining({ option: field }));
  expect(attempt).toThrow(shown);
});
