import { log } from './log.ts';

type Listener<Payload> = (payload: Payload) => void;

/**
 * Typed events. They report, they never steer: a listener that throws is logged and changes nothing,
 * and nothing waits for a listener.
 */
export class EventSource<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    let listeners = this.#listeners.get(name);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    listeners.add(listener as Listener<never>);
    return this;
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const wrapped: Listener<Events[Name]> = (payload) => {
      this.off(name, wrapped);
      listener(payload);
    };
    return this.on(name, wrapped);
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.get(name)?.delete(listener as Listener<never>);
    return this;
  }

  /** Whether anybody listens; lets a hot path skip building the payload. */
  hasListeners(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (!listeners || listeners.size === 0) return;
    for (const listener of [...listeners]) {
      try {
        (listener as Listener<Events[Name]>)(payload);
      } catch (error) {
        log.exception(error, `A listener of "${String(name)}" threw`);
      }
    }
  }
}
