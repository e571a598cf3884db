import type { BrowserContext, Page, Response } from 'playwright-core';
import type { Clock } from '../../core/clock.ts';
import type { BrowserCookie } from '../../session/cookies.ts';
import type { ContextIdentity, DrivenContext, DrivenPage } from './browser-driver.ts';
import { PlaywrightPage } from './playwright-page.ts';
import { tryFor } from './try-for.ts';

export interface PlaywrightContextParts {
  readonly context: BrowserContext;
  readonly identity: ContextIdentity;
  readonly clock: Clock;
  readonly graceMs: number;
  /** Called once. */
  onClosed(): Promise<void>;
}

/** A session inside Chromium, as Playwright drives it. */
export class PlaywrightContext implements DrivenContext<Page, Response> {
  readonly #parts: PlaywrightContextParts;
  readonly #pages = new Set<PlaywrightPage>();
  #isGone = false;
  #closing: Promise<void> | undefined;

  constructor(parts: PlaywrightContextParts) {
    this.#parts = parts;
  }

  async openPage(): Promise<DrivenPage<Page, Response>> {
    const { context, identity, clock, graceMs } = this.#parts;
    const page = await context.newPage();
    const opened = new PlaywrightPage({
      page,
      identity,
      clock,
      graceMs,
      onClosed: () => this.#pages.delete(opened),
    });
    this.#pages.add(opened);
    if (this.#isGone) opened.browserGone();
    return opened;
  }

  async cookies(): Promise<BrowserCookie[]> {
    const cookies = await this.#parts.context.cookies();
    return cookies.map(({ name, value, domain, path, expires, httpOnly, secure, sameSite }) => ({
      name,
      value,
      domain,
      path,
      expires,
      httpOnly,
      secure,
      ...(sameSite ? { sameSite } : {}),
    }));
  }

  async addCookies(cookies: readonly BrowserCookie[]): Promise<void> {
    if (cookies.length === 0) return;
    await this.#parts.context.addCookies(
      cookies.map(({ domain = '', path = '/', expires = -1, ...cookie }) => {
        return { ...cookie, domain, path, expires: expires < 0 ? -1 : expires };
      }),
    );
  }

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

  async #close(): Promise<void> {
    const { context, clock, graceMs, onClosed } = this.#parts;
    if (!this.#isGone) await tryFor(clock, graceMs, () => context.close());
    await onClosed().catch(() => {});
  }
}
