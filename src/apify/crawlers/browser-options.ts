import * as v from 'valibot';
import { OptionError } from '../../core/errors.ts';
import {
  callback,
  flag,
  integer,
  listOf,
  optional,
  optionsObject,
  plainObject,
} from '../../core/options.ts';
import type { BlockRules } from '../../crawler/block-rules.ts';
import { variable } from '../environment.ts';
import { refuseCookiesWithoutPool } from './cheerio-crawler.ts';
import type { CrawlingContext } from './crawler.ts';
import {
  type CrawlerOptions,
  type ResolvedCrawlerOptions,
  resolveCrawlerOptions,
  secs,
} from './crawler-options.ts';

export interface BrowserPoolOptions {
  /** New name: `maxPagesPerBrowser`. @default 20 */
  readonly maxOpenPagesPerBrowser?: number;
  /** New name: `retireBrowserAfterPages`. @default 100 */
  readonly retireBrowserAfterPageCount?: number;
}

export interface LaunchContext<Launcher = unknown, LaunchOptions = object> {
  /** New name: the same. */
  readonly launchOptions?: LaunchOptions;
  /** `APIFY_CHROME_EXECUTABLE_PATH`, else the system's Google Chrome. New name: the same. @default false */
  readonly useChrome?: boolean;
  /** New name: the same. */
  readonly launcher?: Launcher;
}

/** What a browser's page opens with and how it is handled; `Context` is what handlers get. */
export interface BrowserCrawlerOptions<Context, GotoOptions, Response, Launch, EngineContext>
  extends CrawlerOptions<Context> {
  /** New name: `requestHandler`. */
  readonly handlePageFunction: (inputs: Context) => Promise<unknown> | unknown;
  /** Opens the page in place of `page.goto()`. New name: `navigate`. */
  readonly gotoFunction?: (
    inputs: Context,
    gotoOptions: GotoOptions,
  ) => Promise<Response | null | undefined> | Response | null | undefined;
  /** New name: `requestHandlerTimeoutSecs`. @default 60 */
  readonly handlePageTimeoutSecs?: number;
  /** New name: the same. @default 60 */
  readonly navigationTimeoutSecs?: number;
  /** New name: the same. */
  readonly launchContext?: Launch;
  /** New names: `maxPagesPerBrowser`, `retireBrowserAfterPages`. */
  readonly browserPoolOptions?: BrowserPoolOptions;
  /** New name: the same. */
  readonly preNavigationHooks?: readonly BrowserHook<Context, GotoOptions>[];
  /** New name: the same. */
  readonly postNavigationHooks?: readonly BrowserHook<Context, GotoOptions>[];
  /** New name: the same. @default true, with a session pool */
  readonly persistCookiesPerSession?: boolean;
  /** Not in the original: pages that say they are block pages. New name: the same. */
  readonly checkResponse?: BlockRules<EngineContext>;
}

/** The options count before the navigation only. */
export type BrowserHook<Context, GotoOptions> = (
  crawlingContext: Context,
  gotoOptions: GotoOptions,
) => Promise<unknown> | unknown;

export interface BrowserHandlePageInputs<Crawler, Page, Response> extends CrawlingContext<Crawler> {
  readonly page: Page;
  /** `null` before the navigation. */
  readonly response: Response;
}

const hooks = listOf(callback<BrowserHook<never, never>>(), 'a list of functions');

const LAUNCH = optionsObject({
  launchOptions: optional(plainObject()),
  useChrome: optional(flag()),
  // Checked by the engine.
  launcher: v.optional(v.unknown()),
  proxyUrl: v.optional(v.unknown()),
  userAgent: v.optional(v.unknown()),
  stealth: v.optional(v.unknown()),
  stealthOptions: v.optional(v.unknown()),
});

const INSTEAD: Readonly<Record<string, string>> = Object.freeze({
  proxyUrl: 'use the option `proxyConfiguration` of the crawler',
  userAgent: 'a session has a browser of its own; `launchOptions.args` may hold `--user-agent`',
  stealth: 'pass a patched library as `launcher`',
  stealthOptions: 'pass a patched library as `launcher`',
});

/** @throws OptionError */
export function resolveBrowserOptions<Options extends object>(
  options: Options,
  name: string,
): Options & ResolvedCrawlerOptions<never> {
  const resolved = resolveCrawlerOptions(options, name, {
    handlePageFunction: callback(),
    gotoFunction: optional(callback()),
    handlePageTimeoutSecs: optional(secs()),
    navigationTimeoutSecs: optional(secs()),
    launchContext: v.optional(LAUNCH),
    browserPoolOptions: v.optional(
      optionsObject({
        maxOpenPagesPerBrowser: optional(integer({ min: 1 })),
        retireBrowserAfterPageCount: optional(integer({ min: 1 })),
      }),
    ),
    preNavigationHooks: optional(hooks),
    postNavigationHooks: optional(hooks),
    persistCookiesPerSession: optional(flag()),
    // Checked by the engine.
    checkResponse: v.optional(v.unknown()),
  });
  refuseCookiesWithoutPool(resolved);
  const { launchContext = {} } = resolved as { launchContext?: Readonly<Record<string, unknown>> };
  for (const [option, instead] of Object.entries(INSTEAD)) {
    if (!launchContext[option]) continue;
    const path = `launchContext.${option}`;
    throw new OptionError(path, `\`${path}\` is not allowed in ${name}: ${instead}`);
  }
  return resolved;
}

/** How the browser is started: headless, unless the options or `APIFY_HEADLESS=0` say otherwise. */
export function engineLaunch(context: LaunchContext = {}): {
  readonly headless?: boolean;
  readonly launchContext: Record<string, unknown>;
} {
  const { launchOptions, useChrome, launcher } = context;
  const chrome = useChrome ? variable('APIFY_CHROME_EXECUTABLE_PATH') : undefined;
  const isHeadful = variable('APIFY_HEADLESS') === '0' || variable('APIFY_XVFB') === '1';
  const isOpen = (launchOptions as { headless?: unknown } | undefined)?.headless === undefined;
  return {
    ...(isHeadful && isOpen ? { headless: false } : {}),
    launchContext: {
      ...(launchOptions ? { launchOptions } : {}),
      ...(launcher ? { launcher } : {}),
      ...(chrome ? { executablePath: chrome } : useChrome ? { useChrome } : {}),
    },
  };
}
