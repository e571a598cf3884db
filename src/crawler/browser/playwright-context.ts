import type { BrowserContext, Page, Response } from 'playwright-core';
import type { BrowserCookie } from '../../session/cookies.ts';
import type { ContextIdentity } from './browser-driver.ts';
import { PlaywrightPage } from './playwright-page.ts';
import { type ContextEnd, RunningContext } from './running-context.ts';
import type { PageEnd } from './running-page.ts';

/** A session inside Chromium, as Playwright drives it. */
export class PlaywrightContext extends RunningContext<Page, Response> {
  readonly #context: BrowserContext;
  readonly #identity: ContextIdentity;

  constructor(context: BrowserContext, identity: ContextIdentity, end: ContextEnd) {
    super(context, end);
    this.#context = context;
    this.#identity = identity;
  }

  async cookies(): Promise<BrowserCookie[]> {
    const cookies = await this.#context.cookies();
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
    await this.#context.addCookies(
      cookies.map(({ domain = '', path = '/', expires = -1, ...cookie }) => {
        return { ...cookie, domain, path, expires: expires < 0 ? -1 : expires };
      }),
    );
  }

  protected async newPage(end: PageEnd): Promise<PlaywrightPage> {
    const page = await this.#context.newPage();
    return new PlaywrightPage(page, { proxy: this.#identity.proxy, crashEvent: 'crash', end });
  }
}
