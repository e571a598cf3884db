import { OptionError } from '../../core/errors.ts';
import { callback, optional, optionsObject, parseOptions } from '../../core/options.ts';
import type { BlockRule } from '../block-rules.ts';
import type { CheerioContext } from '../cheerio-page.ts';
import type { BasicCrawlerOptions, ResolvedCrawlerOptions } from '../crawler-options.ts';
import { type ResolvedHttpOptions, resolveHttpOptions } from '../http-options.ts';
import type { PageOptions } from '../page-options.ts';
import type { AdaptiveContext, NeedsBrowser } from './adaptive-context.ts';
import type { BrowserPageContext } from './browser-context.ts';
import {
  type BrowserCrawlerOptions,
  type LaunchContext,
  type ResolvedBrowserOptions,
  resolveBrowserOptions,
} from './browser-options.ts';

type LaunchOption =
  | 'headless'
  | 'navigationTimeoutSecs'
  | 'blockResources'
  | 'maxPagesPerBrowser'
  | 'retireBrowserAfterPages'
  | 'maxWarmContexts';

export interface AdaptiveCrawlerOptions<
  Page = unknown,
  Launch extends LaunchContext = LaunchContext,
> extends BasicCrawlerOptions<AdaptiveContext<Page>>,
    Omit<PageOptions<never>, 'checkResponse'>,
    Pick<BrowserCrawlerOptions, LaunchOption> {
  /**
   * Asked of each page that was fetched over HTTP. Once it says yes, or a page proves empty until its scripts have run,
   * all pages of that origin are opened in the browser.
   *
   * @default only empty pages need one
   */
  readonly needsBrowser?: NeedsBrowser<Page>;
  /** Block pages that come with status 200. Only rules: they must hold for both kinds of pages. @default none */
  readonly checkResponse?: BlockRule | readonly BlockRule[];
  readonly launchContext?: Launch;
}

export interface ResolvedAdaptiveOptions<Page> {
  readonly http: ResolvedHttpOptions<CheerioContext>;
  readonly browser: ResolvedBrowserOptions<BrowserPageContext>;
  /** What the engine needs of them. */
  readonly crawler: ResolvedCrawlerOptions<AdaptiveContext<Page>>;
  readonly needsBrowser: NeedsBrowser<Page> | undefined;
}

const OWN = optionsObject({ needsBrowser: optional(callback()) });

/** The hooks of the two kinds of pages differ, so there are none here. */
const NOT_HERE = ['preNavigationHooks', 'postNavigationHooks'];

/** @throws OptionError */
export function resolveAdaptiveOptions<Page>(
  options: AdaptiveCrawlerOptions<Page>,
  name: string,
): ResolvedAdaptiveOptions<Page> {
  const { needsBrowser, ...rest } = options;
  parseOptions(OWN, { needsBrowser }, name);
  for (const hooks of NOT_HERE) {
    if (hooks in rest) throw new OptionError(hooks, `${name} has no option \`${hooks}\``);
  }
  if (typeof rest.checkResponse === 'function') {
    throw new OptionError('checkResponse', `\`checkResponse\` of ${name} takes rules only`);
  }
  const browser = resolveBrowserOptions<BrowserPageContext>(rest, name);
  const {
    launchContext,
    headless,
    blockResources,
    maxPagesPerBrowser,
    retireBrowserAfterPages,
    maxWarmContexts,
    ...common
  } = rest;
  const http = resolveHttpOptions<CheerioContext>(common as object, {
    name,
    canSelect: true,
  });
  const crawler = browser as unknown as ResolvedCrawlerOptions<AdaptiveContext<Page>>;
  return { http, browser, crawler, needsBrowser };
}
