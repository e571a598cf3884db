import type { BrowserDriver, DrivenBrowser, LaunchOptions } from './browser-driver.ts';
import { crashOf } from './crash.ts';

export interface BrowserLimits {
  /** Open at once in one browser. */
  readonly maxPagesPerBrowser: number;
  /** Opened over the life of one browser. */
  readonly retireBrowserAfterPages: number;
}

/** What those who use browsers must hear of. */
export interface BrowsersOwner<Page, Response> {
  /** Takes no more pages; it is closed once those it has are gone. */
  onRetired(seat: BrowserSeat<Page, Response>): void;
  /** Its process has gone, for whatever reason. */
  onGone(seat: BrowserSeat<Page, Response>): void;
}

/** One browser process, from before it runs, and the places taken in it. */
export class BrowserSeat<Page, Response> {
  readonly driven: Promise<DrivenBrowser<Page, Response>>;
  readonly #limits: BrowserLimits;
  /** What waits for an answer of the browser. */
  readonly #waiting = new Set<(error: unknown) => void>();
  #openCount = 0;
  #openedCount = 0;
  #isRetired = false;

  constructor(driven: Promise<DrivenBrowser<Page, Response>>, limits: BrowserLimits) {
    this.driven = driven;
    this.#limits = limits;
  }

  get hasRoom(): boolean {
    return !this.#isRetired && this.#openCount < this.#limits.maxPagesPerBrowser;
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  get isEmpty(): boolean {
    return this.#openCount === 0;
  }

  get isWornOut(): boolean {
    return this.#openedCount >= this.#limits.retireBrowserAfterPages;
  }

  enter(): void {
    this.#openCount++;
    this.#openedCount++;
  }

  leave(): void {
    this.#openCount--;
  }

  retire(): void {
    this.#isRetired = true;
  }

  /** Waits for an answer of the browser, which the libraries may leave out when it dies. @throws PageError */
  answer<T>(step: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      step.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  /** Its process has gone. */
  gone(): void {
    this.retire();
    for (const reject of this.#waiting) reject(crashOf('browser', 'a page that was being opened'));
  }
}

/** The browser processes of a run: launched when pages need room, retired when worn out, closed when empty. */
export class Browsers<Page, Response> {
  readonly #driver: BrowserDriver<Page, Response>;
  readonly #launch: LaunchOptions;
  readonly #limits: BrowserLimits;
  readonly #owner: BrowsersOwner<Page, Response>;
  readonly #seats = new Set<BrowserSeat<Page, Response>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(parts: {
    readonly driver: BrowserDriver<Page, Response>;
    readonly launch: LaunchOptions;
    readonly limits: BrowserLimits;
    readonly owner: BrowsersOwner<Page, Response>;
  }) {
    this.#driver = parts.driver;
    this.#launch = parts.launch;
    this.#limits = parts.limits;
    this.#owner = parts.owner;
  }

  /** A browser with room for one more page; launched when there is none. The oldest first, so that later ones empty. */
  withRoom(): BrowserSeat<Page, Response> {
    for (const seat of this.#seats) if (seat.hasRoom) return seat;
    return this.#open();
  }

  /** Takes a place for a page; to be given back by `leave`. */
  enter(seat: BrowserSeat<Page, Response>): void {
    seat.enter();
    if (seat.isWornOut && !seat.isRetired) this.#retire(seat);
  }

  leave(seat: BrowserSeat<Page, Response>): void {
    seat.leave();
    if (seat.isRetired && seat.isEmpty) this.#close(seat);
  }

  /** It does not answer: whatever it holds is lost. */
  discard(seat: BrowserSeat<Page, Response>): void {
    if (!seat.isRetired) this.#retire(seat);
    this.#close(seat);
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    for (const seat of [...this.#seats]) this.#close(seat);
    await Promise.all(this.#closing);
  }

  #open(): BrowserSeat<Page, Response> {
    const seat = new BrowserSeat(this.#driver.launch(this.#launch), this.#limits);
    this.#seats.add(seat);
    seat.driven.then(
      (browser) => browser.onGone(() => this.#onGone(seat)),
      // Whoever waits for it gets the error; the next one in need tries again.
      () => this.#onGone(seat),
    );
    return seat;
  }

  #retire(seat: BrowserSeat<Page, Response>): void {
    seat.retire();
    this.#owner.onRetired(seat);
  }

  #onGone(seat: BrowserSeat<Page, Response>): void {
    // Temporary files and the connection are left to be cleared away.
    this.#close(seat);
    seat.gone();
    this.#owner.onGone(seat);
  }

  #close(seat: BrowserSeat<Page, Response>): void {
    if (!this.#seats.delete(seat)) return;
    seat.retire();
    const closing = seat.driven.then(
      (browser) => browser.close(),
      () => {},
    );
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
