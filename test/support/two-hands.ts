import type { HandOptions, SessionHand, SessionHands } from '../../src/storage/session-hands.ts';
import type { SessionStore } from '../../src/storage/session-store.ts';
import type { Storage } from '../../src/storage/storage.ts';

/** One pool, and two hands on it. */
export interface TwoHands {
  readonly storage: Storage;
  readonly store: SessionStore;
  readonly hands: SessionHands;
  readonly one: SessionHand;
  readonly other: SessionHand;
}

export async function twoHands(
  open: () => Promise<Storage>,
  options: HandOptions,
): Promise<TwoHands> {
  const storage = await open();
  const store = await storage.openSessionStore('pool');
  const hands = store.hands as SessionHands;
  const [one, other] = [await hands.join(options), await hands.join(options)];
  return { storage, store, hands, one, other };
}
