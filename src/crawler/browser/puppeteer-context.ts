import type {
  BrowserContext,
  CDPSession,
  CookieData,
  HTTPResponse,
  Page,
  Target,
} from 'puppeteer-core';
import { messageOf } from '../../core/errors.ts';
import type { BrowserCookie } from '../../session/cookies.ts';
import type { ContextIdentity } from './browser-driver.ts';
import { PuppeteerPage } from './puppeteer-page.ts';
import { type ContextEnd, RunningContext } from './running-context.ts';
import type { PageEnd } from './running-page.ts';
import { tryFor } from './try-for.ts';

/** A session inside Chromium, as Puppeteer drives it. */
export class PuppeteerContext extends RunningContext<Page, HTTPResponse> {
  readonly #context: BrowserContext;
  readonly #identity: ContextIdentity;

  constructor(context: BrowserContext, identity: ContextIdentity, end: ContextEnd) {
    super(context, end);
    this.#context = context;
    this.#identity = identity;
    context.on('targetcreated', (target) => void this.#dressPopup(target));
  }

  async cookies(): Promise<BrowserCookie[]> {
    const cookies = await this.#context.cookies();
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
    await this.#context.setCookie(
      ...cookies.map(({ domain = '', path = '/', expires = -1, ...cookie }): CookieData => {
        return { ...cookie, domain, path, ...(expires < 0 ? {} : { expires }) };
      }),
    );
  }

  protected async newPage(end: PageEnd): Promise<PuppeteerPage> {
    const page = await this.#context.newPage();
    try {
      const devTools = await dress(page, this.#identity);
      return new PuppeteerPage(page, devTools, {
        proxy: this.#identity.proxy,
        crashEvent: 'error',
        end,
      });
    } catch (error) {
      await tryFor(end.clock, end.graceMs, () => page.close());
      throw error;
    }
  }

  /** Puppeteer lets a window that a page opened run before we hear of it, so its first request may go out undressed. */
  async #dressPopup(target: Target): Promise<void> {
    if (target.type() !== 'page' || !target.opener()) return;
    try {
      const page = await target.page();
      if (page) await dress(page, this.#identity);
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
