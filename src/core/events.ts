import { log } from './log.ts';

type Listener<Payload> = (payload: Payload) => void;

/**
 * Typed events. They report, they never steer: a listener that throws or rejects is logged and changes
 * nothing, and nothing waits for a listener. A listener is called once per event however often it was added.
 */
export class EventSource<Events extends object> {
  /** Whether the listener goes after its first call, by listener. */
  readonly #listeners = new Map<keyof Events, Map<Listener<never>, boolean>>();

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listenersOf(name).set(listener, false);
    return this;
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const listeners = this.#listenersOf(name);
    if (!listeners.has(listener)) listeners.set(listener, true);
    return this;
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.get(name)?.delete(listener);
    return this;
  }

  /** Whether anybody listens; lets a hot path skip building the payload. */
  hasListeners(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Calls those who listened when the event happened, in the order they were added. */
  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (!listeners || listeners.size === 0) return;
    for (const [listener, isOnce] of [...listeners]) {
      // An event emitted by an earlier listener may have used it up already.
      if (isOnce && !listeners.delete(listener)) continue;
      this.#call(name, listener as Listener<Events[Name]>, payload);
    }
  }

  #listenersOf(name: keyof Events): Map<Listener<never>, boolean> {
    let listeners = this.#listeners.get(name);
    if (!listeners) {
      listeners = new Map();
      this.#listeners.set(name, listeners);
    }
    return listeners;
  }

  #call<Payload>(name: keyof Events, listener: Listener<Payload>, payload: Payload): void {
    const report = (error: unknown): void =>
      log.exception(error, `A listener of "${String(name)}" threw`);
    try {
      const result: unknown = listener(payload);
      if (result instanceof Promise) result.catch(report);
    } catch (error) {
      report(error);
    }
  }
}
