import type { Clock } from '../core/clock.ts';
import { TimeoutError } from '../core/errors.ts';
import type { Session } from './session.ts';
import type { HookTools, ResolvedHooks } from './session-hooks.ts';

/** What a session needs before it may be lent: a first time, a look whether it is still good, or to be made good again. */
export type HookNeed = 'init' | 'check' | 'refresh';

/** What a call of the hooks came to. `failed` check means: neither good, nor is there a hook to make it so. */
export type HookResult = 'initialized' | 'checked' | 'refreshed' | 'failed';

/** One run of the user's hooks for one session, with an end in time. */
export class HookCall {
  readonly #hooks: ResolvedHooks;
  /** What it sends requests and opens pages with. */
  readonly tools: HookTools;
  readonly #session: Session;
  readonly #controller = new AbortController();
  /** What the session needs as far as is known: a check that failed turns it into a refresh. */
  need: HookNeed;

  constructor(parts: { hooks: ResolvedHooks; tools: HookTools; session: Session; need: HookNeed }) {
    this.#hooks = parts.hooks;
    this.tools = parts.tools;
    this.#session = parts.session;
    this.need = parts.need;
  }

  /** Tells the hook to end; what it still does is ignored. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /**
   * Code that never returns cannot be ended: `onReturned` is called when the hook really is over, which may be long
   * after the result.
   *
   * @throws TimeoutError, the reason of `abort`, or what the hook throws
   */
  run(clock: Clock, onReturned: () => void): Promise<HookResult> {
    const { signal } = this.#controller;
    const { initTimeoutSecs } = this.#hooks;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const timer = clock.setTimer(() => {
        const what = this.need === 'check' ? 'checkSession' : 'initSession';
        this.abort(new TimeoutError(what, initTimeoutSecs * 1000));
      }, initTimeoutSecs * 1000);
      const over = (): void => {
        timer.cancel();
        onReturned();
      };
      // Later, so that nothing a hook does happens in the middle of what the pool is doing.
      Promise.resolve()
        .then(() => this.#work())
        .then(
          (result) => {
            resolve(result);
            over();
          },
          (error) => {
            reject(error);
            over();
          },
        );
    });
  }

  async #work(): Promise<HookResult> {
    const { initSession, checkSession, refreshSession = initSession } = this.#hooks;
    if (this.need === 'init') {
      await this.#withPage(initSession);
      return 'initialized';
    }
    if (this.need === 'check') {
      if ((await checkSession?.(this.#context())) !== false) return 'checked';
      if (!refreshSession) return 'failed';
      this.need = 'refresh';
      this.#controller.signal.throwIfAborted();
    }
    await this.#withPage(refreshSession);
    return 'refreshed';
  }

  async #withPage(hook: ResolvedHooks['initSession']): Promise<void> {
    const opened = await this.tools.openPage?.(this.#session, this.#controller.signal);
    try {
      this.#controller.signal.throwIfAborted();
      await hook?.({ ...this.#context(), ...(opened ? { page: opened.page } : {}) });
    } finally {
      await opened?.close();
    }
  }

  #context(): {
    readonly session: Session;
    readonly signal: AbortSignal;
    readonly sendRequest: (
      options: Parameters<HookTools['sendRequest']>[1],
    ) => ReturnType<HookTools['sendRequest']>;
  } {
    const { signal } = this.#controller;
    return {
      session: this.#session,
      signal,
      sendRequest: (options) => this.tools.sendRequest(this.#session, options, signal),
    };
  }
}
