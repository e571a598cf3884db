import type { SessionStore } from '../storage/session-store.ts';
import type { Hand } from './hand/hand.ts';
import type { LeaseDesk } from './lease-desk.ts';
import type { Ledger } from './ledger.ts';
import type { Persistence } from './persistence.ts';
import type { InitialSession, ResolvedPoolOptions } from './pool-options.ts';
import { forgetOldRetirements, restoreSessions } from './restore.ts';
import type { Roster } from './roster.ts';
import type { SessionMaker } from './session-maker.ts';

interface FilledParts {
  readonly options: ResolvedPoolOptions;
  readonly store: SessionStore | undefined;
  readonly hand: Hand | undefined;
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly persistence: Persistence | undefined;
  readonly desk: LeaseDesk;
  readonly maker: SessionMaker;
  /** A session that was made may be lent from now on. */
  readonly enter: (slot: number) => void;
}

/** Brings in what a pool begins with: the sessions that are stored, and those that are known from the start. */
export async function fillPool(parts: FilledParts): Promise<void> {
  const { hand, store } = parts;
  if (hand && store) return join(parts, hand, store);
  if (store) await restore(parts, store);
  for (const session of parts.options.initialSessions) await addInitial(parts, session);
}

/** The worker that comes first makes those known from the start; those that retired are not made again. */
async function join(parts: FilledParts, hand: Hand, store: SessionStore): Promise<void> {
  const { clock, initialSessions } = parts.options;
  await forgetOldRetirements(store, clock.now());
  await hand.join();
  const absent = await hand.fetch(initialSessions.map(({ id }) => id));
  for (const session of initialSessions) {
    if (absent.get(session.id) === 'unknown') await addInitial(parts, session);
  }
  if (initialSessions.length > 0) await hand.giveBackIdle();
}

async function addInitial(
  { roster, maker, enter }: FilledParts,
  session: InitialSession,
): Promise<void> {
  if (!roster.has(session.id)) enter(await maker.add(session, { evenIfFull: true }));
}

async function restore(parts: FilledParts, store: SessionStore): Promise<void> {
  const { options, ledger, roster, persistence, desk } = parts;
  await restoreSessions({
    store,
    options,
    ledger,
    roster,
    onRestored: (slot) => {
      persistence?.noteStored(slot);
      desk.restoreKeys(slot);
      desk.admit(slot);
      ledger.review(slot);
    },
  });
  desk.catchUp(options.clock.now());
}
