import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Breaker } from './breaker.ts';
import { Cooldown } from './cooldown.ts';
import { Poison } from './poison.ts';

function failing(
  breaker: Breaker,
  count: number,
  options: { proxies: number; now?: number },
): void {
  for (let n = 0; n < count; n++) {
    const proxy = { serial: 1 + (n % options.proxies), inAll: 50 };
    breaker.noteBad(options.now ?? 1000, 1, 0.95, proxy, { inFlight: 20, sentAt: 900 });
  }
}

describe('Breaker', () => {
  it('opens when failures of several proxies, where success was likely, add up', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    failing(breaker, 3, { proxies: 5 });
    expect(breaker.state).toBe('closed');
    expect(breaker.score).toBeCloseTo(3 * Math.log(0.95 / 0.05), 10);
    failing(breaker, 5, { proxies: 5 });
    expect(breaker.state).toBe('open');
  });

  it('stays closed when all failures come from a few proxies of many', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    failing(breaker, 100, { proxies: 4 });
    expect(breaker.state).toBe('closed');
  });

  it('closes on answers to what went out with the failures, and on none to what went out before', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    failing(breaker, 8, { proxies: 5 });
    for (let n = 0; n < 5; n++) breaker.noteGood(1100, 0.95, 899);
    expect(breaker.state).toBe('open');
    for (let n = 0; n < 2; n++) breaker.noteGood(1100, 0.95, 900);
    expect(breaker.state).toBe('ramping');
  });

  it('remembers which proxies failed when answers to what went out before hide it for a moment', () => {
    const afterAnswerTo = (sentAt: number): Breaker => {
      const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
      const fail = (serial: number): void => {
        breaker.noteBad(1000, 1, 0.95, { serial, inAll: 8 }, { inFlight: 20, sentAt: 900 });
      };
      fail(1);
      breaker.noteGood(1000, 0.95, sentAt);
      expect(breaker.score).toBe(0);
      for (const serial of [2, 3, 4, 5]) fail(serial);
      return breaker;
    };
    expect(afterAnswerTo(899).state).toBe('open');
    const cleared = afterAnswerTo(901);
    expect(cleared.state).toBe('closed');
    expect(cleared.score).toBeGreaterThan(10);
  });

  it('opens on the failures of the only proxy there is', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    for (let n = 0; n < 4; n++)
      breaker.noteBad(1000, 1, 0.95, { serial: 1, inAll: 1 }, { inFlight: 1, sentAt: 900 });
    expect(breaker.state).toBe('open');
  });

  it('takes each success for as much as a failure, and is never in credit', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    for (let n = 0; n < 50; n++) breaker.noteGood(1000, 0.95, 900);
    expect(breaker.score).toBe(0);
    failing(breaker, 1, { proxies: 1 });
    breaker.noteGood(1000, 0.95, 900);
    expect(breaker.score).toBe(0);
  });

  it('lets probes out further and further apart, from 2 to 30 seconds, and closes after two that are answered', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    for (let n = 0; n < 6000; n++) breaker.noteGood(n * 5, 0.95, n * 5);
    failing(breaker, 8, { proxies: 5, now: 30_000 });
    expect(breaker.refusesUntil(30_000, 0)).toBe(32_000);
    expect(breaker.refusesUntil(32_000, 0)).toBe(0);
    let now = 32_000;
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      expect(breaker.noteAttempt(now)).toBe(true);
      const next = breaker.refusesUntil(now, 1);
      waits.push((next - now) / 1000);
      breaker.noteProbe(now, false);
      now = next;
    }
    expect(waits).toEqual([2, 4, 8, 16, 30, 30]);
    breaker.noteAttempt(now);
    breaker.noteProbe(now, true);
    expect(breaker.refusesUntil(now, 0)).toBe(now + 2000);
    breaker.noteProbe(now + 2000, true);
    expect(breaker.state).toBe('ramping');
    expect(breaker.events.map(({ state }) => state)).toEqual(['open', 'ramping']);
  });

  it('gives up after eleven minutes, and watches again after the next success', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    failing(breaker, 8, { proxies: 5, now: 0 });
    for (let now = 30_000; now < 660_000; now += 30_000) breaker.noteProbe(now, false);
    expect(breaker.state).toBe('open');
    breaker.noteProbe(660_000, false);
    expect(breaker.state).toBe('given up');
    expect(breaker.refusesUntil(660_000, 1000)).toBe(0);
    failing(breaker, 50, { proxies: 5, now: 661_000 });
    expect([breaker.state, breaker.score]).toEqual(['given up', 0]);
    breaker.noteGood(662_000, 0.95, 661_900);
    expect(breaker.state).toBe('closed');
    failing(breaker, 8, { proxies: 5, now: 663_000 });
    expect(breaker.state).toBe('open');
  });

  it('gives the load back from four in parallel on, one more with each success', () => {
    const breaker = new Breaker(ADAPTIVE_DEFAULTS.breaker);
    failing(breaker, 8, { proxies: 5 });
    breaker.noteProbe(2000, true);
    breaker.noteProbe(3000, true);
    expect(breaker.refusesUntil(3000, 3)).toBe(0);
    expect(breaker.refusesUntil(3000, 4)).toBe(Number.POSITIVE_INFINITY);
    breaker.noteGood(3000, 0.95, 2900);
    expect(breaker.refusesUntil(3000, 4)).toBe(0);
    for (let n = 0; n < 20; n++) breaker.noteGood(3000, 0.95, 2900);
    expect(breaker.state).toBe('closed');
  });
});

describe('Cooldown', () => {
  const cooldown = (): Cooldown => new Cooldown(ADAPTIVE_DEFAULTS.cooldown, new SeededRandom(3));

  it('rests never shorter than Retry-After asks, and doubles what nobody asked for, up to 300 seconds', () => {
    const { throttleMs } = { throttleMs: cooldown().throttleMs.bind(cooldown()) };
    for (let n = 0; n < 100; n++) expect(throttleMs(1, 0, 20)).toBeGreaterThanOrEqual(20_000);
    for (const [step, secs] of [
      [1, 5],
      [2, 10],
      [4, 40],
      [12, 300],
    ] as const) {
      const restMs = throttleMs(step, 0);
      expect(restMs).toBeGreaterThanOrEqual(750 * secs);
      expect(restMs).toBeLessThanOrEqual(1250 * secs);
    }
  });

  it('rests a banned address between half and all of the guess, then of half of its wait so far, an hour at most', () => {
    const rest = cooldown();
    for (const [step, waitedSecs, secs] of [
      [1, 0, 20],
      [2, 60, 30],
      [3, 90, 45],
      [30, 20_000, 3600],
    ] as const) {
      const restMs = rest.banMs(step, 1, false, 1000 * waitedSecs);
      expect(restMs).toBeGreaterThanOrEqual(500 * secs);
      expect(restMs).toBeLessThanOrEqual(1000 * secs);
    }
    expect(rest.banMs(1, 0.1, false, 0)).toBeLessThanOrEqual(2000);
  });

  it('rests strangers longer: twenty times a proxy that never answered, six times an address never let in', () => {
    const rest = cooldown();
    for (const [restMs, secs] of [
      [rest.proxyMs(1, 100, false), 10],
      [rest.proxyMs(1, 100, true), 200],
      [rest.proxyMs(1, 30_000, true), 1200],
      [rest.banMs(1, 1, true, 0), 120],
    ] as const) {
      expect(restMs).toBeGreaterThanOrEqual(500 * secs);
      expect(restMs).toBeLessThanOrEqual(1000 * secs);
    }
  });

  it('learns how long bans last from the first request after a rest, within 5 and 300 seconds', () => {
    const rest = cooldown();
    rest.noteProbe(true, 1000);
    expect(rest.banSecs).toBeCloseTo(19, 10);
    for (let n = 0; n < 200; n++) rest.noteProbe(true, 1000);
    expect(rest.banSecs).toBe(5);
    for (let n = 0; n < 400; n++) rest.noteProbe(false, 1_000_000);
    expect(rest.banSecs).toBe(300);
  });
});

describe('Poison', () => {
  const poison = (): Poison => new Poison(ADAPTIVE_DEFAULTS.poison, 2, () => {});

  it('blames a URL that was blocked on so many sessions that it can hardly be chance', () => {
    const urls = poison();
    expect(urls.noteBlocked('u', 1, 0, 0.98, 0)).toBe(false);
    expect(urls.noteBlocked('u', 1, 0, 0.98, 0)).toBe(false);
    expect(urls.noteBlocked('u', 2, 0, 0.98, 0)).toBe(false);
    expect(urls.noteBlocked('u', 3, 0, 0.98, 0)).toBe(false);
    expect(urls.noteBlocked('u', 4, 0, 0.98, 0)).toBe(true);
    expect(urls.isBlamed('u')).toBe(true);
  });

  it('needs more sessions where blocks are common anyway', () => {
    const urls = poison();
    let sessions = 0;
    while (!urls.noteBlocked('u', ++sessions, 0, 0.7, 0)) expect(sessions).toBeLessThan(20);
    expect(sessions).toBe(12);
  });

  it('clears a URL when somebody is let in, and forgets those blocked longest ago', () => {
    const urls = poison();
    urls.noteBlocked('u', 1, 0, 0.98, 0);
    for (const slot of [1, 2, 3]) urls.noteBlocked('u', slot, 0, 0.98, 0);
    urls.clear('u');
    expect(urls.noteBlocked('u', 4, 0, 0.98, 0)).toBe(false);
    for (const slot of [1, 2, 3, 4]) urls.noteBlocked('v', slot, 0, 0.98, 0);
    urls.noteBlocked('w', 1, 0, 0.98, 0);
    urls.noteBlocked('x', 1, 0, 0.98, 0);
    expect(urls.isBlamed('v')).toBe(false);
  });
});
