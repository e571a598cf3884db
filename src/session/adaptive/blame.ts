import type { Outcome } from '../outcome.ts';

/** Who an outcome speaks for or against, as shares of one use. */
export interface Blame {
  /** For and against the address on this origin. */
  readonly pairGood: number;
  readonly pairBad: number;
  /** For and against the proxy as a proxy, whatever the origin. */
  readonly proxyGood: number;
  readonly proxyBad: number;
  /** For and against the origin. */
  readonly originGood: number;
  readonly originBad: number;
}

/** How likely each is to fail, divided by how likely it is to work. */
export interface Odds {
  readonly proxy: number;
  readonly origin: number;
}

const NOBODY: Blame = Object.freeze({
  pairGood: 0,
  pairBad: 0,
  proxyGood: 0,
  proxyBad: 0,
  originGood: 0,
  originBad: 0,
});
const ALL_GOOD: Blame = Object.freeze({ ...NOBODY, pairGood: 1, proxyGood: 1, originGood: 1 });
const BANNED: Blame = Object.freeze({ ...NOBODY, pairBad: 1, proxyGood: 1, originBad: 1 });
const DEAD_PROXY: Blame = Object.freeze({ ...NOBODY, proxyBad: 1 });
const ORIGIN_FAILED: Blame = Object.freeze({ ...NOBODY, proxyGood: 1, originBad: 1 });

/**
 * Shares out the blame. Whoever answered was reached: any answer of the site speaks for the proxy. A timeout is
 * shared by the odds that either fails anyway. A 429 is a matter of pace and blames nobody, nor does what the user's
 * handler threw.
 *
 * @param outcome.status tells a refusal (401, 403) from a block page that came as a good answer, such as a captcha:
 *   that one is the session's more than the address's
 */
export function blameOf(
  outcome: Outcome,
  odds: () => Odds,
  weights: { readonly timeoutOriginWeight: number; readonly softBlockWeight: number },
): Blame {
  switch (outcome.kind) {
    case 'ok':
      return ALL_GOOD;
    case 'blocked':
      return isSoftBlock(outcome) ? { ...BANNED, pairBad: weights.softBlockWeight } : BANNED;
    case 'proxy':
      return DEAD_PROXY;
    case 'target':
      return ORIGIN_FAILED;
    case 'timeout': {
      const share = proxyShare(odds(), weights.timeoutOriginWeight);
      return { ...NOBODY, proxyBad: share, originBad: 1 - share };
    }
    default:
      return NOBODY;
  }
}

export function isSoftBlock({ kind, status }: Outcome): boolean {
  return kind === 'blocked' && status !== undefined && status < 400;
}

function proxyShare({ proxy, origin }: Odds, originWeight: number): number {
  const weighed = originWeight * origin;
  return proxy + weighed > 0 ? proxy / (proxy + weighed) : 0.5;
}
