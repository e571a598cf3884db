import type { EventSource } from '../core/events.ts';
import { Scheduler } from './adaptive/scheduler.ts';
import type { Ledger } from './ledger.ts';
import { tellOfOrigin } from './origin-news.ts';
import type { SessionPoolEvents } from './pool-events.ts';
import type { ResolvedPoolOptions } from './pool-options.ts';
import type { Roster } from './roster.ts';
import { type ReadySet, readySetFor } from './selection.ts';
import { sentencesOf } from './sentences.ts';
import type { Session } from './session.ts';

/** How a pool chooses among sessions that are ready; with a scheduler where it depends on the site. */
export function selectionFor(
  { selection, adaptive, clock, random, log }: ResolvedPoolOptions,
  pool: {
    readonly ledger: Ledger;
    readonly roster: Roster;
    readonly events: EventSource<SessionPoolEvents>;
    /** A session that was held back may be lent again. */
    readonly onFit: (slot: number) => void;
  },
): { readonly ready: ReadySet; readonly scheduler: Scheduler | undefined } {
  const { ledger, roster, events } = pool;
  const parts = {
    table: ledger.table,
    random,
    now: () => clock.now(),
    handleOf: (slot: number) => roster.handleOf(slot),
    slotOf: (session: Session) => roster.slotOfSession(session),
  };
  if (selection !== 'adaptive') {
    return { ready: readySetFor(selection, parts), scheduler: undefined };
  }
  const scheduler = new Scheduler(
    {
      ...parts,
      sentences: sentencesOf(ledger, pool.onFit),
      onOriginChange: (origin, event) => tellOfOrigin(origin, event, { log, events }),
    },
    adaptive,
  );
  return { ready: scheduler, scheduler };
}
