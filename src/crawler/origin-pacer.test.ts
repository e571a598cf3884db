import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { SeededRandom } from '../core/random.ts';
import { OriginPacer } from './origin-pacer.ts';

function setUp(sameDomainDelaySecs = 0): { clock: FakeClock; pacer: OriginPacer } {
  const clock = new FakeClock();
  const pacer = new OriginPacer({ clock, random: new SeededRandom(1), sameDomainDelaySecs });
  return { clock, pacer };
}

test('without delays or throttling nobody has to ask', () => {
  const { pacer } = setUp();
  expect(pacer.isActive).toBe(false);
  expect(pacer.admit('site', 'a')).toBe(0);
});

test('a delay gives each request of a site its own time, and leaves other sites alone', async () => {
  const { clock, pacer } = setUp(2);
  const start = clock.now();
  expect(pacer.admit('site', 'a')).toBe(0);
  expect(pacer.admit('site', 'b')).toBe(start + 2000);
  expect(pacer.admit('site', 'c')).toBe(start + 4000);
  expect(pacer.admit('other', 'd')).toBe(0);
  expect(pacer.admit('site', 'b')).toBe(start + 2000);
  await clock.advance(2000);
  expect(pacer.admit('site', 'b')).toBe(0);
  expect(pacer.admit('site', 'c')).toBe(start + 4000);
});

test('the longer of two intervals counts', () => {
  const { clock, pacer } = setUp(2);
  pacer.keepApart('slow', 5000);
  pacer.keepApart('site', 1000);
  for (const site of ['slow', 'site']) pacer.admit(site, `${site}1`);
  expect(pacer.admit('slow', 'slow2')).toBe(clock.now() + 5000);
  expect(pacer.admit('site', 'site2')).toBe(clock.now() + 2000);
});

test('nothing goes to a throttled site before the time it asked for', async () => {
  const { clock, pacer } = setUp();
  pacer.throttle('site', clock.now(), 5);
  expect(pacer.admit('site', 'a')).toBeGreaterThanOrEqual(clock.now() + 5000);
  await clock.advance(4999);
  expect(pacer.admit('site', 'a')).toBeGreaterThan(clock.now());
  await clock.advance(1);
  expect(pacer.admit('site', 'a')).toBe(0);
});

test('a reservation made before a pause does not break it', async () => {
  const { clock, pacer } = setUp(1);
  pacer.admit('site', 'a');
  pacer.admit('site', 'b');
  pacer.throttle('site', clock.now(), 60);
  await clock.advance(1000);
  expect(pacer.admit('site', 'b')).toBeGreaterThanOrEqual(clock.now() + 59_000);
});

test('eight throttled answers at once are one step of the backoff', () => {
  const { clock, pacer } = setUp();
  const sentAt = clock.now() - 10;
  for (let answer = 0; answer < 8; answer++) pacer.throttle('site', sentAt);
  const pause = pacer.pausedUntil('site') - clock.now();
  expect(pause).toBeGreaterThanOrEqual(1000);
  expect(pause).toBeLessThanOrEqual(1250);
});

test('“retry after 0” still backs off, longer each time, until the site lets one through', async () => {
  const { clock, pacer } = setUp();
  const pauses: number[] = [];
  for (let round = 0; round < 4; round++) {
    pacer.throttle('site', clock.now(), 0);
    pauses.push(pacer.pausedUntil('site') - clock.now());
    await clock.advance(pauses.at(-1) as number);
  }
  for (const [round, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(1000 * 2 ** round);
  }
  pacer.succeed('site');
  pacer.throttle('site', clock.now(), 0);
  expect(pacer.pausedUntil('site') - clock.now()).toBeLessThanOrEqual(1250);
});

test('requests return one after another after a pause, soon at full speed', async () => {
  const { clock, pacer } = setUp();
  pacer.throttle('site', clock.now(), 1);
  const times = Array.from({ length: 100 }, (_, index) => pacer.admit('site', `r${index}`));
  const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
  expect(gaps[0]).toBeGreaterThanOrEqual(50);
  expect(gaps.at(-1)).toBeLessThan(1);
  expect((times.at(-1) as number) - (times[0] as number)).toBeLessThan(2000);
});

test('a site that behaves again is forgotten', async () => {
  const { clock, pacer } = setUp();
  pacer.throttle('site', clock.now());
  await clock.advance(2000);
  for (let index = 0; index < 50; index++) {
    pacer.admit('site', `r${index}`);
    await clock.advance(1000);
  }
  pacer.succeed('site');
  expect(pacer.isActive).toBe(false);
});

test('a crawl of very many sites remembers only those whose turn it is not yet', async () => {
  const { clock, pacer } = setUp(2);
  for (let index = 0; index < 100_000; index++) {
    pacer.admit(`site${index}`, `r${index}`);
    if (index % 1000 === 0) await clock.advance(1000);
  }
  expect(pacer.sitesCount).toBeLessThan(25_000);
  expect(pacer.admit('site99999', 'again')).toBeGreaterThan(clock.now());
});
