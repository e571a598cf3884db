import type { BrowserPageContext } from '../../crawler/browser/browser-context.ts';
import type { BasicContext } from '../../crawler/context.ts';
import { refuseBlocked } from './blocked-session.ts';
import {
  type BrowserCrawlerOptions,
  type BrowserHandlePageInputs,
  engineLaunch,
  type LaunchContext,
} from './browser-options.ts';
import { Crawler, type CrawlingContext, type SharedOptions } from './crawler.ts';
import type { ResolvedCrawlerOptions } from './crawler-options.ts';
import { definedOnly } from './crawler-options.ts';

/** What of both libraries' responses counts. */
interface AnyResponse {
  status(): number;
  url(): string;
}

/** The handler gets pages of any status but 407, which is the proxy's. */
const ALL_STATUSES: readonly number[] = Array.from({ length: 200 }, (_, n) => 400 + n).filter(
  (status) => status !== 407,
);
/** The documented default; the engine keeps a browser longer. */
const PAGES_OF_A_BROWSER = 100;

type Options<Context, EngineContext> = Omit<AnyOptions<Context, EngineContext>, 'maxConcurrency'> &
  ResolvedCrawlerOptions<never>;

type AnyOptions<Context, EngineContext> = BrowserCrawlerOptions<
  Context,
  // biome-ignore lint/suspicious/noExplicitAny: each library has options of its own, which are only passed on
  any,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  any,
  LaunchContext,
  EngineContext
>;

/** What the crawlers of both libraries share. */
export abstract class BrowserCrawler<
  Context extends BrowserHandlePageInputs<unknown, unknown, unknown> & CrawlingContext,
  EngineContext extends BrowserPageContext,
> extends Crawler<Context, EngineContext> {
  readonly #options: Options<Context, EngineContext>;

  protected constructor(options: Options<Context, EngineContext>, name: string) {
    super(options, name);
    this.#options = options;
  }

  /** The options of the engine; the same for both libraries, but for their types. */
  protected engineOptions(shared: SharedOptions): Record<string, unknown> {
    const { handlePageFunction, gotoFunction, browserPoolOptions = {}, ...options } = this.#options;
    const { preNavigationHooks = [], postNavigationHooks = [] } = options;
    const ofEngine =
      (hook: (context: Context, gotoOptions: object) => unknown) =>
      (context: BasicContext, gotoOptions: object): unknown =>
        hook(this.adopt(context), gotoOptions);
    return {
      ...shared,
      ...this.failedRequestHandler(options.handleFailedRequestFunction),
      ...definedOnly({
        requestHandlerTimeoutSecs: options.handlePageTimeoutSecs,
        navigationTimeoutSecs: options.navigationTimeoutSecs,
        persistCookiesPerSession: options.persistCookiesPerSession,
        checkResponse: options.checkResponse,
        maxPagesPerBrowser: browserPoolOptions.maxOpenPagesPerBrowser,
        navigate: gotoFunction && ofEngine((...args) => openedBy(gotoFunction(...args))),
      }),
      retireBrowserAfterPages: browserPoolOptions.retireBrowserAfterPageCount ?? PAGES_OF_A_BROWSER,
      ...engineLaunch(options.launchContext),
      blockedStatusCodes: [],
      ignoreHttpErrorStatusCodes: ALL_STATUSES,
      preNavigationHooks: preNavigationHooks.map(ofEngine),
      postNavigationHooks: [
        ...postNavigationHooks.map(ofEngine),
        ofEngine(({ session, response }) => refuse(session, response as AnyResponse | null)),
      ],
      requestHandler: (context: BasicContext) => handlePageFunction(this.adopt(context)),
    };
  }
}

/** A function that gives nothing has opened the page all the same. */
async function openedBy(opening: unknown): Promise<unknown> {
  return (await opening) ?? null;
}

function refuse(session: CrawlingContext['session'], response: AnyResponse | null): void {
  if (response) refuseBlocked(session, { url: response.url(), statusCode: response.status() });
}
