import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { FastLane } from './fast-lane.ts';

const USUAL_MS = 2000;
const SECOND = 1000;

/** A lane whose addresses take what they may be given, as a scheduler with much to do would give it. */
class Crawl {
  readonly lane: FastLane;
  readonly sent = new Map<number, number>();
  now = 1_000_000;
  readonly #costs: ReadonlyMap<number, number>;

  constructor(costs: Readonly<Record<number, number>>, options = {}) {
    this.lane = new FastLane({ ...ADAPTIVE_DEFAULTS.lane, ...options });
    this.#costs = new Map(Object.entries(costs).map(([pair, cost]) => [Number(pair), cost]));
    for (const pair of this.#costs.keys()) this.good(pair);
  }

  good(pair: number, sentAt: number = this.now): void {
    const who = { pair, proxy: pair, proxySerial: pair, openedAt: sentAt };
    this.lane.noteGood(who, this.#costs.get(pair) as number, USUAL_MS, this.now);
  }

  block(pair: number, times: number, stickiness = 0.5): void {
    const use = { pair, predicted: 0.99, openedAt: this.now, span: { uses: 40, secs: 20 } };
    for (let n = 0; n < times; n++) this.lane.noteBlocked(use, stickiness, this.now);
  }

  /** Blocked more often than chance explains, until whatever was let in would have come back. */
  shutOut(pair: number): void {
    this.block(pair, 5);
    this.now += this.#costs.get(pair) as number;
    this.block(pair, 1);
  }

  run(secs: number, ...except: number[]): this {
    this.sent.clear();
    for (const end = this.now + secs * SECOND; this.now < end; this.now += 10) {
      for (const pair of this.#costs.keys()) {
        if (except.includes(pair) || this.lane.isSpent(pair, this.now)) continue;
        this.lane.noteUse(pair, 1, this.now);
        this.sent.set(pair, (this.sent.get(pair) ?? 0) + 1);
        this.good(pair);
      }
    }
    return this;
  }

  rateOf(pair: number, secs: number): number {
    return (this.sent.get(pair) ?? 0) / secs;
  }
}

describe('FastLane', () => {
  it('holds addresses that answer much sooner than is usual, the fastest first, and no more than it may', () => {
    const { lane } = new Crawl({ 1: 900, 2: 300, 3: 1900, 4: 600, 5: 1200 }, { addresses: 3 });
    expect(lane.addresses.map(({ pair }) => pair)).toEqual([2, 4, 1]);
  });

  it('holds none where it is turned off', () => {
    expect(new Crawl({ 1: 100, 2: 300 }, { addresses: 0 }).lane.addresses).toEqual([]);
  });

  it('lets one address lead by a step, and the others follow when it has borne that', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 });
    crawl.run(4);
    expect(crawl.rateOf(1, 4)).toBeGreaterThan(1.7 * crawl.rateOf(2, 4));
    crawl.run(30);
    const { borne } = crawl.lane;
    expect(borne).toBeGreaterThan(10);
    expect(crawl.rateOf(2, 30)).toBeCloseTo(crawl.rateOf(3, 30), 0);
  });

  it('falls back, all of it, when the leader is shut out, and asks for more proof from then on', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 }).run(20);
    const before = crawl.lane.borne;
    crawl.shutOut(1);
    expect(crawl.lane.borne).toBeLessThan(before / 2);
    crawl.run(8, 1);
    expect(crawl.rateOf(3, 8)).toBeLessThan(before / 2);
    expect(crawl.lane.borne).toBeLessThan(before / 2);
  });

  it('loses a tenth when a rate is not borne above one that was proven against the limit', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 }).run(12);
    crawl.shutOut(1);
    crawl.run(120, 1);
    const before = crawl.lane.borne;
    crawl.shutOut(2);
    expect(crawl.lane.borne).toBeCloseTo(0.9 * before, 5);
    expect(crawl.lane.step).toBeCloseTo(Math.SQRT2, 5);
  });

  it('lets nobody go ahead while it is open whether a block of the leader was chance', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 }).run(20);
    const before = crawl.lane.borne;
    crawl.block(1, 1, 0.1);
    crawl.run(5, 1);
    expect(crawl.rateOf(2, 5)).toBeLessThan(before / 2);
    expect(crawl.lane.borne).toBe(before);
    crawl.good(1);
    crawl.run(5);
    expect(crawl.rateOf(2, 5)).toBeGreaterThan(0.8 * before);
  });

  it('takes answers to what was sent before a block for no sign that it was chance', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 }).run(20);
    const before = crawl.lane.borne;
    crawl.block(1, 2);
    crawl.good(1, crawl.now - SECOND);
    expect(crawl.lane.borne).toBe(before);
    crawl.shutOut(1);
    expect(crawl.lane.borne).toBeLessThan(before);
  });

  it('does not fall when a page of what was sent after many blocks in a row comes back meanwhile', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 }).run(20);
    const before = crawl.lane.borne;
    crawl.block(1, 5);
    crawl.now += 100;
    crawl.good(1);
    crawl.now += SECOND;
    crawl.good(2);
    expect(crawl.lane.borne).toBe(before);
    crawl.shutOut(1);
    expect(crawl.lane.borne).toBeLessThan(before);
  });

  it('knows who leads', () => {
    const { lane } = new Crawl({ 1: 400, 2: 200 });
    expect([1, 2].map((pair) => lane.isLeader(pair))).toEqual([false, true]);
  });

  it('takes the fall of several addresses within a minute for one', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500 }).run(20);
    crawl.shutOut(1);
    const once = crawl.lane.borne;
    crawl.now += SECOND;
    crawl.shutOut(2);
    expect(crawl.lane.borne).toBe(once);
  });

  it('bounds the use of all addresses once a limit was met, and only then', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500, 4: 510 }).run(20);
    expect(crawl.lane.mostUses(60_000)).toBe(Number.POSITIVE_INFINITY);
    crawl.shutOut(1);
    expect(crawl.lane.mostUses(60_000)).toBeCloseTo((crawl.lane.borne * 60) / Math.LN2, 5);
  });

  it('keeps a limit for all once it has shown what it bears, where all send no more than that', () => {
    const crawl = new Crawl({ 1: 200, 2: 400, 3: 500, 4: 510 }).run(20);
    expect(crawl.lane.keepsLimit(10, 0)).toBe(false);
    crawl.shutOut(1);
    // What is left after a fall is a guess.
    expect(crawl.lane.keepsLimit(10, 0)).toBe(false);
    crawl.run(60);
    const { borne } = crawl.lane;
    expect(crawl.lane.keepsLimit(10, borne)).toBe(true);
    expect(crawl.lane.keepsLimit(10, 1.01 * borne)).toBe(false);
    expect(crawl.lane.keepsLimit(100, borne)).toBe(false);
  });
});
