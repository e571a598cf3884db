import type { Log } from '../core/log.ts';
import type { Session } from '../session/session.ts';
import type { HookPage } from '../session/session-hooks.ts';
import type { SessionPool } from '../session/session-pool.ts';
import type { Attempt } from './attempt.ts';
import type { BasicContext } from './context.ts';
import type { EnqueueLinksOptions, EnqueueLinksResult } from './enqueue-links.ts';
import type { SessionSender } from './session-sender.ts';

/** What a kind of page may use of the crawl it is opened in. */
export interface PageTools {
  readonly sender: SessionSender;
  readonly log: Log;
  readonly handlerTimeoutSecs: number;
  /** Wall clock, ms. */
  now(): number;
  countBytes(bytes: number): void;
  /** Follows links that were found on the page. */
  enqueue(
    attempt: Attempt,
    hrefs: Iterable<string>,
    options: EnqueueLinksOptions,
  ): Promise<EnqueueLinksResult>;
}

/** What makes one kind of crawler differ from another: how a request becomes the page its handler sees. */
export interface PageKind<Context extends BasicContext> {
  /** Brings what the kind needs, once a run. @throws TroupeError `TROUPE_PEER_MISSING` */
  prepare(): Promise<void>;
  /** A run begins on this pool. What it opens stays until {@link PageKind.end}. */
  begin?(pool: SessionPool | undefined): Promise<void>;
  /**
   * Opens the page and completes its context. Whatever is wrong with it is thrown, as a `PageError` or an
   * `HttpError` where somebody is to blame.
   */
  open(attempt: Attempt, context: BasicContext, tools: PageTools): Promise<Context>;
  /** A page as which `initSession` of the pool logs a session in; absent where there is no browser. */
  openHookPage?(session: Session, signal: AbortSignal): Promise<HookPage>;
  /** Lets go of what `open` took. Never throws. */
  close?(context: Context): Promise<void>;
  /** The run is over, or could not begin. Never throws. Idempotent. */
  end?(): Promise<void>;
}

/** No page at all: the handler does everything itself. */
export const NO_PAGE: PageKind<BasicContext> = {
  prepare: async () => {},
  open: async (_attempt, context) => context,
};
