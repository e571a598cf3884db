import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { StallWatch } from './stall-watch.ts';

const NOTHING = { runningCount: 0, waitingForSessionCount: 0 };

function setUp(): { clock: FakeClock; watch: StallWatch } {
  const clock = new FakeClock();
  return { clock, watch: new StallWatch({ clock, stallTimeoutSecs: 60 }) };
}

test('throttling without an end is a stall, once the time is over', async () => {
  const { clock, watch } = setUp();
  watch.note('throttled');
  watch.note('throttled');
  await clock.advance(59_999);
  expect(watch.check(NOTHING)).toBeNull();
  await clock.advance(1);
  expect(watch.check(NOTHING)?.message).toContain('throttled 2 attempts');
});

test('anything that comes to an end begins the time anew', async () => {
  const { clock, watch } = setUp();
  watch.note('throttled');
  await clock.advance(50_000);
  watch.note('target');
  watch.note('throttled');
  await clock.advance(50_000);
  expect(watch.check(NOTHING)).toBeNull();
  watch.note('neutral');
  await clock.advance(10_000);
  expect(watch.check(NOTHING)).not.toBeNull();
});

test('waiting for sessions is a stall, unless a handler is busy', async () => {
  const { clock, watch } = setUp();
  await clock.advance(60_000);
  expect(watch.check({ runningCount: 4, waitingForSessionCount: 3 })).toBeNull();
  expect(watch.check({ runningCount: 3, waitingForSessionCount: 3 })?.message).toContain(
    '3 requests wait for a session',
  );
});

test('a crawl that merely has nothing to do is not stalled', async () => {
  const { clock, watch } = setUp();
  await clock.advance(600_000);
  expect(watch.check(NOTHING)).toBeNull();
});
