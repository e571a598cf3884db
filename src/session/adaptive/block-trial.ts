import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Pacing } from './pacing.ts';
import { RollingCount } from './rolling-count.ts';
import { Stickiness } from './stickiness.ts';

/** Nearly all. */
const MOST_OF_THEM = 0.8;
/** Where so large a share of so many sticks, or so many addresses stay shut out, not all blocks are chance. */
const MOSTLY = 0.6;
const ENOUGH_TRIES = 4;
const LEAST_STUCK = 5;
/** Of blocks that stick so often each is taken for a ban at once. */
const SURE = 0.8;
/** So many next requests are enough to see that blocks do not stick. */
const ENOUGH_RETRIES = 2;

export type TrialState = 'idle' | 'testing' | 'believed' | 'ignoring';

export interface Block {
  readonly sentAt: number;
  /** The address was let in time and again before. */
  readonly isSurprise: boolean;
  /** Of an address that went ahead of the others. */
  readonly isScout: boolean;
  /** Of one that is given more than others, as it answers sooner. */
  readonly isFast: boolean;
}

/**
 * Whether blocks are about the pace. A site may block at random, and slowing down for that would only lose time. Two
 * things tell. A block that is about the address sticks: the next request is blocked as well, where a random one is
 * not. And the belief is put to the test: the first cut that blocks bring about begins a trial; if a clearly lower rate
 * has not made blocks clearly rarer, the rate is given back and blocks are no signal for a while.
 */
export class BlockTrial {
  readonly #options: ResolvedAdaptiveOptions['trial'];
  readonly #good: RollingCount;
  readonly #blocks: RollingCount;
  readonly #scoutBlocks: RollingCount;
  /** Of scouts, and of those that are given more as they are fast. */
  readonly #aheadBlocks: RollingCount;
  /** After which the next one was blocked, too. */
  readonly #stuck: RollingCount;
  /** Of blocks, by the next results of their addresses. */
  readonly #stickiness: Stickiness;
  #state: TrialState = 'idle';
  /** Blocks do not stick, but are many. */
  #isLoose = false;
  /** Some blocks are no chance, however many are: when the pace is right, only those are left that are. */
  #isProven = false;
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
    this.#scoutBlocks = new RollingCount(options.windowSecs * 1000);
    this.#aheadBlocks = new RollingCount(options.windowSecs * 1000);
    this.#stuck = new RollingCount(options.windowSecs * 1000);
    const { stickinessUses: priorTries, stickinessMemory: memory } = options;
    this.#stickiness = new Stickiness({ priorTries, memory });
  }

  get state(): TrialState {
    return this.#state;
  }

  /** Until when blocks are no signal. */
  get ignoresUntil(): number {
    return this.#ignoresUntil;
  }

  /** How likely it is that the request after a block is blocked, too; one half while nothing is known. */
  get stickiness(): number {
    return this.#stickiness.share;
  }

  /** Whether a block was chance is known only by the next request. */
  get isInDoubt(): boolean {
    return this.stickiness < SURE;
  }

  /** The first result of an address after a block. */
  noteRetry(now: number, isBlocked: boolean, pacing: Pacing): void {
    this.#stickiness.note(isBlocked);
    if (isBlocked) this.#noteStuck(now, pacing);
    const { minStickiness, restoreFactor } = this.#options;
    const isLoose = this.stickiness < minStickiness && this.#stickiness.tries >= ENOUGH_RETRIES;
    const isRefuted = isLoose && !this.#isProven && !pacing.isSure;
    if (this.#state !== 'testing' || this.#isLoose || !isRefuted) return;
    this.#state = 'idle';
    pacing.restore(restoreFactor * this.#rateBefore);
  }

  #noteStuck(now: number, pacing: Pacing): void {
    this.#stuck.add(now);
    const many = Math.max(LEAST_STUCK, this.#options.stuckShare * pacing.activeCount);
    this.#isProven ||=
      this.#stuck.count(now) >= many ||
      (this.stickiness > MOSTLY && this.#stickiness.tries >= ENOUGH_TRIES);
    if (this.#slowSince > 0 && !this.#isLoose) this.#blocked++;
    if (this.#state === 'idle') this.#heed(now, now, pacing);
  }

  noteGood(now: number, pacing: Pacing): void {
    this.#good.add(now);
    this.#noteResult(now, pacing, false);
  }

  noteBlock(now: number, block: Block, pacing: Pacing): void {
    if (block.isSurprise) this.#blocks.add(now);
    if (block.isSurprise && block.isScout) this.#scoutBlocks.add(now);
    if (block.isSurprise && (block.isScout || block.isFast)) this.#aheadBlocks.add(now);
    this.#noteResult(now, pacing, block.isSurprise);
    if (block.isSurprise) this.#heed(now, block.sentAt, pacing);
  }

  #heed(now: number, sentAt: number, pacing: Pacing): void {
    if (!this.#isHeeded(now, pacing)) return;
    const isSticky = this.stickiness > this.#options.minStickiness;
    if (this.#state === 'idle') {
      this.#state = 'testing';
      this.#isLoose = !isSticky;
      this.#rateBefore = Math.min(pacing.rate, pacing.observed(now));
      this.#slowSince = 0;
      this.#hazardBefore = this.#hazard(now);
    }
    pacing.signal(now, sentAt, { kind: 'blocked', isSticky });
  }

  #isHeeded(now: number, pacing: Pacing): boolean {
    if (this.#state === 'ignoring') {
      if (now < this.#ignoresUntil) return false;
      this.#state = 'idle';
    }
    const { minBlocks, minBlockShare, minStickiness, looseBlockShare } = this.#options;
    const blocks = this.#blocks.count(now);
    const isLoose = this.stickiness <= minStickiness;
    const least = (isLoose ? looseBlockShare : minBlockShare) * this.#good.count(now);
    if (blocks >= minBlocks && blocks > least) return true;
    return !isLoose && (this.#isOfScouts(now, pacing) || this.#areBans(now, pacing));
  }

  /** Where those that go ahead are shut out and nobody else is, a few blocks tell. */
  #isOfScouts(now: number, pacing: Pacing): boolean {
    const ofScouts = this.#scoutBlocks.count(now);
    const enough = pacing.enoughScouts;
    return enough > 0 && ofScouts >= enough && ofScouts >= MOST_OF_THEM * this.#blocks.count(now);
  }

  /** However rare they are, where they meet hardly anybody but those that send more than others, or very many. */
  #areBans(now: number, pacing: Pacing): boolean {
    const { sureStickiness, aheadBlocks, massShare, minBlocks } = this.#options;
    if (this.stickiness <= sureStickiness) return false;
    const blocks = this.#blocks.count(now);
    const ahead = this.#aheadBlocks.count(now);
    const isMass = blocks >= minBlocks && blocks >= massShare * pacing.activeCount;
    return isMass || (ahead >= aheadBlocks && ahead >= MOST_OF_THEM * blocks);
  }

  #hazard(now: number): number {
    const blocks = this.#blocks.count(now);
    return blocks / Math.max(1, blocks + this.#good.count(now));
  }

  #noteResult(now: number, pacing: Pacing, isBlock: boolean): void {
    if (this.#state !== 'testing') return;
    const { rateShare, blocks, minSecs, hazardShare, restoreFactor, ignoreSecs } = this.#options;
    const isSettled = !pacing.goesByBlocks || pacing.isFound;
    if (!isSettled || pacing.rate > rateShare * this.#rateBefore) {
      this.#slowSince = 0;
      return;
    }
    if (this.#slowSince === 0) {
      this.#slowSince = now;
      if (!pacing.goesByBlocks) this.#hazardBefore = this.#hazard(now);
      this.#results = 0;
      this.#blocked = 0;
    }
    this.#results++;
    // Elsewhere those count that stuck.
    if (isBlock && this.#isLoose) this.#blocked++;
    const results = blocks / this.#hazardBefore;
    if (this.#results < results || now - this.#slowSince < minSecs * 1000) return;
    if (this.#blocked / this.#results > hazardShare * this.#hazardBefore) {
      this.#state = 'ignoring';
      this.#isProven = false;
      this.#ignoresUntil = now + ignoreSecs * 1000;
      pacing.restore(restoreFactor * this.#rateBefore);
    } else {
      this.#state = 'believed';
    }
  }
}
