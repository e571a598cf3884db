import type { Random } from '../../core/random.ts';
import type { Fate } from './fate.ts';

/** How the site answers one request. */
export type Answer =
  | { readonly kind: 'page' }
  | { readonly kind: 'banned' }
  | { readonly kind: 'throttled'; readonly retryAfterSecs: number }
  | { readonly kind: 'denied' }
  | { readonly kind: 'failed'; readonly status: 502 | 503 };

export type AnswerKind = Answer['kind'];

/** One source address as the site sees it: how often it came, and what the site has made of it. */
export class Visitor {
  readonly #fate: Fate;
  readonly #random: Random;
  #hits = 0;
  #burstLeft: number;
  #throttledUntilMs = Number.NEGATIVE_INFINITY;
  readonly #answers: Record<AnswerKind, number> = {
    page: 0,
    banned: 0,
    throttled: 0,
    denied: 0,
    failed: 0,
  };

  /** How long the site takes to answer this visitor. */
  readonly latencyMs: number;

  constructor(fate: Fate, random: Random, latencyMs: number) {
    this.#fate = fate;
    this.#random = random;
    this.latencyMs = latencyMs;
    this.#burstLeft = fate.kind === 'throttling' ? fate.burst : 0;
  }

  get fate(): Fate {
    return this.#fate;
  }

  get hits(): number {
    return this.#hits;
  }

  /** How often each answer was given. */
  get answers(): Readonly<Record<AnswerKind, number>> {
    return this.#answers;
  }

  /** Counts a request and decides its answer. `nowMs` is any clock that never runs backwards. */
  visit(nowMs: number): Answer {
    this.#hits++;
    const answer = this.#judge(nowMs);
    this.#answers[answer.kind]++;
    return answer;
  }

  #judge(nowMs: number): Answer {
    const fate = this.#fate;
    switch (fate.kind) {
      case 'banning':
        return this.#hits > fate.afterHits ? { kind: 'banned' } : { kind: 'page' };
      case 'soft-blocking':
        return this.#hits > fate.afterHits ? { kind: 'denied' } : { kind: 'page' };
      case 'throttling':
        return this.#throttle(fate, nowMs);
      case 'flaky': {
        if (this.#random.next() >= fate.failureShare) return { kind: 'page' };
        return { kind: 'failed', status: this.#random.next() < 0.5 ? 502 : 503 };
      }
      default:
        return { kind: 'page' };
    }
  }

  #throttle(fate: Extract<Fate, { kind: 'throttling' }>, nowMs: number): Answer {
    if (nowMs < this.#throttledUntilMs) return this.#tooEarly(nowMs);
    if (this.#burstLeft > 0) {
      this.#burstLeft--;
      return { kind: 'page' };
    }
    this.#throttledUntilMs = nowMs + fate.retryAfterSecs * 1000;
    this.#burstLeft = fate.burst;
    return this.#tooEarly(nowMs);
  }

  #tooEarly(nowMs: number): Answer {
    const leftSecs = Math.ceil((this.#throttledUntilMs - nowMs) / 1000);
    return { kind: 'throttled', retryAfterSecs: Math.max(1, leftSecs) };
  }
}
