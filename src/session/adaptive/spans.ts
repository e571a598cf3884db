import type { Pacing } from './pacing.ts';
import type { PairTable } from './pair-table.ts';
import type { Span } from './rate-search.ts';

const MOST_USES = 65_535;
const FIRST: Span = Object.freeze({ uses: 1, secs: 0 });

/** A request goes out: what the address has sent since it was last as good as new to the origin, this one among it. */
export function extendSpan(pairs: PairTable, pair: number, pacing: Pacing, now: number): Span {
  const uses = pairs.spanUses.get(pair);
  if (uses === 0 || pacing.isForgiven(uses, now - pairs.spanFrom.get(pair))) {
    pairs.spanFrom.set(pair, now);
    pairs.spanUses.set(pair, 1);
    return FIRST;
  }
  pairs.spanUses.set(pair, Math.min(MOST_USES, uses + 1));
  return { uses: uses + 1, secs: (now - pairs.spanFrom.get(pair)) / 1000 };
}
