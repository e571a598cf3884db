import type { Session } from '../../session/session.ts';
import type { HookPage } from '../../session/session-hooks.ts';
import type { SessionPool } from '../../session/session-pool.ts';
import type { Attempt } from '../attempt.ts';
import { type CheerioContext, CheerioPage, type Load, loadCheerio } from '../cheerio-page.ts';
import type { BasicContext } from '../context.ts';
import type { PageKind, PageTools } from '../page-kind.ts';
import type { AdaptiveContext } from './adaptive-context.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { BrowserPageContext } from './browser-context.ts';
import type { BrowserDriver } from './browser-driver.ts';
import { BrowserPage } from './browser-page.ts';
import { isEmptyPage } from './empty-page.ts';

/** Origins remembered to need a browser; the oldest are forgotten, and found out again. */
const MAX_ORIGINS = 10_000;

/** What Puppeteer's and Playwright's pages have in common. */
interface CommonPage {
  content(): Promise<string>;
  url(): string;
}

interface CommonResponse {
  url(): string;
  status(): number;
  headers(): Record<string, string>;
}

/** Tries plain HTTP first, and opens in a browser what is no use without one. Both go out as the same session. */
export class AdaptivePage<Page, Response> implements PageKind<AdaptiveContext<Page>> {
  readonly #http: CheerioPage;
  readonly #browser: BrowserPage<Page, Response, BrowserPageContext<Page, Response>>;
  readonly #options: ResolvedAdaptiveOptions<Page>;
  readonly #needingBrowser = new Set<string>();
  #load: Load | undefined;
  #pool: SessionPool | undefined;
  #launching: Promise<void> | undefined;

  constructor(driver: BrowserDriver<Page, Response>, options: ResolvedAdaptiveOptions<Page>) {
    this.#http = new CheerioPage(options.http);
    this.#browser = new BrowserPage(
      driver,
      options.browser as ConstructorParameters<
        typeof BrowserPage<Page, Response, BrowserPageContext<Page, Response>>
      >[1],
    );
    this.#options = options;
  }

  async prepare(): Promise<void> {
    this.#load = await loadCheerio();
    await Promise.all([this.#http.prepare(), this.#browser.prepare()]);
  }

  async begin(pool: SessionPool | undefined): Promise<void> {
    this.#pool = pool;
  }

  async open(
    attempt: Attempt,
    basic: BasicContext,
    tools: PageTools,
  ): Promise<AdaptiveContext<Page>> {
    const { request } = attempt;
    const { origin } = new URL(request.url);
    const canUseBrowser = request.method === 'GET' && !request.skipNavigation;
    if (!canUseBrowser || !this.#needingBrowser.has(origin)) {
      // A context of its own: what this adds must not show through when the browser takes over.
      const fetched = await this.#http.open(attempt, Object.create(basic), tools);
      const context = Object.assign(fetched, { page: undefined }) as CheerioContext &
        AdaptiveContext<Page>;
      if (!canUseBrowser || !(await this.#isNoUse(context, attempt, tools))) return context;
      this.#remember(origin);
      tools.log.debug(`${origin} needs a browser, as ${request.url} shows`);
    }
    return this.#openInBrowser(attempt, basic, tools);
  }

  async openHookPage(session: Session, signal: AbortSignal): Promise<HookPage> {
    await this.#launched();
    return this.#browser.openHookPage(session, signal);
  }

  async close(context: AdaptiveContext<Page>): Promise<void> {
    await this.#browser.close(context as unknown as BrowserPageContext<Page, Response>);
  }

  async end(): Promise<void> {
    await this.#launching?.catch(() => {});
    this.#launching = undefined;
    await this.#browser.end();
  }

  async #isNoUse(
    context: AdaptiveContext<Page>,
    attempt: Attempt,
    tools: PageTools,
  ): Promise<boolean> {
    const page = context.$ as AdaptiveContext['$'] | undefined;
    if (page && isEmptyPage(page)) return true;
    const { needsBrowser } = this.#options;
    if (!needsBrowser) return false;
    return attempt.run('needsBrowser', tools.handlerTimeoutSecs, () => needsBrowser(context));
  }

  /** No browser is started for a site that needs none. */
  #launched(): Promise<void> {
    this.#launching ??= this.#browser.begin(this.#pool).catch((error) => {
      this.#launching = undefined;
      throw error;
    });
    return this.#launching;
  }

  #remember(origin: string): void {
    if (this.#needingBrowser.size >= MAX_ORIGINS) {
      this.#needingBrowser.delete(this.#needingBrowser.values().next().value as string);
    }
    this.#needingBrowser.add(origin);
  }

  async #openInBrowser(
    attempt: Attempt,
    basic: BasicContext,
    tools: PageTools,
  ): Promise<AdaptiveContext<Page>> {
    await this.#launched();
    const opened = await this.#browser.open(attempt, basic, tools);
    const { page, response } = opened as unknown as { page: CommonPage; response: CommonResponse };
    try {
      const body = await attempt.run('Reading the page', tools.handlerTimeoutSecs, () =>
        page.content(),
      );
      const load = this.#load as Load;
      let parsed: AdaptiveContext['$'] | undefined;
      const context = Object.assign(opened, { body, response: factsOf(response, page.url()) });
      return Object.defineProperty(context, '$', {
        enumerable: true,
        get: () => {
          parsed ??= load(body);
          return parsed;
        },
      }) as unknown as AdaptiveContext<Page>;
    } catch (error) {
      await this.#browser.close(opened);
      throw error;
    }
  }
}

/** A jump within a page has no response of its own. */
function factsOf(response: CommonResponse | null, url: string): AdaptiveContext['response'] {
  if (!response) return { url, statusCode: 200, headers: {} };
  return { url: response.url(), statusCode: response.status(), headers: response.headers() };
}
