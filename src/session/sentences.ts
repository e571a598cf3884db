import type { Sentences } from './adaptive/court.ts';
import type { Ledger } from './ledger.ts';

/** What the verdicts of an adaptive pool come to. */
export function sentencesOf(ledger: Ledger, onFit: (slot: number) => void): Sentences {
  return {
    retire: (slot, reason, status) => ledger.retire(slot, reason, status),
    release: (slot) => {
      ledger.acquit(slot);
      onFit(slot);
    },
    forgive: (slot, errorScore) => ledger.refund(slot, errorScore),
  };
}
