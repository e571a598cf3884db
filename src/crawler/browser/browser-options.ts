import os from 'node:os';
import * as v from 'valibot';
import {
  callback,
  flag,
  integer,
  listOf,
  number,
  optional,
  optionsObject,
  parseOptions,
  plainObject,
  text,
} from '../../core/options.ts';
import {
  type BasicCrawlerOptions,
  CRAWLER_DEFAULTS,
  CRAWLER_ENTRIES,
  definedOnly,
  type ResolvedCrawlerOptions,
} from '../crawler-options.ts';
import {
  PAGE_DEFAULTS,
  PAGE_ENTRIES,
  type PageOptions,
  type ResolvedPageOptions,
} from '../page-options.ts';
import { checkResourceKinds } from './block-resources.ts';
import type { BrowserHook, BrowserPageContext } from './browser-context.ts';

export interface LaunchContext<Launcher = unknown, LaunchOptions = object> {
  /** Your own library: another version, or a patched build. @default the optional peer */
  readonly launcher?: Launcher;
  /** Passed on to the library's `launch()`. */
  readonly launchOptions?: LaunchOptions;
  /** The browser's program. @default `CHROME_PATH`, else the system's Chromium or Chrome */
  readonly executablePath?: string;
  /** Take the system's Google Chrome rather than Chromium. @default false */
  readonly useChrome?: boolean;
}

export interface BrowserCrawlerOptions<
  Context extends BrowserPageContext = BrowserPageContext,
  GotoOptions = object,
  Launch extends LaunchContext = LaunchContext,
> extends BasicCrawlerOptions<Context>,
    PageOptions<Context> {
  readonly launchContext?: Launch;
  /** Instead of the one in `launchOptions`. @default true */
  readonly headless?: boolean;
  /** Called in order before the page is opened; may change the options it is opened with. */
  readonly preNavigationHooks?: readonly BrowserHook<Context, GotoOptions>[];
  /** Called in order once the page is there, before the handler. */
  readonly postNavigationHooks?: readonly BrowserHook<Context, GotoOptions>[];
  /** Opens the page in place of the library's `page.goto()`; gives its response, `null` when there is none. */
  readonly navigate?: (
    context: Context,
    gotoOptions: GotoOptions,
  ) => Promise<Context['response']> | Context['response'];
  /** @default 60 */
  readonly navigationTimeoutSecs?: number;
  /** What is not loaded: `true` for images, fonts and media, or a list of resource types. @default false */
  readonly blockResources?: boolean | readonly string[];
  /** Open at once in one browser process; another one is launched beyond that. @default 20 */
  readonly maxPagesPerBrowser?: number;
  /** After so many pages a browser is replaced, once its pages are done. @default 500 */
  readonly retireBrowserAfterPages?: number;
  /** Sessions whose browser contexts stay open between their requests; those idle the longest are closed first. @default 50 */
  readonly maxWarmContexts?: number;
}

type Defaulted =
  | 'preNavigationHooks'
  | 'postNavigationHooks'
  | 'navigationTimeoutSecs'
  | 'maxPagesPerBrowser'
  | 'retireBrowserAfterPages'
  | 'maxWarmContexts';

export type ResolvedBrowserOptions<Context extends BrowserPageContext = BrowserPageContext> =
  ResolvedCrawlerOptions<Context> &
    ResolvedPageOptions<Context> &
    Required<Pick<BrowserCrawlerOptions<Context>, Defaulted>> & {
      readonly launchContext: LaunchContext;
      readonly headless: boolean | undefined;
      readonly navigate?: BrowserCrawlerOptions<Context>['navigate'];
      readonly blockResources: readonly string[];
    };

const DEFAULTS: Required<Pick<BrowserCrawlerOptions, Defaulted>> = Object.freeze({
  preNavigationHooks: [],
  postNavigationHooks: [],
  navigationTimeoutSecs: 60,
  maxPagesPerBrowser: 20,
  retireBrowserAfterPages: 500,
  maxWarmContexts: 50,
});

/** What a page can do without and still be read. */
const HEAVY_RESOURCES: readonly string[] = ['image', 'font', 'media'];

const hooks = optional(listOf(callback<BrowserHook<never, never>>(), 'a list of functions'));

const BROWSER_ENTRIES = {
  ...CRAWLER_ENTRIES,
  ...PAGE_ENTRIES,
  launchContext: v.optional(
    optionsObject({
      launcher: v.optional(
        v.custom<object>(
          (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
          'a library that launches browsers',
        ),
      ),
      launchOptions: optional(plainObject()),
      executablePath: optional(text()),
      useChrome: optional(flag()),
    }),
  ),
  headless: optional(flag()),
  preNavigationHooks: hooks,
  postNavigationHooks: hooks,
  navigate: optional(callback()),
  navigationTimeoutSecs: optional(number({ min: 0.001 })),
  blockResources: v.optional(
    v.union(
      [v.boolean(), v.array(v.string())],
      'true, false or a list of resource types such as `image`',
    ),
  ),
  maxPagesPerBrowser: optional(integer({ min: 1 })),
  retireBrowserAfterPages: optional(integer({ min: 1 })),
  maxWarmContexts: optional(integer({ min: 0 })),
} satisfies v.ObjectEntries;

const SCHEMA = optionsObject(BROWSER_ENTRIES);

/** @throws OptionError */
export function resolveBrowserOptions<Context extends BrowserPageContext>(
  options: object,
  crawler: string,
): ResolvedBrowserOptions<Context> {
  const given = parseOptions(SCHEMA, options, crawler);
  const { launchContext = {}, headless } = given;
  const blockResources = resourceKinds(given.blockResources);
  checkResourceKinds(blockResources);
  return {
    ...CRAWLER_DEFAULTS,
    maxConcurrency: browserConcurrency(),
    ...PAGE_DEFAULTS,
    ...DEFAULTS,
    ...definedOnly(given),
    launchContext,
    headless,
    blockResources,
  } as unknown as ResolvedBrowserOptions<Context>;
}

function resourceKinds(given: boolean | readonly string[] | undefined): readonly string[] {
  if (typeof given === 'object') return given;
  return given ? HEAVY_RESOURCES : [];
}

const MOST_PAGES = 32;
const PAGES_PER_CORE = 4;
const BYTES_PER_PAGE = 256 * 1024 * 1024;

/** A page takes a process of its own: as many as the machine has cores for, while they wait for the network, and memory. */
function browserConcurrency(): number {
  const byCores = os.availableParallelism() * PAGES_PER_CORE;
  const byMemory = Math.floor(os.totalmem() / BYTES_PER_PAGE);
  return Math.max(1, Math.min(MOST_PAGES, byCores, byMemory));
}
