import type { Clock } from '../../core/clock.ts';
import { messageOf, TimeoutError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { PageError } from '../crawl-errors.ts';
import { bounded } from './bounded.ts';
import type { BrowserDriver, DrivenContext, LaunchOptions } from './browser-driver.ts';
import { type BrowserLimits, type BrowserSeat, Browsers } from './browsers.ts';
import { contextIdentity, type Visitor } from './context-identity.ts';
import { CookieSync } from './cookie-sync.ts';
import { crashOf } from './crash.ts';
import { OpenPage } from './open-page.ts';
import { ownUserAgent } from './own-user-agent.ts';
import { closeStrays } from './stray-pages.ts';

/** A browser that needs longer for one step is taken for hung. */
const STEP_LIMIT_MS = 30_000;
const CLOSE_LIMIT_MS = 10_000;

export interface ContextLimits extends BrowserLimits {
  /** Contexts that stay open without a page in them. */
  readonly maxWarmContexts: number;
}

/** A session's place in a browser. */
interface Seat<Page, Response> {
  readonly browser: BrowserSeat<Page, Response>;
  readonly driven: Promise<DrivenContext<Page, Response>>;
  /** Absent where nothing is kept from one page to the next. */
  readonly cookies: CookieSync | undefined;
  readonly sessionId: string | undefined;
  readonly pages: Set<OpenPage<Page, Response>>;
  /** Pages open, and pages on their way. */
  pageCount: number;
  isOver: boolean;
}

/**
 * Gives each session a browser context of its own. It stays warm between the session's requests and is closed
 * when the session retires, when its browser does, or when it has been idle the longest of too many; never
 * before the pages in flight in it have finished. Safe under any concurrency.
 */
export class SessionContexts<Page, Response> {
  readonly #limits: ContextLimits;
  readonly #isKeeping: boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #browsers: Browsers<Page, Response>;
  /** By session, in order of last use. */
  readonly #seats = new Map<string, Seat<Page, Response>>();
  /** Those with pages in them, whether a session finds them still or not. */
  readonly #occupied = new Set<Seat<Page, Response>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(parts: {
    readonly driver: BrowserDriver<Page, Response>;
    readonly launch: LaunchOptions;
    readonly limits: ContextLimits;
    /** Keep contexts and cookies from one page of a session to the next. */
    readonly isKeeping: boolean;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#limits = parts.limits;
    this.#isKeeping = parts.isKeeping;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#browsers = new Browsers({
      ...parts,
      owner: {
        onRetired: (browser) => this.#onRetired(browser),
        onGone: (browser) => this.#onGone(browser),
      },
    });
  }

  /** Launches the first browser, so that one that cannot run is met before any request. @throws TroupeError */
  async warmUp(): Promise<void> {
    await this.#browsers.withRoom().driven;
  }

  /**
   * Opens a page as a session, with the session's cookies. `onLost` hears of a crash of the page or its browser.
   *
   * @throws TimeoutError when the browser hangs, or what the driver throws
   */
  async open(
    visitor: Visitor,
    onLost: (error: PageError) => void,
  ): Promise<OpenPage<Page, Response>> {
    const seat = this.#enter(visitor);
    try {
      const browser = await seat.browser.driven;
      const context = await this.#step(seat, 'Opening a browser context', seat.driven);
      await this.#step(seat, 'Setting cookies', seat.cookies?.toBrowser(context));
      const driven = await this.#step(seat, 'Opening a page', context.openPage());
      // A window may have been opened when the last page was closed already.
      if (seat.pageCount === 1) await this.#step(seat, 'Closing windows', closeStrays(driven.page));
      const page: OpenPage<Page, Response> = new OpenPage({
        browser: browser.browser,
        driven,
        clock: this.#clock,
        log: this.#log,
        onLost,
        loadCookies: () => this.#step(seat, 'Setting cookies', seat.cookies?.toBrowser(context)),
        saveCookies: () =>
          this.#step(seat, 'Reading cookies', seat.cookies?.toJar(context, driven.url())),
        release: () => this.#release(seat, page),
      });
      seat.pages.add(page);
      return page;
    } catch (error) {
      this.#endSeat(seat);
      this.#leave(seat);
      throw error;
    }
  }

  /** The session is final: its context is closed once its pages have finished. */
  retire(sessionId: string): void {
    const seat = this.#seats.get(sessionId);
    if (seat) this.#endSeat(seat);
  }

  /** Closes everything. Never throws. */
  async close(): Promise<void> {
    this.#seats.clear();
    await this.#browsers.close();
    await Promise.all(this.#closing);
  }

  #enter(visitor: Visitor): Seat<Page, Response> {
    const id = this.#isKeeping ? visitor.session?.id : undefined;
    const known = id === undefined ? undefined : this.#seats.get(id);
    // In a full browser it would have to wait for other sessions; the cookies move to another one with it.
    if (known && !known.browser.hasRoom) this.#endSeat(known);
    const seat = known && !known.isOver ? known : this.#newSeat(visitor, id);
    seat.pageCount++;
    this.#occupied.add(seat);
    if (id !== undefined) {
      this.#seats.delete(id);
      this.#seats.set(id, seat);
    }
    this.#browsers.enter(seat.browser);
    return seat;
  }

  #newSeat(visitor: Visitor, id: string | undefined): Seat<Page, Response> {
    const { session } = visitor;
    const browser = this.#browsers.withRoom();
    const driven = browser.driven.then(async (running) =>
      running.openContext(contextIdentity(visitor, await ownUserAgent(running.browser))),
    );
    // Whoever waits for it gets the error.
    driven.catch(() => {});
    return {
      browser,
      driven,
      cookies: session && id !== undefined ? new CookieSync(session, this.#log) : undefined,
      sessionId: id,
      pages: new Set(),
      pageCount: 0,
      isOver: id === undefined,
    };
  }

  async #release(seat: Seat<Page, Response>, page: OpenPage<Page, Response>): Promise<void> {
    seat.pages.delete(page);
    // Nobody else's pages are in there, so what is left over belongs to nobody.
    const isLast = seat.pageCount === 1 && !seat.isOver;
    const ended = isLast ? closeStrays(page.driven.page).catch(() => {}) : Promise.resolve();
    const closing = bounded(
      ended.then(() => page.driven.close()),
      'Closing a page',
      CLOSE_LIMIT_MS,
      this.#clock,
    );
    await closing.catch(() => this.#browsers.discard(seat.browser));
    this.#leave(seat);
  }

  #leave(seat: Seat<Page, Response>): void {
    seat.pageCount--;
    if (seat.pageCount === 0) {
      this.#occupied.delete(seat);
      if (seat.isOver) this.#closeContext(seat);
      else this.#closeColdest();
    }
    this.#browsers.leave(seat.browser);
  }

  #closeColdest(): void {
    let surplus = -this.#limits.maxWarmContexts;
    for (const { pageCount } of this.#seats.values()) if (pageCount === 0) surplus++;
    for (const seat of this.#seats.values()) {
      if (surplus <= 0) return;
      if (seat.pageCount > 0) continue;
      this.#endSeat(seat);
      surplus--;
    }
  }

  /** Nobody enters it any more; it is closed once its pages have finished. */
  #endSeat(seat: Seat<Page, Response>): void {
    if (seat.sessionId !== undefined && this.#seats.get(seat.sessionId) === seat) {
      this.#seats.delete(seat.sessionId);
    }
    if (seat.isOver) return;
    seat.isOver = true;
    if (seat.pageCount === 0) this.#closeContext(seat);
  }

  #closeContext(seat: Seat<Page, Response>): void {
    const ended = seat.driven.then((context) => context.close());
    const closing = bounded(ended, 'Closing a browser context', CLOSE_LIMIT_MS, this.#clock).catch(
      (error) => {
        if (error instanceof TimeoutError) this.#browsers.discard(seat.browser);
      },
    );
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #onRetired(browser: BrowserSeat<Page, Response>): void {
    for (const seat of [...this.#seats.values()]) {
      if (seat.browser === browser) this.#endSeat(seat);
    }
  }

  #onGone(browser: BrowserSeat<Page, Response>): void {
    this.#onRetired(browser);
    for (const seat of [...this.#occupied]) {
      if (seat.browser !== browser) continue;
      for (const page of seat.pages) page.lose(crashOf('browser', page.driven.url()));
    }
  }

  async #step<T>(seat: Seat<Page, Response>, what: string, step: Promise<T>): Promise<T>;
  async #step<T>(
    seat: Seat<Page, Response>,
    what: string,
    step: Promise<T> | undefined,
  ): Promise<T | undefined>;
  async #step<T>(
    seat: Seat<Page, Response>,
    what: string,
    step: Promise<T> | undefined,
  ): Promise<T | undefined> {
    if (!step) return undefined;
    try {
      return await bounded(seat.browser.answer(step), what, STEP_LIMIT_MS, this.#clock);
    } catch (error) {
      if (error instanceof TimeoutError) {
        this.#log.warning(`A browser hangs and is ended: ${messageOf(error)}`);
        this.#browsers.discard(seat.browser);
      }
      throw error;
    }
  }
}
