import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import type { ProxyReport } from '../../storage/session-hands.ts';
import { BetaSampler } from './beta-sampler.ts';
import { DuePairs } from './due-pairs.ts';
import { FleetProxies } from './fleet-proxies.ts';
import { FleetRests } from './fleet-rests.ts';
import type { Origin } from './origin.ts';
import { OriginBook } from './origin-book.ts';
import { PairFinder } from './pair-finder.ts';
import { PairTable } from './pair-table.ts';
import { Prediction } from './prediction.ts';
import { ProxyBook } from './proxy-book.ts';
import { resolveAdaptiveOptions } from './resolve-adaptive-options.ts';
import { Rests } from './rests.ts';
import type { Use } from './use.ts';

const SITE = 'https://site.example';
const OTHER_SITE = 'https://other.example';
const URLS = ['http://user:hunter2@10.0.0.1:8000', 'http://10.0.1.1:8000', 'http://10.0.2.1:8000'];
const [PROXY, OTHER, THIRD] = [0, 1, 2];
const REST_SECS = 30;
const HANDS = 10;
/** Others leave the first try to whoever was refused: for a quarter of the rest, and a second for each of them. */
const LONGEST_LEFT_MS = (REST_SECS * 1000) / 4 + HANDS * 1000;

class Worker {
  now = 1_000_000;
  readonly pairs = new PairTable(100, (pair) => this.rests.forget(pair));
  readonly origins: OriginBook;
  readonly #book = new ProxyBook(10);
  readonly #finder = new PairFinder(this.pairs, this.#book);
  readonly #judge: Rests;
  readonly #proxies: FleetProxies;
  readonly rests: FleetRests;

  constructor({ urls = URLS, site = SITE } = {}) {
    const { pairs } = this;
    const options = resolveAdaptiveOptions();
    const random = new SeededRandom(1);
    const due = new DuePairs(pairs);
    const sampler = new BetaSampler(random);
    const prediction = new Prediction({ pairs, proxies: this.#book, sampler }, options.evidence);
    this.origins = new OriginBook(options, random);
    this.#judge = new Rests({ pairs, proxies: this.#book, due, prediction }, options.cooldown);
    this.#proxies = new FleetProxies(this.#book, random, () => this.now);
    this.rests = new FleetRests({
      pairs,
      book: this.#book,
      finder: this.#finder,
      origins: this.origins,
      proxies: this.#proxies,
      rests: this.#judge,
      random,
      now: () => this.now,
    });
    if (site !== '') this.origins.of(site);
    for (const url of urls) this.add(url);
    this.tell();
  }

  get origin(): Origin {
    return this.origins.find(SITE) as Origin;
  }

  /** With one session, of the same number. */
  add(url: string | undefined): number {
    const proxy = this.#book.size;
    this.#book.enter(proxy, url);
    this.#book.noteReady(proxy);
    return proxy;
  }

  lend(proxy: number): void {
    this.#book.noteTaken(proxy);
  }

  letIn(proxy = OTHER, sentMsAgo = 0): void {
    const use = this.#use(proxy, sentMsAgo);
    this.pairs.good.set(use.pair, 1);
    this.#judge.noteLetIn(use, this.now);
    this.rests.note(use, { kind: 'ok' }, this.now);
  }

  throttle(proxy = PROXY, secs = REST_SECS): void {
    const use = this.#use(proxy, 0);
    this.#judge.noteLost(use.pair, this.now);
    const restsUntil = this.#judge.restThrottled(use, secs, this.now);
    this.#note(use, 'throttled', restsUntil);
  }

  ban(proxy = PROXY): void {
    const use = this.#use(proxy, 0);
    this.#judge.noteLost(use.pair, this.now);
    this.#note(use, 'blocked', this.#judge.restBanned(use, true, this.now));
  }

  tell(): ProxyReport[] {
    this.#proxies.reports(this.now);
    return this.rests.reports(this.now);
  }

  hear(news: readonly ProxyReport[]): boolean {
    return this.rests.hear(news, HANDS, this.now);
  }

  pairOf(proxy = PROXY, site = SITE): number {
    const origin = this.origins.find(site);
    return origin ? this.#finder.find(proxy, origin) : -1;
  }

  restMs(proxy = PROXY, site = SITE): number {
    const pair = this.pairOf(proxy, site);
    return pair === -1 ? 0 : Math.max(0, this.pairs.dueAt.get(pair) - this.now);
  }

  #note(use: Use, kind: 'blocked' | 'throttled', restsUntil: number): void {
    this.rests.note({ ...use, moves: { restsUntil } } as Use, { kind }, this.now);
  }

  #use(proxy: number, sentMsAgo: number): Use {
    const pair = this.#finder.enter(proxy, this.origin, this.now);
    return { proxy, pair, origin: this.origin, openedAt: this.now - sentMsAgo } as Use;
  }
}

type Refusal = 'ban' | 'throttle';

/** An address is refused for one, who tells it 100 ms later; the other has not heard yet. */
function refused(how: Refusal = 'throttle'): {
  one: Worker;
  other: Worker;
  told: ProxyReport[];
} {
  const [one, other] = [new Worker(), new Worker()];
  one.letIn();
  one[how]();
  one.now += 100;
  one.letIn();
  other.now = one.now;
  return { one, other, told: one.tell() };
}

function together(one: Worker, other: Worker, ms: number): void {
  one.now += ms;
  other.now = one.now;
}

describe('an address that is refused for one', () => {
  it('rests for another, at that origin, a little longer than for that one', () => {
    const { one, other, told } = refused();
    expect(told).toMatchObject([{ upMs: null, failure: { agoMs: 100, inRow: 1 } }]);
    other.origins.of(OTHER_SITE);
    expect(other.hear(told)).toBe(false);
    expect(other.restMs()).toBeGreaterThan(one.restMs());
    expect(other.restMs()).toBeLessThan(one.restMs() + LONGEST_LEFT_MS);
    expect([other.restMs(OTHER), other.restMs(PROXY, OTHER_SITE)]).toEqual([0, 0]);
    expect(other.tell()).toEqual([]);
    expect(one.tell()).toEqual([]);
  });

  it('is known by a name that tells neither its address nor its password', () => {
    const { told } = refused('ban');
    expect(told[0]?.name).toMatch(/^ban \S{22} https:\/\/site\.example$/);
    expect(JSON.stringify(told)).not.toMatch(/hunter2|10\.0|user/);
  });

  it('leaves what is believed of it as it was, but for what follows from a ban that is known', () => {
    const { other, told } = refused('ban');
    other.letIn(PROXY);
    const pair = other.pairOf();
    other.pairs.goodSinceBlock.set(pair, 9);
    other.now += 3000;
    const [first] = told as [ProxyReport];
    const failure = { agoMs: 100, restMs: 20_000, inRow: 2, firstAgoMs: 40_000 };
    other.hear([{ ...first, failure }]);
    expect(other.pairs.good.get(pair)).toBe(1);
    expect(other.pairs.bad.get(pair)).toBe(0);
    expect(other.pairs.blocksInRow.get(pair)).toBe(2);
    expect(other.pairs.goodSinceBlock.get(pair)).toBe(0);
    expect(other.pairs.lostFrom.get(pair)).toBe(other.now - 40_000);
    expect([other.origin.badCount, other.origin.pacing.rate]).toEqual([
      0,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('is told of at once where others were let in shortly before, else when one is', () => {
    const one = new Worker();
    one.letIn();
    one.throttle();
    expect(one.tell()).toHaveLength(1);
    const other = new Worker();
    other.throttle();
    expect(other.tell()).toEqual([]);
    other.letIn();
    expect(other.tell()).toHaveLength(1);
  });

  it('is not told of by a worker that is turned away whatever the address', () => {
    const urls = Array.from({ length: 9 }, (_, n) => `http://10.0.${n}.1:8000`);
    const one = new Worker({ urls });
    for (let proxy = 0; proxy < 9; proxy++) one.letIn(proxy);
    for (let proxy = 0; proxy < 9; proxy++) one.throttle(proxy, 300);
    expect(one.tell()).toHaveLength(3);
    one.now += 70_000;
    one.letIn(8);
    one.now += 1000;
    one.letIn(7);
    expect(one.tell()).toEqual([]);
  });

  it('is not told of when it rests for a moment only', () => {
    const one = new Worker();
    one.letIn();
    one.throttle(PROXY, 1);
    one.letIn();
    expect(one.tell()).toEqual([]);
  });

  it('does not rest where blocks do not stick', () => {
    const { other, told } = refused('ban');
    for (let n = 0; n < 20; n++) other.origin.trial.noteRetry(0, false, other.origin.pacing);
    other.hear(told);
    expect(other.restMs()).toBe(0);
  });

  it('rests for whoever comes to it later, or to the origin, for as long as is left', () => {
    const { told } = refused();
    const late = new Worker({ urls: [], site: '' });
    late.hear(told);
    late.now += 5000;
    const proxy = late.add(URLS[PROXY] as string);
    expect(late.pairOf(proxy)).toBe(-1);
    late.origins.of(SITE);
    expect(late.restMs(proxy)).toBeGreaterThan((REST_SECS - 5.2) * 1000);
    const later = new Worker({ urls: [] });
    later.hear(told);
    expect(later.restMs(later.add(URLS[PROXY] as string))).toBeGreaterThan(REST_SECS * 1000 - 200);
    later.now += 60_000;
    later.hear([]);
    expect(later.restMs(later.add(URLS[OTHER] as string))).toBe(0);
  });
});

describe('an address that is let in again for one', () => {
  it('rests for nobody', () => {
    const { one, other, told } = refused();
    other.hear(told);
    together(one, other, REST_SECS * 1000 + 5000);
    one.letIn(PROXY);
    const again = one.tell();
    expect(again).toMatchObject([{ upMs: 0, failure: null }]);
    expect(other.restMs()).toBeGreaterThan(0);
    expect(other.hear(again)).toBe(true);
    expect(other.restMs()).toBe(0);
    expect([one.tell(), other.tell()]).toEqual([[], []]);
  });

  it('teaches the others how long bans last there', () => {
    const { one, other, told } = refused('ban');
    other.hear(told);
    together(one, other, 12_000);
    one.letIn(PROXY);
    other.hear(one.tell());
    expect(one.origin.cooldown.banSecs).toBeLessThan(20);
    expect(other.origin.cooldown.banSecs).toBe(one.origin.cooldown.banSecs);
    expect(other.pairs.blocksInRow.get(other.pairOf())).toBe(0);
    expect(other.pairs.lostFrom.get(other.pairOf())).toBe(0);
  });

  it('teaches the others that a ban lasts longer, too', () => {
    const { one, other, told } = refused('ban');
    other.hear(told);
    together(one, other, 60_000);
    one.ban();
    one.letIn();
    other.hear(one.tell());
    expect(one.origin.cooldown.banSecs).toBeGreaterThan(20);
    expect(other.origin.cooldown.banSecs).toBe(one.origin.cooldown.banSecs);
    expect(other.pairs.blocksInRow.get(other.pairOf())).toBe(2);
  });

  it('does not rest here by older news, and the others hear of it', () => {
    const { other, told } = refused();
    other.letIn(PROXY);
    other.hear(told);
    expect(other.restMs()).toBe(0);
    expect(other.tell()).toMatchObject([{ upMs: 0 }]);
  });

  it('rests on where what was let in had been sent before', () => {
    const { other, told } = refused();
    other.hear(told);
    other.now += 100;
    other.letIn(PROXY, 5000);
    expect(other.restMs()).toBeGreaterThan(REST_SECS * 1000 - 300);
    expect(other.tell()).toEqual([]);
  });

  it('rests on where it was banned here since, whatever was asked of the others before', () => {
    const { one, other, told } = refused();
    other.hear(told);
    together(one, other, 1000);
    one.letIn(PROXY);
    const [again] = one.tell() as [ProxyReport];
    together(one, other, 100);
    other.letIn();
    other.ban();
    const rest = other.restMs();
    other.hear([{ ...again, upMs: 100 }]);
    expect(other.restMs()).toBe(rest);
    expect(rest).toBeGreaterThan(0);
  });

  it('rests on by what else others say', () => {
    const { one, other, told } = refused();
    const [first] = told as [ProxyReport];
    const failure = { agoMs: 0, restMs: 90_000, inRow: 2, firstAgoMs: 1000 };
    other.hear([first, { name: first.name.replace('429', 'ban'), upMs: null, failure }]);
    together(one, other, 1000);
    other.hear([{ ...first, upMs: 1050, failure: null }]);
    expect(other.restMs()).toBeGreaterThan(88_000);
    other.hear([{ ...first, upMs: 950, failure: null }]);
    expect(other.restMs()).toBe(0);
  });

  it('rests where it was refused since, which is not told when nobody else is', () => {
    const { one, other, told } = refused();
    other.hear(told);
    together(one, other, 1000);
    one.letIn(PROXY);
    other.hear(one.tell());
    other.letIn();
    other.throttle();
    other.now += 100;
    other.letIn();
    expect(other.restMs()).toBeGreaterThan(REST_SECS * 1000 - 200);
    expect(other.tell()).toEqual([]);
    // Whoever is let in once more is believed again.
    other.now += 60_000;
    other.letIn(PROXY);
    other.now += 1000;
    other.throttle();
    other.letIn();
    expect(other.tell()).toHaveLength(1);
  });
});

describe('a worker that may use nobody', () => {
  it('tries one at a time of those that rest by what others say, each after twice as long', () => {
    const one = new Worker();
    const other = new Worker();
    one.letIn(THIRD);
    one.throttle(PROXY);
    one.throttle(OTHER);
    one.letIn(THIRD);
    const told = one.tell();
    expect(told).toHaveLength(2);
    const inVain = () => other.rests.noteInVain(other.origin, other.now) - other.now;
    const resting = () => [PROXY, OTHER].filter((proxy) => other.restMs(proxy) > 0).length;
    expect(inVain()).toBe(Number.POSITIVE_INFINITY);
    other.hear(told);
    expect([resting(), inVain()]).toEqual([2, 3000]);
    other.now += 3000;
    expect([inVain(), resting()]).toEqual([0, 1]);
    expect(inVain()).toBe(6000);
    other.now += 6000;
    expect([inVain(), resting()]).toEqual([0, 0]);
  });

  it('tries only what is at hand', () => {
    const { other, told } = refused();
    other.hear(told);
    other.lend(PROXY);
    const inVain = () => other.rests.noteInVain(other.origin, other.now) - other.now;
    inVain();
    other.now += 3000;
    expect(inVain()).toBe(1000);
    expect(other.restMs()).toBeGreaterThan(0);
  });

  it('waits while something is on its way', () => {
    const { other, told } = refused();
    other.hear(told);
    other.origin.inFlight = 1;
    expect(other.rests.noteInVain(other.origin, other.now)).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps the rests it has met with itself', () => {
    const { one, other, told } = refused();
    other.throttle();
    const own = other.restMs();
    together(one, other, 1000);
    one.throttle();
    one.letIn();
    other.hear(told);
    other.hear(one.tell());
    expect(other.restMs()).toBeGreaterThan(own);
    other.rests.noteInVain(other.origin, other.now);
    other.now += 3000;
    other.rests.noteInVain(other.origin, other.now);
    expect(other.restMs()).toBe(own - 4000);
  });
});

it('tells nothing of workers without a proxy, whose addresses are their own', () => {
  const [one, other] = [new Worker(), new Worker()];
  const direct = one.add(undefined);
  one.letIn();
  one.throttle(direct);
  one.letIn();
  expect(one.tell()).toEqual([]);
  const nameOfNone = '429 47DEQpj8HBSa-_TImW-5JC https://site.example';
  const failure = { agoMs: 0, restMs: 30_000, inRow: 1, firstAgoMs: null };
  other.add(undefined);
  other.hear([{ name: nameOfNone, upMs: null, failure }]);
  expect(other.restMs(direct)).toBe(0);
});

it('forgets an address whose row goes to another pair', () => {
  const { other, told } = refused();
  other.hear(told);
  const pair = other.pairOf();
  other.rests.forget(pair);
  other.hear([{ name: told[0]?.name as string, upMs: 0, failure: null }]);
  expect(other.restMs()).toBeGreaterThan(0);
});
