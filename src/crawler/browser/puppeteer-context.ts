import type {
  BrowserContext,
  CDPSession,
  CookieData,
  HTTPResponse,
  Page,
  Target,
} from 'puppeteer-core';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { BrowserCookie } from '../../session/cookies.ts';
import type { ContextIdentity, DrivenContext, DrivenPage } from './browser-driver.ts';
import { PuppeteerPage } from './puppeteer-page.ts';
import { tryFor } from './try-for.ts';

export interface PuppeteerContextParts {
  readonly context: BrowserContext;
  readonly identity: ContextIdentity;
  readonly clock: Clock;
  readonly graceMs: number;
  /** Called once. */
  onClosed(): Promise<void>;
}

/** A session inside Chromium, as Puppeteer drives it. */
export class PuppeteerContext implements DrivenContext<Page, HTTPResponse> {
  readonly #parts: PuppeteerContextParts;
  readonly #pages = new Set<PuppeteerPage>();
  #isGone = false;
  #closing: Promise<void> | undefined;

  constructor(parts: PuppeteerContextParts) {
    this.#parts = parts;
    parts.context.on('targetcreated', (target) => void this.#dressPopup(target));
  }

  async openPage(): Promise<DrivenPage<Page, HTTPResponse>> {
    const { context, identity, clock, graceMs } = this.#parts;
    const page = await context.newPage();
    try {
      const devTools = await dress(page, identity);
      const opened = new PuppeteerPage({
        page,
        devTools,
        identity,
        clock,
        graceMs,
        onClosed: () => this.#pages.delete(opened),
      });
      this.#pages.add(opened);
      if (this.#isGone) opened.browserGone();
      return opened;
    } catch (error) {
      await tryFor(clock, graceMs, () => page.close());
      throw error;
    }
  }

  async cookies(): Promise<BrowserCookie[]> {
    const cookies = await this.#parts.context.cookies();
    return cookies.map((cookie) => ({
      name: cookie.name,
      value: cookie.value,
      domain: cookie.domain,
      path: cookie.path,
      expires: cookie.session ? -1 : cookie.expires,
      httpOnly: cookie.httpOnly ?? false,
      secure: cookie.secure,
      ...(cookie.sameSite && cookie.sameSite !== 'Default' ? { sameSite: cookie.sameSite } : {}),
    }));
  }

  async addCookies(cookies: readonly BrowserCookie[]): Promise<void> {
    if (cookies.length === 0) return;
    await this.#parts.context.setCookie(
      ...cookies.map(({ domain = '', path = '/', expires = -1, ...cookie }): CookieData => {
        return { ...cookie, domain, path, ...(expires < 0 ? {} : { expires }) };
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

  /** Puppeteer lets a window that a page opened run before we hear of it, so its first request may go out undressed. */
  async #dressPopup(target: Target): Promise<void> {
    if (target.type() !== 'page' || !target.opener()) return;
    try {
      const page = await target.page();
      if (page) await dress(page, this.#parts.identity);
    } catch {
      // It was closed at once.
    }
  }
}

/** Shows the identity on a page. What is set here holds as long as the DevTools session lives, which is as long as the page. */
async function dress(
  page: Page,
  { userAgent, locale, viewport }: ContextIdentity,
): Promise<CDPSession> {
  const language = locale.split('-')[0] as string;
  const [devTools] = await Promise.all([
    page.createCDPSession().then(async (session) => {
      await Promise.all([
        // Without a user agent the browser's own stays.
        session.send('Emulation.setUserAgentOverride', {
          userAgent: userAgent ?? '',
          acceptLanguage: language === locale ? locale : `${locale},${language}`,
        }),
        setLocale(session, locale),
      ]);
      return session;
    }),
    page.setViewport({ ...viewport }),
    // For frames of other sites, which our session does not reach.
    userAgent === undefined ? undefined : page.setUserAgent({ userAgent }),
  ]);
  return devTools;
}

/** A renderer has one locale, and pages of one context may share a renderer: then it is set already, to the same. */
async function setLocale(devTools: CDPSession, locale: string): Promise<void> {
  try {
    await devTools.send('Emulation.setLocaleOverride', { locale });
  } catch (error) {
    if (!messageOf(error).includes('Another locale override is already in effect')) throw error;
  }
}
