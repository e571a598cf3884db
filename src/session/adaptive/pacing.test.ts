import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { BlockTrial } from './block-trial.ts';
import { Pacing } from './pacing.ts';
import type { Sending, Span } from './rate-search.ts';
import { EXPLORER, FOLLOWER, SCOUT } from './roles.ts';

const OPTIONS = ADAPTIVE_DEFAULTS.pacing;

/** Ten addresses that send once a second each, for a minute. */
function busyPacing(): Pacing {
  const pacing = new Pacing(OPTIONS, ADAPTIVE_DEFAULTS.search);
  for (let n = 0; n < 600; n++) pacing.noteAttempt(n * 100, n < 10 ? 0 : 1);
  return pacing;
}

const NOW = 60_000;

/** By an address that has no neighbours. */
function sending(span: Span, openedAt: number): Sending {
  return { openedAt, span, networkSpan: { ...span, addressesCount: 1 } };
}

describe('Pacing', () => {
  it('knows no rate before the origin has objected', () => {
    const pacing = busyPacing();
    pacing.noteBound(NOW, NOW);
    pacing.succeed(NOW);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    expect(pacing.intervalMs(0)).toBe(0);
  });

  it('halves what it observed at the first signal, under a ceiling of one and a half times that', () => {
    const pacing = busyPacing();
    const observed = pacing.observed(NOW);
    expect(observed).toBeCloseTo(1, 1);
    pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 0 });
    expect(pacing.rate).toBeCloseTo(observed / 2, 10);
    expect(pacing.ceiling).toBeCloseTo(observed * 1.5, 10);
  });

  it('starts from the load of the address that got the first 429, where that is above the mean', () => {
    const pacing = busyPacing();
    pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 3 });
    expect(pacing.rate).toBeCloseTo(1.5, 10);
    expect(pacing.ceiling).toBeCloseTo(4.5, 10);
  });

  it('starts from the mean where that address had less, and after a block that does not stick', () => {
    for (const objection of [
      { kind: 'throttled', ownRate: 0.1 },
      { kind: 'blocked', isSticky: false },
    ] as const) {
      const pacing = busyPacing();
      const observed = pacing.observed(NOW);
      pacing.signal(NOW, NOW, objection);
      expect(pacing.rate).toBeCloseTo(observed / 2, 10);
    }
  });

  it('takes answers to what was sent before a cut, or at its pace, for no further signal', () => {
    const pacing = busyPacing();
    pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 0 });
    const { rate } = pacing;
    for (let n = 0; n < 40; n++)
      pacing.signal(NOW + n, NOW - 100 + n, { kind: 'throttled', ownRate: 0 });
    expect(pacing.rate).toBe(rate);
    pacing.signal(NOW + 5000, NOW + 4000, { kind: 'throttled', ownRate: 0 });
    expect(pacing.rate).toBeCloseTo(rate * Math.exp(-0.15), 10);
  });

  it('is raised by successes only while it binds', () => {
    const pacing = busyPacing();
    pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 0 });
    const { rate } = pacing;
    pacing.succeed(NOW + 1);
    expect(pacing.rate).toBe(rate);
    pacing.noteBound(NOW + 1, NOW + 500);
    pacing.succeed(NOW + 2);
    expect(pacing.rate).toBeGreaterThan(rate);
  });

  it('rises the more slowly the more a signal costs', () => {
    const cheap = busyPacing();
    const dear = busyPacing();
    for (const pacing of [cheap, dear]) {
      pacing.signal(NOW, NOW, { kind: 'blocked', isSticky: true });
      pacing.noteBound(NOW, NOW + 10_000);
    }
    cheap.notePrice(2000);
    dear.notePrice(600_000);
    for (let n = 0; n < 50; n++) {
      cheap.succeed(NOW + n);
      dear.succeed(NOW + n);
    }
    expect(cheap.rate / 0.5 - 1).toBeGreaterThan(5 * (dear.rate / 0.5 - 1));
  });

  it('never goes above its ceiling, whatever happens, and the ceiling doubles once a minute at most', () => {
    const step = fc.record({
      what: fc.constantFrom('signal', 'succeed', 'bound', 'fall', 'price'),
      afterMs: fc.integer({ min: 0, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const pacing = busyPacing();
        pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 0 });
        const first = pacing.ceiling;
        let now = NOW;
        for (const { what, afterMs } of steps) {
          now += afterMs;
          pacing.noteAttempt(now, 1);
          if (what === 'signal') pacing.signal(now, now, { kind: 'throttled', ownRate: 0 });
          else if (what === 'succeed') pacing.succeed(now);
          else if (what === 'bound') pacing.noteBound(now, now + 1000);
          else if (what === 'fall') pacing.fall(now);
          else pacing.notePrice(afterMs);
          expect(pacing.rate).toBeLessThanOrEqual(pacing.ceiling);
          const minutes = Math.floor((now - NOW) / 60_000);
          expect(pacing.ceiling).toBeLessThanOrEqual(first * 2 ** (minutes + 1));
        }
      }),
    );
  });

  it('lets scouts go ahead of the others, further while nothing is learnt', () => {
    const pacing = busyPacing();
    expect(pacing.tempo(SCOUT) / pacing.tempo(FOLLOWER)).toBeCloseTo(6, 10);
    pacing.signal(NOW, NOW, { kind: 'throttled', ownRate: 0 });
    pacing.notePrice(600_000);
    expect(pacing.tempo(SCOUT) / pacing.tempo(FOLLOWER)).toBeCloseTo(1.1, 10);
  });

  it('bounds what a scout has in flight', () => {
    const pacing = busyPacing();
    expect(pacing.isOverrun(SCOUT, 2)).toBe(false);
    expect(pacing.isOverrun(SCOUT, 3)).toBe(true);
    expect(pacing.isOverrun(FOLLOWER, 30)).toBe(false);
  });

  /** Scouts are blocked after nine requests in two seconds. */
  function searching(): Pacing {
    const pacing = busyPacing();
    const roles = [7, 3, 5].map((network) => pacing.roleOf(network, 0, NOW));
    expect(roles).toEqual([SCOUT, EXPLORER, FOLLOWER]);
    pacing.noteBlocked(NOW, sending({ uses: 9, secs: 2 }, NOW), 7);
    pacing.signal(NOW, NOW, { kind: 'blocked', isSticky: true });
    return pacing;
  }

  it('lets explorers go ahead when blocks stick, and the others follow the more closely the larger their networks are', () => {
    const pacing = searching();
    expect(pacing.isFound).toBe(false);
    expect(pacing.rate).toBeCloseTo((1.5 * 9) / 25, 10);
    expect(pacing.tempo(EXPLORER)).toBe(1);
    // Ten addresses in three networks.
    expect(pacing.tempo(FOLLOWER)).toBeCloseTo(1 / (1 + 1.5 / Math.sqrt(10 / 3)), 2);
    // 25 requests in 22 seconds that were let pass: at least 0.8 a second are.
    pacing.notePassed(sending({ uses: 25, secs: 22 }, NOW), 3, NOW);
    expect(pacing.rate * pacing.tempo(FOLLOWER)).toBeCloseTo(0.97 * 0.8, 10);
  });

  it('sets the rate a little below what an explorer was let send', () => {
    const pacing = searching();
    pacing.noteBlocked(NOW + 30_000, sending({ uses: 17, secs: 22 }, NOW + 29_900), 3);
    expect(pacing.limit).toBeCloseTo(0.4, 10);
    expect(pacing.isFound).toBe(true);
    expect(pacing.rate).toBeCloseTo(0.97 * 0.4, 10);
  });

  it('takes the more of a limit the more exactly it is known', () => {
    const pacing = searching();
    pacing.noteBlocked(NOW + 30_000, sending({ uses: 409, secs: 102 }, NOW + 29_900), 3);
    expect(pacing.limit).toBeCloseTo(4, 10);
    expect(pacing.rate).toBeCloseTo((1 - 1.5 / 400 / 4) * 4, 10);
  });

  it('lets a rate that was read drift when what a ban costs has been earned, slowly at first', () => {
    const pacing = searching();
    pacing.noteBlocked(NOW + 30_000, sending({ uses: 17, secs: 22 }, NOW + 29_900), 3);
    const { rate } = pacing;
    // A third of the fleet for 15 seconds: 4 % of two minutes.
    pacing.notePrice(15_000);
    const rates: number[] = [];
    for (let secs = 31; secs <= 631; secs++) {
      const now = NOW + secs * 1000;
      pacing.noteBound(now, now + 500);
      pacing.succeed(now);
      if (secs % 60 === 31) rates.push(pacing.rate / rate);
    }
    expect(rates[1]).toBe(1);
    expect(rates[2]).toBeCloseTo(1.02, 2);
    expect(rates[3]).toBeLessThan(1.07);
    expect(rates.at(-1)).toBeGreaterThan(1.5);
  });

  it('has a network take over where those that explore are shut out', () => {
    const pacing = searching();
    // Some intervals of patience, as they are slow.
    expect(pacing.roleOf(5, FOLLOWER, NOW + 5000)).toBe(FOLLOWER);
    expect(pacing.roleOf(5, FOLLOWER, NOW + 6000)).toBe(EXPLORER);
    expect(pacing.roleOf(9, 0, NOW + 6001)).toBe(FOLLOWER);
    expect(pacing.roleOf(9, FOLLOWER, NOW + 6002)).toBe(FOLLOWER);
    // Its neighbours go along.
    expect(pacing.roleOf(5, FOLLOWER, NOW + 6003)).toBe(EXPLORER);
  });

  it('corrects the rate by neighbours that are shut out together', () => {
    const pacing = searching();
    pacing.noteBlocked(NOW + 30_000, sending({ uses: 17, secs: 22 }, NOW + 29_900), 3);
    expect(pacing.rate).toBeCloseTo(0.97 * 0.4, 10);
    pacing.noteBlocked(NOW + 30_500, sending({ uses: 13, secs: 22 }, NOW + 29_900), 3);
    expect(pacing.rate).toBeCloseTo(0.97 * 0.3, 10);
    // They had sent nearly nothing: in the end nothing is left of the reading, but the rate is not lost with it.
    for (let n = 0; n < 9; n++)
      pacing.noteBlocked(NOW + 30_600, sending({ uses: 1, secs: 22 }, NOW + 29_900), 3);
    expect(pacing.limit).toBe(0);
    expect(pacing.rate).toBeCloseTo((0.97 * (31 / 3 - 9)) / 20, 10);
    expect(pacing.isFound).toBe(true);
  });

  it('takes nobody for as good as new who goes nearly as fast as the limit that was read', () => {
    const pacing = searching();
    pacing.notePassed(sending({ uses: 18, secs: 22 }, NOW), 3, NOW);
    pacing.noteBlocked(NOW + 30_000, sending({ uses: 17, secs: 22 }, NOW + 29_900), 3);
    expect(pacing.limit).toBeCloseTo(0.4, 10);
    expect(pacing.isForgiven(31, 100_000)).toBe(true);
    expect(pacing.isForgiven(33, 100_000)).toBe(false);
  });

  it('needs the blocks of half of its scouts, at most of three where the fleet is large', () => {
    const pacing = new Pacing(OPTIONS, ADAPTIVE_DEFAULTS.search);
    for (let n = 0; n < 200; n++) pacing.noteAttempt(n, 0);
    // What was never let in scouts nothing.
    expect(pacing.enoughScouts).toBe(0);
    for (let network = 0; network < 25; network++) pacing.roleOf(network, 0, NOW);
    expect(pacing.enoughScouts).toBe(2);
    for (let network = 25; network < 200; network++) pacing.roleOf(network, 0, NOW);
    expect(pacing.enoughScouts).toBe(3);
  });

  it('forgets what it read when blocks turn out to be none of the pace', () => {
    const pacing = searching();
    pacing.restore(1);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    expect(pacing.goesByBlocks).toBe(false);
  });
});

describe('BlockTrial', () => {
  const block = (at: number) => ({
    sentAt: at,
    isSurprise: true,
    isScout: false,
    isFast: false,
  });

  function blocked(pacing: Pacing): BlockTrial {
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 100; n++) trial.noteGood(NOW + n, pacing);
    for (let n = 0; n < 6; n++) trial.noteBlock(NOW + 100 + n, block(NOW + 100 + n), pacing);
    return trial;
  }

  it('heeds blocks from five in half a minute on, and more than 2 % of the successes', () => {
    const pacing = busyPacing();
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 4; n++) trial.noteBlock(NOW + n, block(NOW + n), pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    trial.noteBlock(NOW + 5, block(NOW + 5), pacing);
    expect(pacing.rate).toBeLessThan(1);
    expect(trial.state).toBe('testing');
  });

  it('heeds the blocks of half of the scouts, whatever the others come to', () => {
    const pacing = busyPacing();
    pacing.roleOf(0, 0, NOW);
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 500; n++) trial.noteGood(NOW + n, pacing);
    trial.noteBlock(NOW + 501, block(NOW + 501), pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    const ofScout = { ...block(NOW + 900), isScout: true };
    for (let n = 0; n < 5; n++) trial.noteBlock(NOW + 900 + n, ofScout, pacing);
    expect(pacing.rate).toBeLessThan(1);
  });

  it('heeds three blocks that stick of those that send more than others', () => {
    const pacing = busyPacing();
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 500; n++) trial.noteGood(NOW + n, pacing);
    for (let n = 0; n < 3; n++) trial.noteRetry(NOW + 500, true, pacing);
    const ofFast = { ...block(NOW + 501), isFast: true };
    for (let n = 0; n < 2; n++) trial.noteBlock(NOW + 501, ofFast, pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    trial.noteBlock(NOW + 501, { ...block(NOW + 501), isScout: true }, pacing);
    expect(pacing.rate).toBeLessThan(1);
  });

  it('heeds blocks that stick of a third of all addresses, and of no fewer where they meet anybody', () => {
    const pacing = new Pacing(OPTIONS, ADAPTIVE_DEFAULTS.search);
    for (let n = 0; n < 30; n++) pacing.noteAttempt(NOW, 0);
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 600; n++) trial.noteGood(NOW + n, pacing);
    for (let n = 0; n < 3; n++) trial.noteRetry(NOW + 600, true, pacing);
    for (let n = 0; n < 9; n++) trial.noteBlock(NOW + 601, block(NOW + 601), pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    trial.noteBlock(NOW + 602, block(NOW + 602), pacing);
    expect(pacing.rate).toBeLessThan(100);
  });

  it('heeds blocks at once when the next request has shown that they stick', () => {
    const pacing = busyPacing();
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 500; n++) trial.noteGood(NOW + n, pacing);
    const ofFast = { ...block(NOW + 501), isFast: true };
    for (let n = 0; n < 3; n++) trial.noteBlock(NOW + 501, ofFast, pacing);
    for (let n = 0; n < 2; n++) trial.noteRetry(NOW + 502, true, pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    trial.noteRetry(NOW + 502, true, pacing);
    expect(pacing.rate).toBeLessThan(1);
  });

  it('gives nothing on scouts that are blocked where blocks do not stick', () => {
    const pacing = busyPacing();
    pacing.roleOf(0, 0, NOW);
    const trial = new BlockTrial(ADAPTIVE_DEFAULTS.trial);
    for (let n = 0; n < 500; n++) trial.noteGood(NOW + n, pacing);
    for (let n = 0; n < 2; n++) trial.noteRetry(NOW, false, pacing);
    trial.noteBlock(NOW + 501, { ...block(NOW + 501), isScout: true }, pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps the pace where a fifth of all addresses stayed shut out, though chance blocks more often', () => {
    const pacing = busyPacing();
    const trial = blocked(pacing);
    for (let n = 0; n < 4; n++) trial.noteRetry(NOW, true, pacing);
    for (let n = 0; n < 2; n++) trial.noteRetry(NOW, false, pacing);
    trial.noteRetry(NOW, true, pacing);
    for (let n = 0; n < 20; n++) trial.noteRetry(NOW, false, pacing);
    expect(trial.stickiness).toBeLessThan(0.4);
    expect(pacing.rate).toBeLessThan(1);
    expect(trial.state).toBe('testing');
  });

  it('gives all of the pace back when blocks turn out not to stick', () => {
    const pacing = busyPacing();
    const trial = blocked(pacing);
    expect(pacing.rate).toBeLessThan(1);
    for (let n = 0; n < 6; n++) trial.noteRetry(NOW, false, pacing);
    expect(pacing.rate).toBe(Number.POSITIVE_INFINITY);
    expect(trial.state).toBe('idle');
  });

  it('goes on heeding blocks that stick', () => {
    const pacing = busyPacing();
    const trial = blocked(pacing);
    for (let n = 0; n < 10; n++) trial.noteRetry(NOW, true, pacing);
    expect(trial.stickiness).toBeGreaterThan(0.8);
    expect(trial.state).toBe('testing');
  });

  it('ignores blocks for ten minutes when a tenth of the pace has not made them rarer', () => {
    const pacing = busyPacing();
    const trial = blocked(pacing);
    for (let n = 0; n < 10; n++) trial.noteRetry(NOW, true, pacing);
    let now = NOW + 1000;
    for (let n = 0; n < 400 && trial.state === 'testing'; n++) {
      now += 1000;
      if (n % 12 === 0) {
        trial.noteBlock(now, block(now), pacing);
        trial.noteRetry(now, true, pacing);
      } else trial.noteGood(now, pacing);
      if (n % 3 === 0) pacing.signal(now, now, { kind: 'blocked', isSticky: true });
    }
    expect(trial.state).toBe('ignoring');
    expect(trial.ignoresUntil).toBe(now + 600_000);
    const { rate } = pacing;
    for (let n = 0; n < 20; n++) trial.noteBlock(now + n, block(now + n), pacing);
    expect(pacing.rate).toBe(rate);
  });
});
