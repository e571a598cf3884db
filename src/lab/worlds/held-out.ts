import type { World } from './world.ts';

/** Worlds nobody tunes on. They say how much of a result is luck with the others. */
export const HELD_OUT_WORLDS: readonly World[] = [
  {
    name: 'large-fleet',
    summary:
      'Two hundred proxies, a tenth of them dead; 429 with Retry-After, and a ban of ten minutes after ten.',
    durationSecs: 900,
    proxies: [
      { count: 180, latencyMs: { from: 300, to: 900 } },
      { count: 20, state: 'dead' },
    ],
    site: {
      rateLimit: { perSec: 0.4, burst: 10, retryAfterSecs: 30 },
      ban: { afterThrottles: 10, secs: 600 },
      errorShare: 0.01,
    },
    crawl: { slots: 100 },
  },
  {
    name: 'residential',
    summary: 'Slow proxies that fail by themselves now and then, some of them disliked; no limits.',
    proxies: [
      {
        count: 120,
        latencyMs: { from: 500, to: 2500 },
        failureShare: { from: 0.02, to: 0.25 },
        blockShare: { from: 0, to: 0.08 },
      },
    ],
    site: { softBlockShare: 0.005, errorShare: 0.005 },
    crawl: { slots: 40 },
  },
  {
    name: 'maintenance',
    summary: 'Down twice, ninety seconds of errors and four minutes of silence, beside a limit.',
    durationSecs: 1500,
    proxies: [{ count: 40 }],
    site: {
      rateLimit: { perSec: 1, burst: 5, retryAfterSecs: 5 },
      outages: [
        { fromSecs: 300, secs: 90, answer: 'error' },
        { fromSecs: 800, secs: 240, answer: 'silence' },
      ],
      errorShare: 0.01,
    },
    crawl: { slots: 25 },
  },
  {
    name: 'quiet-bans',
    summary: 'Eighty proxies, a hidden limit with a large bucket, and bans of five minutes.',
    durationSecs: 1200,
    proxies: [{ count: 80, latencyMs: { from: 300, to: 1000 } }],
    site: { ban: { perSec: 0.7, burst: 30, secs: 300 }, errorShare: 0.005 },
    crawl: { slots: 60 },
  },
  {
    name: 'free-list',
    summary:
      'A list of free proxies: fifteen of a hundred work, and some of those only now and then.',
    proxies: [
      { count: 9, latencyMs: { from: 400, to: 1500 } },
      { count: 6, failureShare: { from: 0.2, to: 0.6 }, latencyMs: { from: 400, to: 1500 } },
      { count: 60, state: 'dead' },
      { count: 15, state: 'silent' },
      { count: 10, state: 'barred' },
    ],
    site: { errorShare: 0.01 },
    crawl: { slots: 15 },
  },
  {
    name: 'neighbours',
    summary: 'A network of five pays for the 429s of one: ninety seconds for all of them.',
    proxies: [{ count: 40, perNetwork: 5 }],
    site: {
      rateLimit: { perSec: 1.2, burst: 6, retryAfterSecs: 4 },
      ban: { afterThrottles: 15, secs: 90, scope: 'network' },
      errorShare: 0.005,
    },
    crawl: { slots: 40 },
  },
];
