import type { OutcomeKind } from '../session/outcome.ts';
import type { Session } from '../session/session.ts';

interface History {
  /** Sessions it has failed on, oldest first. */
  readonly failedOn: string[];
  lastSessionId: string | undefined;
  /** Monotonic ms of the first throttling in a row; 0 when the last attempt was not throttled. */
  throttledSince: number;
  throttledCount: number;
}

const MAX_FAILED_ON = 20;
const NOBODY: readonly string[] = Object.freeze([]);

/** What this run remembers of requests that did not succeed at once: which sessions they met, how long they have been waiting. */
export class RequestHistory {
  readonly #retrySession: 'new' | 'same' | 'auto';
  readonly #histories = new Map<string, History>();

  constructor(retrySession: 'new' | 'same' | 'auto') {
    this.#retrySession = retrySession;
  }

  /** Sessions the next attempt should not get, and the one it should. */
  wishFor(requestId: string): { avoid: readonly string[]; sessionId: string | undefined } {
    const history = this.#histories.get(requestId);
    if (!history) return { avoid: NOBODY, sessionId: undefined };
    if (this.#retrySession === 'same') return { avoid: NOBODY, sessionId: history.lastSessionId };
    return { avoid: history.failedOn, sessionId: undefined };
  }

  /** Notes an attempt that did not end the request. */
  note(
    requestId: string,
    session: Pick<Session, 'id' | 'proxyInfo'> | undefined,
    kind: OutcomeKind,
    now: number,
  ): void {
    const history = this.#of(requestId);
    history.lastSessionId = session?.id ?? history.lastSessionId;
    if (session && this.#isAvoidedAfter(kind, session.proxyInfo !== null)) {
      history.failedOn.push(session.id);
      if (history.failedOn.length > MAX_FAILED_ON) history.failedOn.shift();
    }
    if (kind === 'throttled') {
      history.throttledCount++;
      if (history.throttledCount === 1) history.throttledSince = now;
    } else {
      history.throttledCount = 0;
    }
  }

  /** How long the request has been throttled without a break, counting an attempt that is about to be noted. */
  throttledForMs(requestId: string, now: number): number {
    const history = this.#histories.get(requestId);
    return history && history.throttledCount > 0 ? now - history.throttledSince : 0;
  }

  /** How often in a row it has been throttled. */
  throttledCount(requestId: string): number {
    return this.#histories.get(requestId)?.throttledCount ?? 0;
  }

  forget(requestId: string): void {
    if (this.#histories.size > 0) this.#histories.delete(requestId);
  }

  #isAvoidedAfter(kind: OutcomeKind, hasProxy: boolean): boolean {
    if (kind === 'throttled' || kind === 'neutral') return false;
    if (this.#retrySession === 'new') return true;
    // A site that fails behind one proxy may answer another; without proxies a session makes no difference to it.
    if (kind === 'target') return hasProxy;
    return kind === 'blocked' || kind === 'proxy' || kind === 'timeout';
  }

  #of(requestId: string): History {
    let history = this.#histories.get(requestId);
    if (!history) {
      history = {
        failedOn: [],
        lastSessionId: undefined,
        throttledSince: 0,
        throttledCount: 0,
      };
      this.#histories.set(requestId, history);
    }
    return history;
  }
}
