import type { PairTable } from './pair-table.ts';
import type { NetworkSpan, Span } from './rate-search.ts';

/** Of more networks than this those that came last are not counted as such. */
const MAX_NETWORKS = 1000;
/** So many blocks in a row are hardly chance. */
const BAN = 2;
const MAX_ROUND = 255;

/** Says whether whoever has sent so much in so long is as good as new. */
interface Forgiving {
  isForgiven(uses: number, ms: number): boolean;
}

interface Sent {
  /** Tells addresses that have been counted from those that have not. */
  round: number;
  from: number;
  uses: number;
  addressesCount: number;
  blocksInRow: number;
}

/**
 * What networks have sent, as the mean of their addresses: where a limit is theirs together, what each of them has sent
 * alone tells less exactly how much was let pass.
 */
export class NetworkSpans {
  readonly #networks = new Map<number, Sent>();

  /** `own` is what the address has sent. */
  extend(
    network: number,
    { pairs, pair, own }: { pairs: PairTable; pair: number; own: Span },
    limit: Forgiving,
    now: number,
  ): NetworkSpan {
    const sent = this.#networks.get(network);
    if (!sent) {
      if (this.#networks.size >= MAX_NETWORKS) return { ...own, addressesCount: 1 };
      const from = now - own.secs * 1000;
      this.#networks.set(network, {
        round: 1,
        from,
        uses: own.uses,
        addressesCount: 1,
        blocksInRow: 0,
      });
      pairs.round.set(pair, 1);
      return { ...own, addressesCount: 1 };
    }
    const { round, from, uses, addressesCount } = sent;
    if (uses === 0 || limit.isForgiven(uses / addressesCount, now - from)) {
      sent.round = (round % MAX_ROUND) + 1;
      sent.from = now;
      sent.uses = 1;
      sent.addressesCount = 1;
    } else if (pairs.round.get(pair) === round) {
      sent.uses++;
    } else {
      sent.addressesCount++;
      // What came before it was known to be of the network counts, too.
      sent.uses += round === 1 ? own.uses : 1;
      if (round === 1) sent.from = Math.min(from, now - own.secs * 1000);
    }
    pairs.round.set(pair, sent.round);
    const { addressesCount: count } = sent;
    return { uses: sent.uses / count, secs: (now - sent.from) / 1000, addressesCount: count };
  }

  noteLetIn(network: number): void {
    const sent = this.#networks.get(network);
    if (sent) sent.blocksInRow = 0;
  }

  /** Several in a row: it is shut out, and as good as new when it is let in again. */
  noteBlocked(network: number): void {
    const sent = this.#networks.get(network);
    if (sent && ++sent.blocksInRow >= Math.min(sent.addressesCount, BAN)) sent.uses = 0;
  }
}
