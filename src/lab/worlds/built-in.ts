import { HELD_OUT_WORLDS } from './held-out.ts';
import { resolveWorld } from './resolve-world.ts';
import type { ResolvedWorld, World } from './world.ts';

/** What a world is for: parameters may be tuned on some, and never on those held out. */
export type WorldRole = 'tuned' | 'held-out';

/** The fleet most worlds share: 50 proxies, all of them good. */
const FIFTY = [{ count: 50 }];

/** Worlds on which parameters may be tuned. */
const TUNED: readonly World[] = [
  {
    name: 'mixed',
    summary:
      'Half of the proxies are useless; the site limits, bans, denies and fails now and then.',
    proxies: [
      { count: 25 },
      { count: 15, state: 'dead' },
      { count: 5, state: 'silent' },
      { count: 5, state: 'barred' },
    ],
    site: {
      rateLimit: { perSec: 0.8, burst: 5, retryAfterSecs: 5 },
      ban: { afterThrottles: 8, secs: 60 },
      softBlockShare: 0.01,
      errorShare: 0.025,
    },
  },
  {
    name: 'light-load',
    summary: 'The mixed world with so few requests at once that no limit is ever reached.',
    proxies: [
      { count: 25 },
      { count: 15, state: 'dead' },
      { count: 5, state: 'silent' },
      { count: 5, state: 'barred' },
    ],
    site: {
      rateLimit: { perSec: 0.8, burst: 5, retryAfterSecs: 5 },
      ban: { afterThrottles: 8, secs: 60 },
      softBlockShare: 0.01,
      errorShare: 0.025,
    },
    crawl: { slots: 4 },
  },
  {
    name: 'benign',
    summary: 'Good proxies and a site that answers everybody.',
    proxies: FIFTY,
    site: { errorShare: 0.005 },
    crawl: { slots: 30 },
  },
  {
    name: 'half-dead',
    summary: 'Half of the proxies are dead, silent, barred or failing; the site is friendly.',
    proxies: [
      { count: 20 },
      { count: 5, failureShare: { from: 0.1, to: 0.5 } },
      { count: 10, state: 'dead' },
      { count: 5, state: 'silent' },
      { count: 10, state: 'barred' },
    ],
    site: { errorShare: 0.005 },
    crawl: { slots: 25 },
  },
  {
    name: 'outage',
    summary: 'The site is down for ten minutes of thirty: errors, or no answer at all.',
    durationSecs: 1800,
    proxies: FIFTY,
    site: { outages: [{ fromSecs: 600, secs: 600, answer: 'mixed' }], errorShare: 0.005 },
    crawl: { slots: 20 },
  },
  {
    name: 'tight-limit',
    summary:
      'Overload: every address may send one request in five seconds and is told so by a 429.',
    proxies: FIFTY,
    site: { rateLimit: { perSec: 0.2, burst: 3, retryAfterSecs: 10 } },
  },
  {
    name: 'bans-without-429',
    summary: 'Who sends more than a hidden rate is banned for two minutes, without a warning.',
    proxies: FIFTY,
    site: { ban: { perSec: 0.4, burst: 8, secs: 120 } },
  },
  {
    name: 'uneven-ips',
    summary: 'The site likes some addresses less than others: blocked shares from 0 to 60 %.',
    proxies: [
      { count: 20, blockShare: { from: 0, to: 0.01 } },
      { count: 15, blockShare: { from: 0.03, to: 0.15 } },
      { count: 15, blockShare: { from: 0.2, to: 0.6 } },
    ],
    crawl: { slots: 20 },
  },
  {
    name: 'random-403',
    summary: '3 % of all requests are answered with 403, whoever sends them and however fast.',
    proxies: FIFTY,
    site: { blockShare: 0.03 },
    crawl: { slots: 30 },
  },
  {
    name: 'network-bans',
    summary: 'Bans without 429 that hit ten neighbours of one /24 at once.',
    proxies: [{ count: 50, perNetwork: 10 }],
    site: { ban: { perSec: 4, burst: 40, secs: 120, scope: 'network' } },
  },
  {
    name: 'fifty-proxies',
    summary:
      'Half of 50 proxies are of use; token bucket with 429, bans, block pages of status 200, 2.5 % 5xx; 2,000 pages.',
    durationSecs: 900,
    pagesCount: 2000,
    proxies: [
      { count: 25, latencyMs: { from: 80, to: 300 } },
      { count: 15, state: 'dead' },
      { count: 5, state: 'silent' },
      { count: 5, state: 'barred' },
    ],
    site: {
      rateLimit: { perSec: 1, burst: 5, retryAfterSecs: 3 },
      ban: { afterThrottles: 6, secs: 30 },
      softBlockShare: 0.01,
      errorShare: 0.025,
    },
  },
  {
    name: 'slow-tail',
    summary: 'Proxies from 0.2 to 6 seconds, and one answer in fifty takes ten times as long.',
    proxies: [
      { count: 20, latencyMs: { from: 200, to: 500 } },
      { count: 20, latencyMs: { from: 800, to: 2000 } },
      { count: 10, latencyMs: { from: 3000, to: 6000 } },
    ],
    site: {
      rateLimit: { perSec: 2, burst: 5, retryAfterSecs: 3 },
      slowShare: 0.02,
      errorShare: 0.005,
    },
    crawl: { slots: 20 },
  },
  {
    name: 'soft-blocks',
    summary: 'A session sees only block pages of status 200 after 20 uses; a new one is welcome.',
    proxies: FIFTY,
    site: { softBlockAfterUses: 20, softBlockShare: 0.005 },
    crawl: { slots: 30 },
  },
  {
    name: 'poison-urls',
    summary: 'Two URLs in a hundred are refused to everybody.',
    proxies: FIFTY,
    site: { poisonShare: 0.02, errorShare: 0.005 },
    crawl: { slots: 30 },
  },
  {
    name: 'lockout',
    summary: 'The site answers everything with 403 for ten minutes of thirty.',
    durationSecs: 1800,
    proxies: FIFTY,
    site: { outages: [{ fromSecs: 500, secs: 600, answer: 'blocked' }], errorShare: 0.005 },
    crawl: { slots: 20 },
  },
  {
    name: 'strict-small-fleet',
    summary: 'Twelve proxies, 429 without Retry-After, and a five-minute ban after five of them.',
    proxies: [{ count: 9 }, { count: 2, state: 'dead' }, { count: 1, state: 'barred' }],
    site: {
      rateLimit: { perSec: 0.5, burst: 2, retryAfterSecs: null },
      ban: { afterThrottles: 5, secs: 300 },
      errorShare: 0.01,
    },
    crawl: { slots: 20 },
  },
];

/** A world that comes with the lab. */
export interface BuiltInWorld {
  readonly role: WorldRole;
  readonly world: ResolvedWorld;
}

export const BUILT_IN_WORLDS: readonly BuiltInWorld[] = [
  ...TUNED.map((world) => ({ role: 'tuned' as const, world: resolveWorld(world) })),
  ...HELD_OUT_WORLDS.map((world) => ({ role: 'held-out' as const, world: resolveWorld(world) })),
];
