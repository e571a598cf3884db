import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { BetaSampler } from './beta-sampler.ts';
import { decayed } from './decay.ts';
import type { PairTable } from './pair-table.ts';
import type { ProxyBook } from './proxy-book.ts';

const LOWEST_MEAN = 0.001;
/** Of newcomers the last so many count, about. */
const MAX_NEWCOMERS = 200;

/**
 * How likely a use is to succeed: that the origin lets the address in, times that the proxy works. Both are Beta
 * distributions over evidence that decays by the wall clock, and a pick draws from their product: discounted Thompson
 * sampling (Thompson 1933; Chapelle and Li, "An empirical evaluation of Thompson sampling", 2011; Raj and Kalyani,
 * "Taming non-stationary bandits", 2017).
 */
export class Prediction {
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #sampler: BetaSampler;
  readonly #pairHalfLifeMs: number;
  readonly #proxyHalfLifeMs: number;
  readonly #priorUses: number;
  readonly #priorWeight: number;
  #priorGood: number;
  #priorBad: number;
  /** Verdicts on proxies when they were new. */
  #newGood: number;
  #newBad: number;
  /** Of an origin that has been asked about: what is believed of an address that is new to it, as of when. */
  #pairGood = 0;
  #pairBad = 0;
  #now = 0;
  /** Of the product: its mean, and how many uses it is worth. */
  #mean = 0;
  #strength = 0;

  constructor(
    parts: { pairs: PairTable; proxies: ProxyBook; sampler: BetaSampler },
    options: ResolvedAdaptiveOptions['evidence'],
  ) {
    this.#pairs = parts.pairs;
    this.#proxies = parts.proxies;
    this.#sampler = parts.sampler;
    this.#pairHalfLifeMs = options.pairHalfLifeSecs * 1000;
    this.#proxyHalfLifeMs = options.proxyHalfLifeSecs * 1000;
    this.#priorUses = options.pairPriorUses;
    this.#priorGood = options.proxyPriorGood;
    this.#priorBad = options.proxyPriorBad;
    this.#priorWeight = options.proxyPriorGood + options.proxyPriorBad;
    this.#newGood = options.proxyPriorGood;
    this.#newBad = options.proxyPriorBad;
  }

  /** How a proxy fares that is new. */
  get newcomerMean(): number {
    return this.#priorGood / this.#priorWeight;
  }

  /** Expected success. -1 for a pair nothing is known of. */
  mean(pair: number, proxy: number, originMean: number, now: number): number {
    this.suppose(originMean, now);
    this.weigh(pair, proxy);
    return this.#mean;
  }

  /** What holds for all that is weighed from now on: it is of one origin, at one time. */
  suppose(originMean: number, now: number): void {
    const prior = Math.min(1 - LOWEST_MEAN, Math.max(LOWEST_MEAN, originMean));
    this.#pairGood = prior * this.#priorUses;
    this.#pairBad = (1 - prior) * this.#priorUses;
    this.#now = now;
  }

  /** What is known of a pair and its proxy, to be drawn from. Apart from the draw: the engine makes fast code of either. */
  weigh(pair: number, proxy: number): void {
    const now = this.#now;
    let a = this.#pairGood;
    let b = this.#pairBad;
    if (pair !== -1) {
      const left = decayed(now - this.#pairs.evidenceAt.get(pair), this.#pairHalfLifeMs);
      a += this.#pairs.good.get(pair) * left;
      b += this.#pairs.bad.get(pair) * left;
    }
    const kept = decayed(now - this.#proxies.evidenceAt.get(proxy), this.#proxyHalfLifeMs);
    const c = this.#priorGood + this.#proxies.good.get(proxy) * kept;
    const d = this.#priorBad + this.#proxies.bad.get(proxy) * kept;
    // E[(XY)²] of independent X and Y is E[X²]·E[Y²]: over common denominators, for divisions take long.
    const both = (a + b) * (c + d);
    const next = (a + b + 1) * (c + d + 1);
    const good = a * c;
    const spread = (a + 1) * (c + 1) * both - good * next;
    this.#mean = good / both;
    this.#strength = spread > 0 ? ((both - good) * next) / spread - 1 : 1e9;
  }

  /**
   * One draw. The product of two Betas is close to the Beta of the same mean and variance, so one Beta is drawn
   * instead of two; the test holds it against the exact product.
   */
  draw(): number {
    const mean = this.#mean;
    return this.#sampler.beta(mean * this.#strength, (1 - mean) * this.#strength);
  }

  /** The odds that a proxy fails rather than works. */
  proxyOdds(proxy: number, now: number): number {
    if (this.#proxies.isDirect(proxy)) return 0;
    const left = decayed(now - this.#proxies.evidenceAt.get(proxy), this.#proxyHalfLifeMs);
    return (
      (this.#proxies.bad.get(proxy) * left + this.#priorBad) /
      (this.#proxies.good.get(proxy) * left + this.#priorGood)
    );
  }

  learnPair(pair: number, good: number, bad: number, now: number): void {
    const pairs = this.#pairs;
    const left = decayed(now - pairs.evidenceAt.get(pair), this.#pairHalfLifeMs);
    pairs.good.set(pair, pairs.good.get(pair) * left + good);
    pairs.bad.set(pair, Math.max(0, pairs.bad.get(pair) * left + bad));
    pairs.evidenceAt.set(pair, now);
  }

  learnProxy(proxy: number, good: number, bad: number, now: number): void {
    const proxies = this.#proxies;
    if (proxies.evidenceAt.get(proxy) === 0) this.#learnNewcomer(good, bad);
    const left = decayed(now - proxies.evidenceAt.get(proxy), this.#proxyHalfLifeMs);
    proxies.good.set(proxy, proxies.good.get(proxy) * left + good);
    proxies.bad.set(proxy, Math.max(0, proxies.bad.get(proxy) * left + bad));
    proxies.evidenceAt.set(proxy, now);
  }

  /** What is believed of new proxies follows those that were new before, however many there are of them. */
  #learnNewcomer(good: number, bad: number): void {
    this.#newGood += good;
    this.#newBad += bad;
    const all = this.#newGood + this.#newBad;
    const scale = Math.min(1, MAX_NEWCOMERS / all);
    this.#newGood *= scale;
    this.#newBad *= scale;
    this.#priorGood = (this.#priorWeight * this.#newGood) / (this.#newGood + this.#newBad);
    this.#priorBad = this.#priorWeight - this.#priorGood;
  }
}
