import type { BrowserCookie } from '../../session/cookies.ts';
import type { DrivenContext, DrivenPage } from './browser-driver.ts';
import type { CloseLimits } from './driver-options.ts';
import type { PageEnd, RunningPage } from './running-page.ts';
import { tryFor } from './try-for.ts';

export interface ContextEnd extends CloseLimits {
  /** Called once. */
  onClosed(): Promise<void>;
}

/** A session inside a browser, whichever library drives it: its pages, and its end. */
export abstract class RunningContext<Page, Response> implements DrivenContext<Page, Response> {
  readonly #library: { close(): Promise<void> };
  readonly #end: ContextEnd;
  readonly #pages = new Set<RunningPage<Page, Response>>();
  #isGone = false;
  #closing: Promise<void> | undefined;

  /** `library` is its own context. */
  constructor(library: { close(): Promise<void> }, end: ContextEnd) {
    this.#library = library;
    this.#end = end;
  }

  async openPage(): Promise<DrivenPage<Page, Response>> {
    const { clock, graceMs } = this.#end;
    const opened = await this.newPage({
      clock,
      graceMs,
      onClosed: () => this.#pages.delete(opened),
    });
    this.#pages.add(opened);
    if (this.#isGone) opened.browserGone();
    return opened;
  }

  abstract cookies(): Promise<BrowserCookie[]>;

  abstract addCookies(cookies: readonly BrowserCookie[]): Promise<void>;

  /** The browser is gone: nothing that waits for a page will be answered. */
  browserGone(): void {
    this.#isGone = true;
    for (const page of this.#pages) page.browserGone();
    void this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  protected abstract newPage(end: PageEnd): Promise<RunningPage<Page, Response>>;

  async #close(): Promise<void> {
    const { clock, graceMs, onClosed } = this.#end;
    if (!this.#isGone) await tryFor(clock, graceMs, () => this.#library.close());
    await onClosed().catch(() => {});
  }
}
