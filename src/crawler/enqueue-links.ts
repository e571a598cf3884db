import type { AddedRequestInfo } from '../queue/request-adder.ts';
import type { RequestOptions } from '../queue/request-options.ts';
import { normalizeParsedUrl } from '../queue/unique-key.ts';
import { LinkFilter, type LinkFilterOptions } from './link-filter.ts';

export interface EnqueueLinksOptions extends LinkFilterOptions {
  /** Links to follow instead of those found on the page; relative ones are resolved. */
  readonly urls?: readonly string[];
  /** Which elements of the page are links, by their `href`. @default 'a' */
  readonly selector?: string;
  /** What relative links are relative to. @default the page's `<base href>`, or its URL after redirects */
  readonly baseUrl?: string;
  /** Routes the new requests. */
  readonly label?: string;
  /** Copied into each new request. */
  readonly userData?: object;
  /** Follow these before all others. @default false */
  readonly forefront?: boolean;
  /** At most this many, duplicates included, in the order of the page. @default all */
  readonly limit?: number;
  /** Changes a request before it is added; a falsy result leaves it out. Sees only links that passed the filters. */
  readonly transformRequestFunction?: (
    request: MutableRequestOptions,
  ) => RequestOptions | false | null | undefined;
}

export type MutableRequestOptions = {
  -readonly [Name in keyof RequestOptions]: RequestOptions[Name];
};

export interface EnqueueLinksResult {
  /** Links that are in the queue now, new or not. */
  readonly processedRequests: readonly AddedRequestInfo[];
  /** Links left out by depth, robots.txt, the transform function or the limit; those of other sites are not counted. */
  readonly skippedCount: number;
}

/** What the page knows about itself. */
export interface LinkPage {
  readonly url: string;
  /** After redirects, when the page was fetched. */
  readonly loadedUrl: string | undefined;
  /** Of the new requests. */
  readonly depth: number;
}

export interface LinkRules {
  readonly maxDepth: number | undefined;
  /** Known to be forbidden by robots.txt. */
  readonly isForbidden: ((url: URL) => boolean) | undefined;
  /** Tells of a request that is in the queue already, as far as that is known without asking the store. */
  readonly knownRequest?: (uniqueKey: string) => AddedRequestInfo | undefined;
}

export interface SelectedLinks {
  /** To be added. */
  readonly requests: readonly RequestOptions[];
  /** In the queue already. */
  readonly known: readonly AddedRequestInfo[];
  readonly skippedCount: number;
}

/**
 * Turns the links of a page into requests: resolved, filtered, each URL once. Most links of most pages have been
 * seen before; no request is made for those.
 *
 * @throws OptionError
 */
export function selectLinks(
  hrefs: Iterable<string>,
  page: LinkPage,
  rules: LinkRules,
  options: EnqueueLinksOptions,
): SelectedLinks {
  const requests: RequestOptions[] = [];
  const known: AddedRequestInfo[] = [];
  let skippedCount = 0;
  const base = new URL(options.baseUrl ?? page.loadedUrl ?? page.url, page.url);
  const filter = new LinkFilter(siteOf(page, base), options);
  const isTooDeep = rules.maxDepth !== undefined && page.depth > rules.maxDepth;
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const { transformRequestFunction: transform } = options;
  const seen = new Set<string>();
  for (const href of hrefs) {
    if (seen.has(href)) continue;
    seen.add(href);
    const url = parsed(href, base);
    if (!url || !filter.accepts(url)) continue;
    const isOver = requests.length + known.length >= limit;
    if (isTooDeep || isOver || rules.isForbidden?.(url)) {
      skippedCount++;
      continue;
    }
    if (transform) {
      const wanted = transform(requestOf(url, page.depth, options));
      if (wanted) requests.push(wanted);
      else skippedCount++;
      continue;
    }
    const uniqueKey = normalizeParsedUrl(url, false);
    const present = rules.knownRequest?.(uniqueKey);
    if (present) known.push(present);
    else requests.push({ ...requestOf(url, page.depth, options), uniqueKey });
  }
  return { requests, known, skippedCount };
}

/** After a redirect to another host the strategy still means the site that was asked for, or a crawl would wander off. */
function siteOf(page: LinkPage, base: URL): URL {
  const asked = new URL(page.url);
  return asked.hostname === base.hostname ? base : asked;
}

function parsed(href: string, base: URL): URL | null {
  let url: URL;
  try {
    url = new URL(href, base);
  } catch {
    return null;
  }
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}

function requestOf(
  url: URL,
  crawlDepth: number,
  options: EnqueueLinksOptions,
): MutableRequestOptions {
  const request: MutableRequestOptions = { url: url.href, crawlDepth };
  if (options.label !== undefined) request.label = options.label;
  if (options.userData !== undefined) request.userData = options.userData;
  return request;
}
