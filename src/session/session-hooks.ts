import { TroupeError } from '../core/errors.ts';
import type { Session } from './session.ts';
import type { SendRequestOptions, SentResponse } from './session-request.ts';

/** What a hook works with. The functions need no `this`. */
export interface SessionHookContext {
  readonly session: Session;
  /**
   * Sends a request as the session: its proxy, cookies and headers. The URL must be given.
   *
   * @throws HttpError; TroupeError `TROUPE_NO_SENDER` when no crawler runs on the pool
   */
  sendRequest(options: SendRequestOptions & { readonly url: string }): Promise<SentResponse>;
  /** Aborted when the time is up, the session retires, or the crawl or the pool ends. */
  readonly signal: AbortSignal;
}

export interface InitSessionContext extends SessionHookContext {
  /** A page in the session's browser context, of the library the crawler drives; absent where there is no browser. */
  readonly page?: unknown;
}

/**
 * What makes a session fit for use, and keeps it so. Each session has one hook running at most, and all sessions
 * together `maxConcurrentInits`. Leases wait for their session in line; others are lent meanwhile.
 */
export interface SessionHooks {
  /** Logs the session in, accepts consent, … : once, before its first lease. A restored session is not initialised again. */
  readonly initSession?: (context: InitSessionContext) => Promise<unknown> | unknown;
  /** Whether the session is still good, asked before a lease, at most every `checkIntervalSecs`, and once after a restart. */
  readonly checkSession?: (context: SessionHookContext) => Promise<boolean> | boolean;
  /** Makes a session good again that `checkSession` said is not. @default `initSession` */
  readonly refreshSession?: (context: InitSessionContext) => Promise<unknown> | unknown;
  /** Hooks running at once, in the whole pool. @default 5 */
  readonly maxConcurrentInits?: number;
  /** Further tries, each after a longer pause, before the session is put into quarantine. Requests lose none of their retries by that. @default 3 */
  readonly maxInitRetries?: number;
  /** For one run of a hook. @default 60 */
  readonly initTimeoutSecs?: number;
  /** @default 300 */
  readonly checkIntervalSecs?: number;
  /** How long a session is set aside whose hooks failed time and again; doubles each time. After the third time it retires as `invalid`. @default 60 */
  readonly quarantineSecs?: number;
}

/** What a hook is lent by whoever can send requests and open pages: a crawler, while it runs. */
export interface HookTools {
  sendRequest(
    session: Session,
    options: SendRequestOptions & { readonly url: string },
    signal: AbortSignal,
  ): Promise<SentResponse>;
  /** A page in the session's browser context. Its cookies are in the session's jar once it is closed. */
  openPage?: ((session: Session, signal: AbortSignal) => Promise<HookPage>) | undefined;
}

export interface HookPage {
  /** The library's own object. */
  readonly page: unknown;
  /** Never throws. */
  close(): Promise<void>;
}

export type ResolvedHooks = Required<
  Pick<
    SessionHooks,
    | 'maxConcurrentInits'
    | 'maxInitRetries'
    | 'initTimeoutSecs'
    | 'checkIntervalSecs'
    | 'quarantineSecs'
  >
> &
  Pick<SessionHooks, 'initSession' | 'checkSession' | 'refreshSession'>;

const DEFAULTS = Object.freeze({
  maxConcurrentInits: 5,
  maxInitRetries: 3,
  initTimeoutSecs: 60,
  checkIntervalSecs: 300,
  quarantineSecs: 60,
});

/** `undefined` where there is no hook, so that pools without any do nothing for them. */
export function resolveHooks(options: SessionHooks): ResolvedHooks | undefined {
  const { initSession, checkSession, refreshSession } = options;
  if (!initSession && !checkSession) return undefined;
  return {
    ...(initSession ? { initSession } : {}),
    ...(checkSession ? { checkSession } : {}),
    ...(refreshSession ? { refreshSession } : {}),
    maxConcurrentInits: options.maxConcurrentInits ?? DEFAULTS.maxConcurrentInits,
    maxInitRetries: options.maxInitRetries ?? DEFAULTS.maxInitRetries,
    initTimeoutSecs: options.initTimeoutSecs ?? DEFAULTS.initTimeoutSecs,
    checkIntervalSecs: options.checkIntervalSecs ?? DEFAULTS.checkIntervalSecs,
    quarantineSecs: options.quarantineSecs ?? DEFAULTS.quarantineSecs,
  };
}

/** What hooks get where no crawler runs. */
export const NO_TOOLS: HookTools = {
  sendRequest: () =>
    Promise.reject(
      new TroupeError(
        'TROUPE_NO_SENDER',
        '`sendRequest` works while a crawler runs on the pool; with the pool alone, use `createFetch(session)` in the hook',
      ),
    ),
};
