import type { Dataset } from './dataset.ts';
import type { KeyValueStore } from './key-value-store.ts';
import type { RequestStore } from './request-store.ts';
import type { SessionStore } from './session-store.ts';

/**
 * Holds durable state and ownership; never decides anything. The engine does not know which one it runs on.
 * Opening the same name twice gives views of the same data. All methods may be called concurrently.
 */
export interface Storage extends AsyncDisposable {
  /**
   * Workers elsewhere may use it at the same time, so what is found there is no leftover: nobody empties it unasked.
   * @default false
   */
  readonly isShared?: boolean;
  openKeyValueStore(name: string): Promise<KeyValueStore>;
  openDataset(name: string): Promise<Dataset>;
  openRequestStore(name: string): Promise<RequestStore>;
  openSessionStore(name: string): Promise<SessionStore>;
  /** Writes what is pending and lets go. Idempotent; concurrent calls share one promise. */
  close(): Promise<void>;
}
