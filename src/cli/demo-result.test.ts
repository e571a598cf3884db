import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { Statistics } from '../crawler/statistics.ts';
import type { ProxyReport } from '../lab/local/local-world.ts';
import { colorsFor } from './colors.ts';
import { demoReport } from './demo-report.ts';
import { type DemoEvidence, judgeDemo } from './demo-result.ts';

const PAGES = ['/1', '/2', '/3'];

function evidence(changes: Partial<DemoEvidence> = {}): DemoEvidence {
  const statistics = new Statistics(new FakeClock());
  for (const kind of ['ok', 'ok', 'ok', 'proxy', 'blocked'] as const) statistics.countAttempt(kind);
  return {
    seed: 1,
    statistics: statistics.report(undefined),
    world: {
      pagesCount: 3,
      servedCount: 3,
      unservedPages: [],
      repeatedPagesCount: 0,
      proxies: [proxy('a', 'dead', 0), proxy('b', 'banning', 2), proxy('c', 'banning', 1)],
    },
    crawledUrls: PAGES,
    expectedUrls: PAGES,
    attemptsByProxy: new Map([
      ['a', 1],
      ['b', 3],
      ['c', 1],
    ]),
    explained: null,
    ...changes,
  };
}

function proxy(url: string, fate: 'dead' | 'banning', pages: number): ProxyReport {
  const banned = fate === 'banning' ? 1 : 0;
  return {
    url,
    fate,
    connectionsCount: pages,
    hits: pages + banned,
    answers: { page: pages, banned, throttled: 0, denied: 0, failed: 0 },
  };
}

test('a demo is complete when every page is there exactly once', () => {
  const result = judgeDemo(evidence());
  expect(result).toMatchObject({ isComplete: true, attempts: 5, attemptsPerPage: 1.667 });
  expect(result.pages).toMatchObject({ expected: 3, crawled: 3, missing: [], repeated: [] });
});

test.each([
  ['missing', ['/1', '/3'], ['/2']],
  ['repeated', ['/1', '/2', '/3', '/2'], ['/2']],
  ['unknown', ['/1', '/2', '/3', '/4'], ['/4']],
] as const)('a page that is %s makes it incomplete and is named', (what, crawledUrls, urls) => {
  const result = judgeDemo(evidence({ crawledUrls }));
  expect(result.isComplete).toBe(false);
  expect(result.pages[what]).toEqual(urls);
  const report = demoReport(result, colorsFor({}, {}));
  expect(report).toContain('✘');
  expect(report).toContain(urls[0]);
});

test('a request that was given up makes it incomplete', () => {
  const statistics = new Statistics(new FakeClock());
  statistics.countFailed(1, 0);
  const result = judgeDemo(evidence({ statistics: statistics.report(undefined) }));
  expect(result.isComplete).toBe(false);
  expect(demoReport(result, colorsFor({}, {}))).toContain('failed requests: 1');
});

test('proxies of one fate are added up', () => {
  const { fates } = judgeDemo(evidence());
  expect(fates.find(({ fate }) => fate === 'banning')).toEqual({
    fate: 'banning',
    proxies: 2,
    attempts: 4,
    hits: 5,
    answers: { page: 3, banned: 2, throttled: 0, denied: 0, failed: 0 },
  });
  expect(fates.find(({ fate }) => fate === 'dead')).toMatchObject({ attempts: 1, hits: 0 });
});

test('colours change nothing but the colours of the report', () => {
  const at = new Date(5_000);
  const explained = {
    id: 'session_x',
    state: 'retired',
    retiredReason: 'blocked',
    summary: 'Retired: because.',
    createdAt: at,
    retiredAt: at,
    restsUntil: null,
    usageCount: 20,
    errorScore: 0,
    proxy: 'http://127.0.0.1:1',
    timeline: [
      { at, event: 'throttled', status: 429, cooldownSecs: 5 },
      { at: new Date(6_250), event: 'retired', retiredReason: 'blocked' },
    ],
    forgottenCount: 3,
    adaptive: null,
  } as const;
  const result = judgeDemo(evidence({ explained }));
  const plain = demoReport(result, colorsFor({}, {}));
  const colored = demoReport(result, colorsFor({ isTTY: true }, { TERM: 'xterm' }));
  expect(colored).not.toBe(plain);
  expect(stripVTControlCharacters(colored)).toBe(plain);
  expect(plain).toContain('Why was session_x retired? Retired: because.');
  expect(plain).toContain('… 3 earlier events');
  expect(plain).toContain('+0.00 s  throttled (status 429, rests 5 s)');
  expect(plain).toContain('+1.25 s  retired (blocked)');
});
