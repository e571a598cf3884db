import type { Excuse, Outcome } from '../outcome.ts';
import type { Origin } from './origin.ts';
import type { NetworkSpan, Span } from './rate-search.ts';

/** Why a session was picked. */
export interface PickReason {
  /** Sessions that were looked at, the one picked among them; 1 for a session that was asked for by name. */
  readonly candidates: number;
  /** Of these, with a chance close to the best. */
  readonly kept: number;
  /** Drawn from what is believed of it. */
  readonly drawn: number;
  readonly cost: number;
  /** Of the next best; `null` when there was no other. */
  readonly nextCost: number | null;
}

/** Of a session that was asked for by name. */
export const BY_NAME: PickReason = Object.freeze({
  candidates: 1,
  kept: 1,
  drawn: Number.NaN,
  cost: Number.NaN,
  nextCost: null,
});

/** What an outcome did to the numbers. */
export interface Moves {
  readonly at: number;
  readonly kind: Outcome['kind'];
  readonly pairGood: number;
  readonly pairBad: number;
  readonly proxyGood: number;
  readonly proxyBad: number;
  /** Of the origin. */
  readonly meanBefore: number;
  readonly meanAfter: number;
  readonly rateBefore: number;
  readonly rateAfter: number;
  /** Of the breaker. */
  readonly scoreBefore: number;
  readonly scoreAfter: number;
  /** What the address, or its proxy, rests until; 0 for no rest. */
  readonly restsUntil: number;
  readonly excuse: Excuse;
}

/** One lease, as the scheduler sees it. */
export interface Use {
  readonly slot: number;
  readonly generation: number;
  readonly pair: number;
  readonly proxy: number;
  readonly origin: Origin;
  readonly url: string | undefined;
  readonly openedAt: number;
  /** What its address has sent since it was as good as new, this one included. */
  readonly span: Span;
  /** The same of its network, as the mean of the addresses. */
  readonly networkSpan: NetworkSpan;
  /** Expected success when it began. */
  readonly predicted: number;
  /** It asks an origin that is down whether it answers again. */
  readonly isProbe: boolean;
  /** It tells whether a failure of its proxy sticks. */
  readonly isRetry: boolean;
  readonly reason: PickReason;
  moves: Moves | undefined;
}

/** The proxy failed, by chance: as its address does not even rest for it, the session need not rest, either. */
export function isChanceFailure({ moves }: Use, now: number): boolean {
  return moves?.kind === 'proxy' && moves.restsUntil > 0 && moves.restsUntil <= now;
}
