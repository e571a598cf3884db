import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Pacing } from './pacing.ts';
import { RollingCount } from './rolling-count.ts';

export type TrialState = 'idle' | 'testing' | 'believed' | 'ignoring';

/**
 * Whether blocks are about the pace. A site may block at random, and slowing down for that would only lose time: so
 * the belief is put to the test. The first cut that blocks bring about begins a trial; if a clearly lower rate has
 * not made blocks clearly rarer, the rate is given back and blocks are no signal for a while.
 */
export class BlockTrial {
  readonly #options: ResolvedAdaptiveOptions['trial'];
  readonly #good: RollingCount;
  readonly #blocks: RollingCount;
  #state: TrialState = 'idle';
  #rateBefore = 0;
  #hazardBefore = 0;
  #slowSince = 0;
  #results = 0;
  #blocked = 0;
  #ignoresUntil = 0;

  constructor(options: ResolvedAdaptiveOptions['trial']) {
    this.#options = options;
    this.#good = new RollingCount(options.windowSecs * 1000);
    this.#blocks = new RollingCount(options.windowSecs * 1000);
  }

  get state(): TrialState {
    return this.#state;
  }

  /** Until when blocks are no signal. */
  get ignoresUntil(): number {
    return this.#ignoresUntil;
  }

  noteGood(now: number, pacing: Pacing): void {
    this.#good.add(now);
    this.#noteResult(now, pacing, false);
  }

  /** `goodBefore`: successes of the address since its last block. */
  noteBlock(now: number, goodBefore: number, pacing: Pacing): void {
    const isAfterSuccesses = goodBefore >= this.#options.minGoodBefore;
    if (isAfterSuccesses) this.#blocks.add(now);
    this.#noteResult(now, pacing, isAfterSuccesses);
    if (!isAfterSuccesses || !this.#isHeeded(now)) return;
    if (this.#state === 'idle') {
      this.#state = 'testing';
      this.#rateBefore = Math.min(pacing.rate, pacing.observed(now));
      this.#hazardBefore = this.#hazard(now);
      this.#slowSince = 0;
    }
    pacing.signal(now);
  }

  #isHeeded(now: number): boolean {
    if (this.#state === 'ignoring') {
      if (now < this.#ignoresUntil) return false;
      this.#state = 'idle';
    }
    const blocks = this.#blocks.count(now);
    const { minBlocks, minBlockShare } = this.#options;
    return blocks >= minBlocks && blocks > minBlockShare * this.#good.count(now);
  }

  #hazard(now: number): number {
    const blocks = this.#blocks.count(now);
    return blocks / Math.max(1, blocks + this.#good.count(now));
  }

  #noteResult(now: number, pacing: Pacing, isBlock: boolean): void {
    if (this.#state !== 'testing') return;
    const { rateShare, results, minSecs, hazardShare, restoreFactor, ignoreSecs } = this.#options;
    if (pacing.rate > rateShare * this.#rateBefore) {
      this.#slowSince = 0;
      return;
    }
    if (this.#slowSince === 0) {
      this.#slowSince = now;
      this.#results = 0;
      this.#blocked = 0;
    }
    this.#results++;
    if (isBlock) this.#blocked++;
    if (this.#results < results || now - this.#slowSince < minSecs * 1000) return;
    if (this.#blocked / this.#results > hazardShare * this.#hazardBefore) {
      this.#state = 'ignoring';
      this.#ignoresUntil = now + ignoreSecs * 1000;
      pacing.restore(restoreFactor * this.#rateBefore);
    } else {
      this.#state = 'believed';
    }
  }
}
