import { ClosedError, messageOf, TimeoutError } from '../../core/errors.ts';
import { HttpError } from '../../http/http-error.ts';
import type { Outcome } from '../../session/outcome.ts';
import type { Session } from '../../session/session.ts';
import type { HookPage } from '../../session/session-hooks.ts';
import type { SessionPool } from '../../session/session-pool.ts';
import type { Attempt } from '../attempt.ts';
import { type BlockCheck, blockCheck, type CheckedPage, selectorsOf } from '../block-rules.ts';
import { errorOfStatus, type StatusRules } from '../classify.ts';
import type { BasicContext } from '../context.ts';
import { NonRetryableError, PageError } from '../crawl-errors.ts';
import type { EnqueueLinksOptions } from '../enqueue-links.ts';
import type { PageKind, PageTools } from '../page-kind.ts';
import { statusRulesOf } from '../page-options.ts';
import type { BrowserPageContext, CommonGotoOptions } from './browser-context.ts';
import type { BrowserDriver, LaunchOptions } from './browser-driver.ts';
import { BrowserCrashError, outcomeOfBrowserError } from './browser-errors.ts';
import type { ResolvedBrowserOptions } from './browser-options.ts';
import { verdictOf } from './crash.ts';
import { findChromium } from './find-chromium.ts';
import { liveLinks } from './live-links.ts';
import type { OpenPage } from './open-page.ts';
import { SessionContexts } from './session-contexts.ts';

/** Libraries end a navigation themselves; this much later we do it for them. */
const NAVIGATION_GRACE_SECS = 5;

/** What of both libraries' pages is used beside the port. */
interface CommonPage {
  setExtraHTTPHeaders(headers: Record<string, string>): Promise<void>;
  $(selector: string): Promise<unknown>;
}

/** What is on its way for one request. */
interface Visit<Page, Response, Context> {
  readonly attempt: Attempt;
  readonly tools: PageTools;
  readonly opened: OpenPage<Page, Response>;
  readonly context: Context;
}

/** Pages opened in a browser as the session: cookies, hooks, navigation, status, block rules, in this order. */
export class BrowserPage<Page, Response, Context extends BrowserPageContext<Page, Response>>
  implements PageKind<Context>
{
  readonly #driver: BrowserDriver<Page, Response>;
  readonly #options: ResolvedBrowserOptions<Context>;
  readonly #statusRules: StatusRules;
  readonly #check: BlockCheck<Context> | undefined;
  readonly #selectors: readonly string[];
  readonly #pages = new WeakMap<BasicContext, OpenPage<Page, Response>>();
  #contexts: SessionContexts<Page, Response> | undefined;
  #pool: SessionPool | undefined;

  constructor(driver: BrowserDriver<Page, Response>, options: ResolvedBrowserOptions<Context>) {
    this.#driver = driver;
    this.#options = options;
    this.#statusRules = statusRulesOf(options);
    this.#check = options.checkResponse && blockCheck(options.checkResponse);
    this.#selectors = options.checkResponse ? selectorsOf(options.checkResponse) : [];
  }

  prepare(): Promise<void> {
    return this.#driver.prepare(this.#options.launchContext.launcher);
  }

  async begin(pool: SessionPool | undefined): Promise<void> {
    const { clock, log, persistCookiesPerSession } = this.#options;
    this.#contexts = new SessionContexts({
      driver: this.#driver,
      launch: this.#launchOptions(),
      limits: this.#options,
      isKeeping: persistCookiesPerSession,
      clock,
      log,
    });
    this.#pool = pool;
    pool?.events.on('sessionRetired', this.#onSessionRetired);
    await this.#contexts.warmUp();
  }

  async open(attempt: Attempt, basic: BasicContext, tools: PageTools): Promise<Context> {
    const opened = await this.#openPage(attempt);
    try {
      const visit = {
        attempt,
        tools,
        opened,
        context: this.#extend(basic, attempt, tools, opened),
      };
      this.#pages.set(visit.context, opened);
      const { blockResources } = this.#options;
      if (blockResources.length > 0) await opened.driven.blockResources(blockResources);
      if (!attempt.request.skipNavigation) await this.#visit(visit);
      return visit.context;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /** @throws ClosedError when no crawl is running */
  async openHookPage(session: Session, signal: AbortSignal): Promise<HookPage> {
    if (!this.#contexts) throw new ClosedError('The browser');
    // A hook on a page that crashes meets the library's error, or its time runs out.
    const opened = await this.#contexts.open({ session, proxyInfo: session.proxyInfo }, () => {});
    if (signal.aborted) {
      await opened.close();
      throw signal.reason;
    }
    return { page: opened.driven.page, close: () => opened.close() };
  }

  async close(context: Context): Promise<void> {
    await this.#pages.get(context)?.close();
  }

  async end(): Promise<void> {
    this.#pool?.events.off('sessionRetired', this.#onSessionRetired);
    await this.#contexts?.close();
    this.#contexts = undefined;
  }

  readonly #onSessionRetired = ({ session }: { session: { readonly id: string } }): void => {
    this.#contexts?.retire(session.id);
  };

  #launchOptions(): LaunchOptions {
    const { launchContext, headless } = this.#options;
    const { launcher, launchOptions = {}, executablePath, useChrome } = launchContext;
    const given = launchOptions as Readonly<Record<string, unknown>>;
    return {
      launcher,
      launchOptions: given,
      headless: headless ?? given['headless'] !== false,
      executablePath: executablePath ?? (useChrome ? findChromium({ brand: 'chrome' }) : undefined),
    };
  }

  /** A page that comes when nobody waits for it any more is closed. */
  async #openPage(attempt: Attempt): Promise<OpenPage<Page, Response>> {
    const contexts = this.#contexts as SessionContexts<Page, Response>;
    const opening = contexts.open(attempt, (error) => attempt.fail(error));
    try {
      return await attempt.run('Opening a page', Number.POSITIVE_INFINITY, () => opening);
    } catch (error) {
      opening.then(
        (late) => late.close(),
        () => {},
      );
      throw error;
    }
  }

  #extend(
    basic: BasicContext,
    attempt: Attempt,
    tools: PageTools,
    opened: OpenPage<Page, Response>,
  ): Context {
    const { page } = opened.driven;
    const { sendRequest } = basic;
    return Object.assign(basic, {
      page,
      response: null,
      browser: opened.browser,
      enqueueLinks: (options: EnqueueLinksOptions = {}) =>
        options.urls
          ? tools.enqueue(attempt, options.urls, options)
          : attempt.write(async () => {
              const { hrefs, baseUrl } = await opened.read(liveLinks(page, options.selector));
              const links = baseUrl === undefined ? options : { baseUrl, ...options };
              return tools.enqueue(attempt, hrefs, links);
            }),
      // It goes out with the cookies the page has now, and the page sees those it brings.
      sendRequest: async (options?: Parameters<BasicContext['sendRequest']>[0]) => {
        await opened.read(opened.saveCookies());
        const response = await sendRequest(options);
        await opened.read(opened.loadCookies());
        return response;
      },
    }) as unknown as Context;
  }

  async #visit(visit: Visit<Page, Response, Context>): Promise<void> {
    const { attempt, tools, opened, context } = visit;
    const { preNavigationHooks, postNavigationHooks, navigationTimeoutSecs } = this.#options;
    refuseOtherMethods(attempt);
    const gotoOptions: CommonGotoOptions = { timeout: navigationTimeoutSecs * 1000 };
    for (const hook of preNavigationHooks) {
      await attempt.run('A preNavigationHook', tools.handlerTimeoutSecs, () =>
        hook(context, gotoOptions),
      );
    }
    await opened.loadCookies();
    const response = await this.#navigate(visit, gotoOptions);
    attempt.request.loadedUrl = opened.driven.url();
    (context as { response: Response | null }).response = response;
    if (response) await this.#judge(visit, response);
    for (const hook of postNavigationHooks) {
      await attempt.run('A postNavigationHook', tools.handlerTimeoutSecs, () =>
        hook(context, gotoOptions),
      );
    }
  }

  async #navigate(
    { attempt, tools, opened, context }: Visit<Page, Response, Context>,
    { timeout, ...others }: CommonGotoOptions,
  ): Promise<Response | null> {
    const { request } = attempt;
    const timeoutMs = timeout ?? this.#options.navigationTimeoutSecs * 1000;
    // Libraries take 0 for no limit.
    const limitSecs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs / 1000;
    const { navigate } = this.#options;
    const { page } = opened.driven as { page: CommonPage & Page };
    if (Object.keys(request.headers).length > 0) await page.setExtraHTTPHeaders(request.headers);
    attempt.sentAt = tools.now();
    try {
      return await attempt.run('The navigation', limitSecs + NAVIGATION_GRACE_SECS, () =>
        navigate
          ? navigate(context, { ...others, timeout: timeoutMs })
          : opened.driven.goto(request.url, { ...others, timeoutMs }),
      );
    } catch (error) {
      throw this.#navigationError(attempt, error);
    }
  }

  #navigationError({ request, proxyInfo }: Attempt, error: unknown): unknown {
    if (error instanceof BrowserCrashError) return verdictOf(error);
    const outcome: Outcome | null =
      error instanceof TimeoutError
        ? { kind: 'timeout' }
        : outcomeOfBrowserError(error, { hasProxy: proxyInfo !== null });
    // What says by itself who is to blame stays as it is.
    if (!outcome || error instanceof HttpError) return error;
    return new PageError(
      'TROUPE_NAVIGATION_FAILED',
      `${request.url} could not be opened: ${firstLine(messageOf(error))}`,
      outcome,
      { cause: error },
    );
  }

  async #judge(visit: Visit<Page, Response, Context>, response: Response): Promise<void> {
    const { attempt, tools, opened, context } = visit;
    const facts = opened.driven.facts(response);
    attempt.statusCode = facts.statusCode;
    const refused = errorOfStatus(facts, this.#statusRules, {
      now: tools.now(),
      hasProxy: attempt.proxyInfo !== null,
    });
    if (refused) throw refused;
    const check = this.#check;
    if (!check) return;
    const blocked = await attempt.run('checkResponse', tools.handlerTimeoutSecs, async () =>
      check(await this.#checkedPage(opened, facts), context),
    );
    if (blocked) throw blocked;
  }

  /** The page as rules see it: as scripts have made it, not as it was sent. */
  async #checkedPage(
    opened: OpenPage<Page, Response>,
    response: CheckedPage['response'],
  ): Promise<CheckedPage> {
    if (typeof this.#options.checkResponse === 'function') return { response, body: '' };
    const { page } = opened.driven as { page: CommonPage & Page };
    const found = new Set<string>();
    for (const selector of this.#selectors) {
      if (await page.$(selector)) found.add(selector);
    }
    return {
      response,
      body: await opened.driven.content(),
      $: (selector) => ({ length: found.has(selector) ? 1 : 0 }),
    };
  }
}

function refuseOtherMethods({ request }: Attempt): void {
  if (request.method === 'GET' && request.payload === undefined) return;
  throw new NonRetryableError(
    `${request.url} is to be sent with ${request.method}; a browser opens pages with GET only: send it from a handler, or by HttpCrawler`,
  );
}

/** The libraries add a log of the call. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] as string;
}
