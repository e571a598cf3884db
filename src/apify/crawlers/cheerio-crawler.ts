import type { CheerioAPI } from 'cheerio';
import * as v from 'valibot';
import { OptionError } from '../../core/errors.ts';
import { callback, flag, listOf, optional, string } from '../../core/options.ts';
import type { BlockRules } from '../../crawler/block-rules.ts';
import { CheerioCrawler as EngineCrawler } from '../../crawler/cheerio-crawler.ts';
import type { CheerioContext } from '../../crawler/cheerio-page.ts';
import type { BasicContext } from '../../crawler/context.ts';
import { NonRetryableError } from '../../crawler/crawl-errors.ts';
import type { NavigationOptions, PageResponse } from '../../crawler/http-context.ts';
import { BLOCKED_STATUS_CODES, refuseBlocked } from './blocked-session.ts';
import { Crawler, type CrawlingContext, MOST_AT_ONCE, type SharedOptions } from './crawler.ts';
import {
  type CrawlerOptions,
  definedOnly,
  type ResolvedCrawlerOptions,
  resolveCrawlerOptions,
  secs,
} from './crawler-options.ts';
import {
  applyHookOptions,
  applyRequest,
  type HookRequestOptions,
  hookOptionsOf,
} from './navigation-view.ts';

export interface CheerioHandlePageInputs extends CrawlingContext<CheerioCrawler> {
  /** Only of HTML and XML. */
  readonly $: CheerioAPI;
  /** A text for HTML and XML, a `Buffer` for all else. */
  // biome-ignore lint/suspicious/noExplicitAny: documented so; which one it is the actor knows
  readonly body: any;
  /** `null` for what is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: documented so
  readonly json: any;
  readonly response: PageResponse;
  readonly contentType: { readonly type: string; readonly encoding: string };
}

export type CheerioHandlePage = (inputs: CheerioHandlePageInputs) => Promise<unknown> | unknown;
export type PrepareRequest = (
  inputs: CrawlingContext<CheerioCrawler>,
) => Promise<unknown> | unknown;
export type PostResponse = CheerioHandlePage;
/** The options count before the page is fetched only. */
export type Hook = (
  crawlingContext: CheerioHandlePageInputs,
  requestAsBrowserOptions: HookRequestOptions,
) => Promise<unknown> | unknown;

export interface CheerioCrawlerOptions extends CrawlerOptions<CheerioHandlePageInputs> {
  /** New name: `requestHandler`. */
  readonly handlePageFunction: CheerioHandlePage;
  /** May change the request before it is sent. New name: `preNavigationHooks`. */
  readonly prepareRequestFunction?: PrepareRequest;
  /** New name: `postNavigationHooks`. */
  readonly postResponseFunction?: PostResponse;
  /** New name: `requestHandlerTimeoutSecs`. @default 60 */
  readonly handlePageTimeoutSecs?: number;
  /** New name: `navigationTimeoutSecs`. @default 30 */
  readonly requestTimeoutSecs?: number;
  /** New name: the same, `false` by default. @default true */
  readonly ignoreSslErrors?: boolean;
  /** New name: the same. */
  readonly preNavigationHooks?: readonly Hook[];
  /** New name: the same. */
  readonly postNavigationHooks?: readonly Hook[];
  /** Beside `text/html` and `application/xhtml+xml`. New name: the same. @default none */
  readonly additionalMimeTypes?: readonly string[];
  /** New name: the same. */
  readonly suggestResponseEncoding?: string;
  /** New name: the same. */
  readonly forceResponseEncoding?: string;
  /** New name: the same. @default true, with a session pool */
  readonly persistCookiesPerSession?: boolean;
  /** Not in the original: pages that say they are block pages. New name: the same. */
  readonly checkResponse?: BlockRules<CheerioContext>;
}

type Resolved = CheerioCrawlerOptions & ResolvedCrawlerOptions<never>;

const DEFAULTS = Object.freeze({ ignoreSslErrors: true, useHttp2: true });
const MIME_TYPES: readonly string[] = ['text/html', 'application/xhtml+xml'];
const hooks = listOf(callback<Hook>(), 'a list of functions');

/** Fetches pages over HTTP and parses them with cheerio. New name: `CheerioCrawler` of `troupe/cheerio`. */
export class CheerioCrawler extends Crawler<CheerioHandlePageInputs, CheerioContext> {
  readonly #options: Resolved;

  /** @throws OptionError */
  constructor(options: CheerioCrawlerOptions) {
    const resolved = resolveCrawlerOptions(options, 'CheerioCrawler', {
      handlePageFunction: callback<CheerioHandlePage>(),
      prepareRequestFunction: optional(callback<PrepareRequest>()),
      postResponseFunction: optional(callback<PostResponse>()),
      handlePageTimeoutSecs: optional(secs()),
      requestTimeoutSecs: optional(secs()),
      ignoreSslErrors: optional(flag()),
      preNavigationHooks: optional(hooks),
      postNavigationHooks: optional(hooks),
      additionalMimeTypes: optional(listOf(string(), 'a list of content types')),
      // Checked by the engine.
      suggestResponseEncoding: v.optional(v.unknown()),
      forceResponseEncoding: v.optional(v.unknown()),
      checkResponse: v.optional(v.unknown()),
      persistCookiesPerSession: optional(flag()),
    });
    refuseCookiesWithoutPool(resolved);
    super(resolved, 'CheerioCrawler');
    this.#options = resolved;
  }

  protected override engineFor(shared: SharedOptions): EngineCrawler {
    const options = this.#options;
    return new EngineCrawler({
      maxConcurrency: MOST_AT_ONCE,
      ...shared,
      ...this.failedRequestHandler(options.handleFailedRequestFunction),
      ...definedOnly({
        requestHandlerTimeoutSecs: options.handlePageTimeoutSecs,
        navigationTimeoutSecs: options.requestTimeoutSecs,
        additionalMimeTypes: options.additionalMimeTypes,
        suggestResponseEncoding: options.suggestResponseEncoding,
        forceResponseEncoding: options.forceResponseEncoding,
        checkResponse: options.checkResponse,
        persistCookiesPerSession: options.persistCookiesPerSession,
      }),
      ignoreSslErrors: options.ignoreSslErrors ?? DEFAULTS.ignoreSslErrors,
      useHttp2: DEFAULTS.useHttp2,
      blockedStatusCodes: [],
      ignoreHttpErrorStatusCodes: BLOCKED_STATUS_CODES,
      preNavigationHooks: [(context, navigation) => this.#before(context, navigation)],
      postNavigationHooks: [(context, navigation) => this.#after(context, navigation)],
      requestHandler: (context) => options.handlePageFunction(this.adopt(context)),
    });
  }

  async #before(basic: BasicContext, navigation: NavigationOptions): Promise<void> {
    const { prepareRequestFunction, preNavigationHooks = [] } = this.#options;
    const context = this.adopt(basic);
    if (prepareRequestFunction) {
      await prepareRequestFunction(context);
      applyRequest(context.request, navigation);
    }
    const options = hookOptionsOf(navigation);
    for (const hook of preNavigationHooks) await hook(context, options);
    applyHookOptions(options, navigation);
  }

  async #after(engine: CheerioContext, navigation: NavigationOptions): Promise<void> {
    const { postNavigationHooks = [], postResponseFunction } = this.#options;
    showAsDocumented(engine);
    const context = this.adopt(engine);
    await postResponseFunction?.(context);
    const options = hookOptionsOf(navigation);
    for (const hook of postNavigationHooks) await hook(context, options);
    refuseBlocked(context.session, context.response);
    this.#refuseType(context);
  }

  /** JSON and plain text too are left out, unless they are asked for. */
  #refuseType({ contentType, response }: CheerioHandlePageInputs): void {
    const { additionalMimeTypes = [] } = this.#options;
    const { type } = contentType;
    const accepted = [...MIME_TYPES, ...additionalMimeTypes];
    if (accepted.some((wanted) => isMatch(type, wanted.toLowerCase()))) return;
    throw new NonRetryableError(
      `${response.url} has the content type ${type}; only ${accepted.join(', ')} are accepted, see \`additionalMimeTypes\``,
    );
  }
}

function isMatch(type: string, wanted: string): boolean {
  if (wanted === '*/*') return true;
  return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

/** `json` is `null` where there is none, and only HTML and XML come as a text. */
function showAsDocumented(context: CheerioContext): void {
  const { body, contentType } = context;
  const json = Object.getOwnPropertyDescriptor(context, 'json');
  Object.defineProperty(context, 'json', {
    enumerable: true,
    get: () => json?.get?.call(context) ?? null,
  });
  if (typeof body === 'string' && !/html|xml/.test(contentType.type)) {
    Object.assign(context, { body: Buffer.from(body) });
  }
}

/** @throws OptionError */
export function refuseCookiesWithoutPool(options: {
  readonly persistCookiesPerSession?: boolean;
  readonly useSessionPool: boolean;
}): void {
  if (!options.persistCookiesPerSession || options.useSessionPool) return;
  throw new OptionError(
    'persistCookiesPerSession',
    'Cannot use `persistCookiesPerSession` with `useSessionPool: false`: there are no sessions to keep cookies in',
  );
}
