import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { Statistics } from './statistics.ts';

const NONE = {
  blocked: 0,
  'error-score': 0,
  exhausted: 0,
  expired: 0,
  manual: 0,
  proxy: 0,
  evicted: 0,
  invalid: 0,
};

test('counts, averages and rates add up', async () => {
  const clock = new FakeClock();
  const statistics = new Statistics(clock);
  statistics.countAttempt('ok');
  statistics.countAttempt('blocked');
  statistics.countFinished(10, 0);
  statistics.countFinished(30, 2);
  statistics.countFailed(100, 3);
  statistics.countRetry();
  statistics.countRotation();
  statistics.countBytes(1234);
  await clock.advance(30_000);
  const report = statistics.report(undefined);
  expect(report).toMatchObject({
    requestsFinished: 2,
    requestsFailed: 1,
    requestsTotal: 3,
    requestsRetries: 1,
    sessionRotations: 1,
    retryHistogram: [1, 0, 1, 1],
    bytesReceived: 1234,
    requestsFinishedPerMinute: 4,
    requestsFailedPerMinute: 2,
    requestAvgFinishedDurationMillis: 20,
    requestAvgFailedDurationMillis: 100,
    requestTotalDurationMillis: 140,
    crawlerRuntimeMillis: 30_000,
  });
  expect(report.outcomes).toMatchObject({ ok: 1, blocked: 1, user: 0 });
});

test('sessions are counted from where a shared pool stood at the start', () => {
  const before = { created: 5, retiredByReason: { ...NONE, blocked: 2 } };
  const statistics = new Statistics(new FakeClock(), before);
  const report = statistics.report({
    created: 9,
    retiredByReason: { ...NONE, blocked: 3, manual: 1 },
  });
  expect(report.sessionsCreated).toBe(4);
  expect(report.sessionsRetired).toBe(2);
  expect(report.sessionsRetiredByReason).toEqual({ ...NONE, blocked: 1, manual: 1 });
});

test('the clock of a stopped crawl stands still', async () => {
  const clock = new FakeClock();
  const statistics = new Statistics(clock);
  await clock.advance(1000);
  statistics.stop();
  await clock.advance(5000);
  expect(statistics.report(undefined).crawlerRuntimeMillis).toBe(1000);
});
