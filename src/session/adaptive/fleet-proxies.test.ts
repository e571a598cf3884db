import { expect, it } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import type { ProxyReport } from '../../storage/session-hands.ts';
import type { Outcome } from '../outcome.ts';
import { FleetProxies, type ProxyChange } from './fleet-proxies.ts';
import { ProxyBook } from './proxy-book.ts';
import type { Use } from './use.ts';

const URLS = ['http://user:hunter2@10.0.0.1:8000', 'http://10.0.1.1:8000', 'http://10.0.2.1:8000'];
const [PROXY, OTHER, THIRD] = [0, 1, 2];
const REST_MS = 20_000;
const HANDS = 10;
/** Others leave the next try to whoever failed: for a quarter of the rest, and a second for each of them. */
const LONGEST_LEFT_MS = REST_MS / 4 + HANDS * 1000;

class Worker {
  now = 1_000_000;
  readonly book = new ProxyBook(10);
  readonly proxies = new FleetProxies(this.book, new SeededRandom(1), () => this.now);

  constructor(urls: readonly string[] = URLS) {
    for (const [slot, url] of urls.entries()) this.book.enter(slot, url);
    this.tell();
  }

  answer(proxy = OTHER): void {
    this.#note(proxy, { kind: 'ok' });
  }

  /** As `Rests` leaves it. */
  fail(proxy = PROXY, inRow = 1): void {
    this.book.failuresInRow.set(proxy, inRow);
    this.book.restsFrom.set(proxy, this.now);
    this.book.restsUntil.set(proxy, this.now + REST_MS);
    this.#note(proxy, { kind: 'proxy' });
  }

  tell(): ProxyReport[] {
    return this.proxies.reports(this.now);
  }

  hear(news: readonly ProxyReport[]): ProxyChange[] {
    return this.proxies.hear(news, HANDS, this.now);
  }

  restMs(proxy = PROXY): number {
    return Math.max(0, this.proxies.refusesUntil(proxy, this.now) - this.now);
  }

  #note(proxy: number, outcome: Outcome): void {
    this.proxies.note({ proxy } as Use, outcome, this.now);
  }
}

/** It fails for one, who tells it; `at` ms later the other hears. */
function failing(inRow = 1): { one: Worker; other: Worker; told: ProxyReport[] } {
  const [one, other] = [new Worker(), new Worker()];
  one.answer();
  one.fail(PROXY, inRow);
  one.now += 100;
  one.answer();
  other.now = one.now;
  return { one, other, told: one.tell() };
}

it('lets a proxy rest that failed for another, a little longer than for that one', () => {
  const { other, told } = failing(2);
  expect(told).toMatchObject([{ upMs: null, failure: { agoMs: 100, inRow: 2 } }]);
  const [change] = other.hear(told);
  expect(change).toMatchObject({ url: URLS[PROXY], inRow: 2 });
  expect(other.restMs()).toBeGreaterThan(REST_MS);
  expect(other.restMs()).toBeLessThan(REST_MS + LONGEST_LEFT_MS);
  expect(other.restMs(OTHER)).toBe(0);
  expect(other.book.failuresInRow.get(PROXY)).toBe(2);
  expect(other.tell()).toEqual([]);
});

it('never tells the address of a proxy, nor its password', () => {
  expect(JSON.stringify(failing().told)).not.toMatch(/hunter2|10\.0|user/);
});

it('tells of no failure while nothing comes back through others', () => {
  const one = new Worker();
  one.answer();
  one.fail();
  one.fail(THIRD);
  expect(one.tell()).toEqual([]);
  one.now += 60_000;
  one.answer();
  expect(one.tell()).toEqual([]);
});

it('lets all use a proxy again that works for one', () => {
  const { one, other, told } = failing();
  other.hear(told);
  one.now += REST_MS;
  one.answer(PROXY);
  const again = one.tell();
  expect(again).toMatchObject([{ upMs: 0, failure: null }]);
  other.now = one.now;
  expect(other.hear(again)).toMatchObject([{ url: URLS[PROXY], restMs: 0 }]);
  expect(other.restMs()).toBe(0);
  expect(one.tell()).toEqual([]);
});

it('ends a rest of its own by the word of others, unless it failed here since', () => {
  const { one, other, told } = failing();
  other.now -= 50;
  other.fail();
  other.now += 50;
  other.hear(told);
  one.now += 1000;
  one.answer(PROXY);
  const again = one.tell();
  other.now = one.now;
  other.hear(again);
  expect(other.book.restsUntil.get(PROXY)).toBe(other.now);
  // It works for all but this one: it goes by what it sees, and keeps it to itself.
  other.answer();
  other.fail();
  other.now += 100;
  other.answer();
  expect(other.tell()).toEqual([]);
  one.now = other.now += 1000;
  one.fail();
  one.answer();
  other.hear(one.tell());
  one.now = other.now += 1000;
  one.answer(PROXY);
  const rest = other.book.restsUntil.get(PROXY);
  other.hear(one.tell());
  expect(other.book.restsUntil.get(PROXY)).toBe(rest);
});

it('goes by its own success where that is newer, and says so', () => {
  const { other, told } = failing();
  other.answer(PROXY);
  expect(other.hear(told)).toEqual([]);
  expect(other.restMs()).toBe(0);
  expect(other.tell()).toMatchObject([{ upMs: 0 }]);
});

it('lets one rest that comes later, for as long as is left', () => {
  const { told } = failing();
  const late = new Worker(URLS.slice(1));
  late.hear(told);
  late.now += 5000;
  late.book.enter(9, URLS[PROXY]);
  const proxy = late.book.of(9);
  expect(late.restMs(proxy)).toBeGreaterThan(REST_MS - 5100);
  expect(late.hear([])).toMatchObject([{ url: URLS[PROXY] }]);
});

it('forgets one that has left the pool, and knows it again', () => {
  const { other, told } = failing();
  const book = new ProxyBook(0);
  const proxies = new FleetProxies(book, new SeededRandom(1), () => other.now);
  book.enter(0, URLS[PROXY]);
  proxies.reports(other.now);
  book.leave(0);
  expect(proxies.hear(told, HANDS, other.now)).toEqual([]);
  book.enter(0, URLS[OTHER]);
  expect(proxies.refusesUntil(book.of(0), other.now)).toBe(0);
  book.enter(1, URLS[PROXY]);
  expect(proxies.refusesUntil(book.of(1), other.now)).toBeGreaterThan(other.now);
});

it('keeps no proxy from being tried where nobody else may be used and nothing comes back', () => {
  const { other, told } = failing();
  expect(other.proxies.noteInVain(other.now)).toBe(Number.POSITIVE_INFINITY);
  other.hear(told);
  expect(other.proxies.noteInVain(other.now)).toBe(other.now + 3000);
  other.now += 2000;
  expect(other.proxies.noteInVain(other.now)).toBe(other.now + 1000);
  expect(other.restMs()).toBeGreaterThan(0);
  other.now += 1000;
  expect(other.proxies.noteInVain(other.now)).toBe(other.now);
  expect(other.restMs()).toBe(0);
  expect(other.hear([])).toMatchObject([{ url: URLS[PROXY], restMs: 0 }]);
});
