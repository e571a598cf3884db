import type { Random } from '../../core/random.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';

/** Steps beyond it would only overflow. */
const MAX_STEP = 30;
/** A proxy rests so many times as long as its failure took, at first. */
const PATIENCE = 2;

/**
 * How long an address rests on an origin. After a 429 as long as the origin asks, and longer each time in a row. After
 * a ban about as long as bans seem to last there: each probe that is let in shortens the guess, each that is not
 * lengthens it, and each ban in a row doubles the rest. After a rest one request goes first.
 */
export class Cooldown {
  readonly #options: ResolvedAdaptiveOptions['cooldown'];
  readonly #random: Random;
  #banSecs: number;

  constructor(options: ResolvedAdaptiveOptions['cooldown'], random: Random) {
    this.#options = options;
    this.#random = random;
    this.#banSecs = options.banSecs;
  }

  /** The present guess at the length of a ban. */
  get banSecs(): number {
    return this.#banSecs;
  }

  /** `step` counts from 1. Never shorter than the origin asked. */
  throttleMs(step: number, intervalMs: number, retryAfterSecs = 0): number {
    const { throttleSecs, throttleIntervals, maxThrottleSecs, jitter } = this.#options;
    const first = Math.max(throttleSecs, (throttleIntervals * intervalMs) / 1000);
    const isTold = step === 1 && retryAfterSecs > 0;
    const backoff = Math.min(maxThrottleSecs, first * 2 ** Math.min(MAX_STEP, step - 1));
    const spread = 1 + jitter * (2 * this.#random.next() - 1);
    // The first time the origin knows best.
    if (isTold) return retryAfterSecs * Math.max(1, spread) * 1000;
    return Math.max(retryAfterSecs, Math.max(retryAfterSecs, backoff) * spread) * 1000;
  }

  /** `step` counts from 1. The first rest is the shorter the more likely it is that the next request is let in anyway. */
  banMs(step: number, stickiness: number, isStranger: boolean): number {
    const { maxRestSecs, strangerBanFactor } = this.#options;
    const first = this.#banSecs * (isStranger ? strangerBanFactor : 1);
    const share = step === 1 && !isStranger ? stickiness : 2 ** Math.min(MAX_STEP, step - 1);
    const rest = Math.min(maxRestSecs, first * share);
    return rest * (0.5 + 0.5 * this.#random.next()) * 1000;
  }

  /** The longer the failure took, the longer the rest: what cost much is not tried again soon. */
  proxyMs(step: number, tookMs: number, isStranger: boolean): number {
    const { maxRestSecs, proxyFailureSecs, strangerFactor } = this.#options;
    const first =
      Math.max(proxyFailureSecs, (PATIENCE * tookMs) / 1000) * (isStranger ? strangerFactor : 1);
    const rest = Math.min(maxRestSecs, first * 2 ** Math.min(MAX_STEP, step - 1));
    return rest * (0.5 + 0.5 * this.#random.next()) * 1000;
  }

  /** The first request after a rest. */
  noteProbe(isGood: boolean): void {
    const { goodProbeFactor, blockedProbeFactor, minBanSecs, maxBanSecs } = this.#options;
    const next = this.#banSecs * (isGood ? goodProbeFactor : blockedProbeFactor);
    this.#banSecs = Math.min(maxBanSecs, Math.max(minBanSecs, next));
  }
}
