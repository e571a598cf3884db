import type { SessionHands } from './session-hands.ts';
import type {
  RetiredSession,
  SessionColdRow,
  SessionHotRow,
  StoredSession,
} from './session-rows.ts';

export type { RetiredSession, SessionColdRow, SessionHotRow, StoredSession };

export interface SessionChanges {
  readonly hot: readonly SessionHotRow[];
  readonly cold: readonly SessionColdRow[];
  readonly retired: readonly RetiredSession[];
}

/**
 * Sessions of one pool key. Rows are upserted one by one, so two pools on one key keep each other's sessions.
 * Retirement is terminal here too: an upsert for a retired id is ignored.
 */
export interface SessionStore {
  readonly name: string;
  /** Where several workers may use the pool at the same time. Then a pool lends only what it holds in its hand. */
  readonly hands?: SessionHands;
  /** All live sessions, in batches of at most `batchSize`. A row the store cannot read is moved to quarantine and reported. */
  load(options?: { batchSize?: number }): AsyncIterable<readonly StoredSession[]>;
  /** Atomic. Durable when the promise resolves. */
  save(changes: SessionChanges): Promise<void>;
  /** Puts a row the engine found corrupt aside, beside the original, and removes it from the live ones. */
  quarantine(id: string, reason: string): Promise<void>;
  /** Forgets retirements older than `before`, wall-clock ms. */
  forgetRetired(before: number): Promise<void>;
  drop(): Promise<void>;
}
