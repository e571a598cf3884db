import * as v from 'valibot';
import { OptionError } from '../core/errors.ts';
import {
  callback,
  flag,
  integer,
  listOf,
  number,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../core/options.ts';
import { isCharset } from '../http/charset.ts';
import type { BlockRule } from './block-rules.ts';
import {
  type BasicCrawlerOptions,
  CRAWLER_DEFAULTS,
  CRAWLER_ENTRIES,
  definedOnly,
  type ResolvedCrawlerOptions,
} from './crawler-options.ts';
import type { HttpContext, NavigationHook } from './http-context.ts';
import {
  PAGE_DEFAULTS,
  PAGE_ENTRIES,
  type PageOptions,
  type ResolvedPageOptions,
} from './page-options.ts';

export interface HttpCrawlerOptions<Context extends HttpContext = HttpContext>
  extends BasicCrawlerOptions<Context>,
    PageOptions<Context> {
  /** From sending to the last byte of the body, redirects included. @default 30 */
  readonly navigationTimeoutSecs?: number;
  /** Called in order before the page is fetched; may change the options it is fetched with. */
  readonly preNavigationHooks?: readonly NavigationHook[];
  /** Called in order once the page is there, before the handler. */
  readonly postNavigationHooks?: readonly NavigationHook<Context>[];
  /** Content types accepted beside HTML, XML, JSON and plain text; patterns such as `image/*` fit. Their bodies are bytes. @default none */
  readonly additionalMimeTypes?: readonly string[];
  /** The charset of pages that name none. @default UTF-8, or windows-1252 where that is not valid */
  readonly suggestResponseEncoding?: string;
  /** The charset of all pages, whatever they name. */
  readonly forceResponseEncoding?: string;
  /** After decompression; a longer page fails at once. @default 100 MiB */
  readonly maxBodyBytes?: number;
  /** @default false */
  readonly ignoreSslErrors?: boolean;
  /** @default false */
  readonly useHttp2?: boolean;
}

type Defaulted =
  | 'navigationTimeoutSecs'
  | 'preNavigationHooks'
  | 'postNavigationHooks'
  | 'additionalMimeTypes'
  | 'maxBodyBytes'
  | 'ignoreSslErrors'
  | 'useHttp2';

export type ResolvedHttpOptions<Context extends HttpContext = HttpContext> =
  ResolvedCrawlerOptions<Context> &
    ResolvedPageOptions<Context> &
    Required<Pick<HttpCrawlerOptions<Context>, Defaulted>> &
    Pick<HttpCrawlerOptions<Context>, 'suggestResponseEncoding' | 'forceResponseEncoding'>;

const DEFAULTS: Required<Pick<HttpCrawlerOptions, Defaulted>> = Object.freeze({
  navigationTimeoutSecs: 30,
  preNavigationHooks: [],
  postNavigationHooks: [],
  additionalMimeTypes: [],
  maxBodyBytes: 100 * 1024 * 1024,
  ignoreSslErrors: false,
  useHttp2: false,
});

const charset = v.optional(
  v.pipe(
    v.string('an encoding such as `windows-1250`'),
    v.check(isCharset, 'an encoding such as `windows-1250`'),
  ),
);
const hooks = listOf(callback<NavigationHook>(), 'a list of functions');

const HTTP_ENTRIES = {
  ...CRAWLER_ENTRIES,
  ...PAGE_ENTRIES,
  navigationTimeoutSecs: optional(number({ min: 0.001 })),
  preNavigationHooks: optional(hooks),
  postNavigationHooks: optional(hooks),
  additionalMimeTypes: optional(listOf(text(), 'a list of content types')),
  suggestResponseEncoding: charset,
  forceResponseEncoding: charset,
  maxBodyBytes: optional(integer({ min: 1 })),
  ignoreSslErrors: optional(flag()),
  useHttp2: optional(flag()),
} satisfies v.ObjectEntries;

const SCHEMA = optionsObject(HTTP_ENTRIES);

/**
 * `canSelect` tells whether pages are parsed, so that rules may have a `selector`.
 *
 * @throws OptionError
 */
export function resolveHttpOptions<Context extends HttpContext>(
  options: HttpCrawlerOptions<Context>,
  crawler: { readonly name: string; readonly canSelect: boolean },
): ResolvedHttpOptions<Context> {
  const given = parseOptions(
    SCHEMA,
    options,
    crawler.name,
  ) as unknown as HttpCrawlerOptions<Context>;
  if (!crawler.canSelect && hasSelector(given.checkResponse)) {
    throw new OptionError(
      'checkResponse.selector',
      `\`checkResponse.selector\` needs a parsed page; ${crawler.name} does not parse, CheerioCrawler does`,
    );
  }
  return {
    ...CRAWLER_DEFAULTS,
    ...PAGE_DEFAULTS,
    ...DEFAULTS,
    ...definedOnly(given),
  } as unknown as ResolvedHttpOptions<Context>;
}

function hasSelector(rules: unknown): boolean {
  const list = Array.isArray(rules) ? rules : [rules];
  return list.some((candidate: BlockRule | undefined) => candidate?.selector !== undefined);
}
