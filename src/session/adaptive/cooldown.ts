import type { Random } from '../../core/random.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';

/** Blocks that stick more often than this are bans. */
const LIKELY = 0.5;
/** What sticks more rarely than this was chance, and needs no rest. */
const RARE = 0.2;
const SHORTEST_REST_MS = 1000;
/** Steps beyond it would only overflow. */
const MAX_STEP = 30;
/** A proxy rests so many times as long as its failure took, at first. */
const PATIENCE = 2;

/**
 * How long an address rests on an origin. After a 429 as long as the origin asks, and longer each time in a row. After
 * a ban about as long as bans seem to last there: each probe that is let in shortens the guess, each that is not
 * lengthens it, and each ban in a row lengthens the rest; the times at which probes were refused and let in close in
 * on how long a ban lasts, and later ones wait for just that. After a rest one request goes first.
 */
export class Cooldown {
  readonly #options: ResolvedAdaptiveOptions['cooldown'];
  readonly #random: Random;
  #banSecs: number;
  #isTold = false;
  /** A ban was still on after so long, and over after so long: the tightest that has been seen. */
  #blockedAfterMs = 0;
  #freeAfterMs = Number.POSITIVE_INFINITY;

  constructor(options: ResolvedAdaptiveOptions['cooldown'], random: Random) {
    this.#options = options;
    this.#random = random;
    this.#banSecs = options.banSecs;
  }

  /** The present guess at the length of a ban. */
  get banSecs(): number {
    return this.#banSecs;
  }

  /** The last 429 said how long to wait. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** `step` counts from 1. Never shorter than the origin asked. */
  throttleMs(step: number, intervalMs: number, retryAfterSecs = 0): number {
    const { throttleSecs, throttleIntervals, maxThrottleSecs, jitter } = this.#options;
    const first = Math.max(throttleSecs, (throttleIntervals * intervalMs) / 1000);
    this.#isTold = retryAfterSecs > 0;
    const isTold = step === 1 && retryAfterSecs > 0;
    const backoff = Math.min(maxThrottleSecs, first * 2 ** Math.min(MAX_STEP, step - 1));
    const spread = 1 + jitter * (2 * this.#random.next() - 1);
    // The first time the origin knows best.
    if (isTold) return retryAfterSecs * Math.max(1, spread) * 1000;
    return Math.max(retryAfterSecs, Math.max(retryAfterSecs, backoff) * spread) * 1000;
  }

  /**
   * `step` counts from 1, `lostMs` from the first block on. The first rest is the shorter the more likely it is that
   * the next request is let in anyway.
   */
  banMs(step: number, stickiness: number, isStranger: boolean, lostMs: number): number {
    const { maxRestSecs } = this.#options;
    const isBan = step > 1 || stickiness > LIKELY;
    const isKnown = this.#freeAfterMs < Number.POSITIVE_INFINITY;
    if (!isStranger && isBan && isKnown && lostMs < this.#freeAfterMs) {
      return Math.max(SHORTEST_REST_MS, this.#endsAfterMs(lostMs) - lostMs);
    }
    const rest = Math.min(maxRestSecs, this.#banRestSecs(step, stickiness, isStranger, lostMs));
    return rest * (0.5 + 0.5 * this.#random.next()) * 1000;
  }

  #banRestSecs(step: number, stickiness: number, isStranger: boolean, lostMs: number): number {
    const { strangerBanFactor, banGrowth, minBanSecs } = this.#options;
    if (isStranger) return this.#banSecs * strangerBanFactor * 2 ** Math.min(MAX_STEP, step - 1);
    if (step === 1) return this.#banSecs * weightOf(stickiness);
    return Math.max(minBanSecs, ((banGrowth - 1) * lostMs) / 1000);
  }

  /** Between the longest that a ban was seen to last and the shortest after which one was over. */
  #endsAfterMs(lostMs: number): number {
    const from = Math.max(lostMs, this.#blockedAfterMs);
    return from + (this.#freeAfterMs - from) * (0.25 + 0.75 * this.#random.next());
  }

  /** How long after a block the address need not rest any more, as far as is known. */
  latestEndMs(lostMs: number): number {
    return Math.max(lostMs, this.#freeAfterMs);
  }

  /** The longer the failure took, the longer the rest: what cost much is not tried again soon. */
  proxyMs(step: number, tookMs: number, isStranger: boolean): number {
    const { maxRestSecs, proxyFailureSecs, strangerFactor } = this.#options;
    const first =
      Math.max(proxyFailureSecs, (PATIENCE * tookMs) / 1000) * (isStranger ? strangerFactor : 1);
    const rest = Math.min(maxRestSecs, first * 2 ** Math.min(MAX_STEP, step - 1));
    return rest * (0.5 + 0.5 * this.#random.next()) * 1000;
  }

  /** A ban was still on after so long, and over after so long. Says whether others need not rest as long as it seemed. */
  noteReturn(blockedAfterMs: number, freeAfterMs: number): boolean {
    const before = this.#freeAfterMs;
    const isOther = freeAfterMs <= this.#blockedAfterMs || blockedAfterMs >= before;
    this.#blockedAfterMs = isOther
      ? blockedAfterMs
      : Math.max(this.#blockedAfterMs, blockedAfterMs);
    this.#freeAfterMs = isOther ? freeAfterMs : Math.min(before, freeAfterMs);
    return this.#freeAfterMs < before;
  }

  /** The first request after a rest, so long after the block: one that is no surprise tells nothing. */
  noteProbe(isGood: boolean, lostMs: number): void {
    if (isGood !== lostMs < this.#banSecs * 1000) return;
    const { goodProbeFactor, blockedProbeFactor, minBanSecs, maxBanSecs } = this.#options;
    const next = this.#banSecs * (isGood ? goodProbeFactor : blockedProbeFactor);
    this.#banSecs = Math.min(maxBanSecs, Math.max(minBanSecs, next));
  }
}

/** A block that is followed by another so rarely was none of the address. */
export function isChance(stickiness: number): boolean {
  return stickiness < RARE;
}

function weightOf(stickiness: number): number {
  return isChance(stickiness) ? 0 : stickiness;
}
