import { messageOf } from '../../core/errors.ts';
import type { HeldSession } from '../../storage/session-hands.ts';
import { ColdState } from '../cold-state.ts';
import type { Ledger } from '../ledger.ts';
import { sharing } from '../restore.ts';
import type { SessionLimits } from '../session-options.ts';
import { bodyWithoutCookies, restoreSlot } from '../session-record.ts';
import { jarJsonOf } from './cookie-changes.ts';

/** What became of a session that was taken: its slot, and whether its limits are others than stored; or what is wrong with its row. */
export type Entered =
  | { readonly slot: number; readonly isChanged: boolean }
  | { readonly corrupt: string };

/** Gives a session that was taken from the store a slot. */
export function slotFor(
  held: HeldSession,
  ledger: Ledger,
  restore: { readonly mode: 'stored' | 'current' | 'min'; readonly current: SessionLimits },
): Entered {
  const { table } = ledger;
  let slot: number;
  try {
    slot = restoreSlot(table, held, restore.mode, restore.current, sharing());
  } catch (error) {
    return { corrupt: messageOf(error) };
  }
  // By the store's clock, whatever the worker's clock said that had it last.
  table.readyAt.set(slot, held.restMs > 0 ? ledger.now() + held.restMs : 0);
  if (held.cookies.length > 0) {
    const cold = table.cold.get(slot) ?? new ColdState();
    cold.jarJson = jarJsonOf(held.cookies);
    cold.writtenCookies = held.cookies;
    table.cold.set(slot, cold);
  }
  const isChanged = restore.mode !== 'stored' && bodyWithoutCookies(table, slot) !== held.body;
  return { slot, isChanged };
}
