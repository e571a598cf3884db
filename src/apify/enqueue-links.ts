import type { CheerioAPI } from 'cheerio';
import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import { liveLinks } from '../crawler/browser/live-links.ts';
import { linksOf } from '../crawler/page-links.ts';
import { Request } from '../queue/request.ts';
import type { RequestOptions } from '../queue/request-options.ts';
import type { RequestQueue as EngineQueue } from '../queue/request-queue.ts';
import { PseudoUrl, type RequestTemplate } from './pseudo-url.ts';
import { operationInfo, type QueueOperationInfo } from './queue-operation.ts';
import { engineQueueOf, type RequestQueue } from './request-queue.ts';

type MutableRequestOptions = {
  -readonly [Name in keyof RequestOptions]: Name extends 'userData'
    ? // biome-ignore lint/suspicious/noExplicitAny: documented so
      Record<string, any>
    : RequestOptions[Name];
};

/** Changes a request before it is added; a falsy result leaves it out. */
export type RequestTransform = (
  original: MutableRequestOptions & { userData: NonNullable<MutableRequestOptions['userData']> },
) => RequestOptions | false | null | undefined;

export type PseudoUrlInput =
  | string
  | RegExp
  | PseudoUrl
  | ({ readonly purl: string | RegExp } & RequestTemplate);

export interface EnqueueLinksOptions {
  /** A page of Puppeteer or Playwright; this or `$` is needed. */
  readonly page?: { url(): string };
  /** A page parsed by cheerio. */
  readonly $?: unknown;
  readonly requestQueue: RequestQueue | EngineQueue;
  /** @default 'a' */
  readonly selector?: string;
  /** What relative links are relative to; with `$` they need it. */
  readonly baseUrl?: string;
  /** A link must match one of these, whose template goes into its request. @default all links */
  readonly pseudoUrls?: readonly PseudoUrlInput[] | null;
  readonly transformRequestFunction?: RequestTransform;
  /** @default all */
  readonly limit?: number;
}

/**
 * Adds the links of a page to a queue. New name: `enqueueLinks()` in a handler.
 *
 * @throws OptionError, also for a relative link of a parsed page without `baseUrl`
 */
export async function enqueueLinks(options: EnqueueLinksOptions): Promise<QueueOperationInfo[]> {
  const { requestQueue, transformRequestFunction: transform } = options;
  const { limit = Number.POSITIVE_INFINITY } = options;
  if (typeof requestQueue !== 'object' || requestQueue === null) {
    const message = expectedText('requestQueue', 'a RequestQueue', requestQueue);
    throw new OptionError('requestQueue', message);
  }
  const requests = new Map<string, Request>();
  for (const url of await urlsOf(options)) {
    if (requests.size >= limit) break;
    const wanted = optionsFor(url, options.pseudoUrls ?? []);
    const transformed = wanted && transform ? transform(wanted as never) : wanted;
    if (!transformed) continue;
    const request = new Request(transformed);
    if (!requests.has(request.uniqueKey)) requests.set(request.uniqueKey, request);
  }
  const added = [...requests.values()];
  const infos = await engineQueueOf(requestQueue).addRequests(added);
  return infos.map((info, index) => operationInfo(info, added[index] as Request));
}

async function urlsOf({
  page,
  $,
  selector = 'a',
  baseUrl,
}: EnqueueLinksOptions): Promise<string[]> {
  if (Boolean(page) === Boolean($)) {
    const got = page ? 'both' : 'neither';
    throw new OptionError('page', `Expected one of \`page\` and \`$\`, got ${got}`);
  }
  if (page) {
    const { hrefs, baseUrl: base = page.url() } = await liveLinks(page, selector);
    return hrefs.flatMap((href) => httpUrl(href, base) ?? []);
  }
  const url = baseUrl ?? '';
  const { hrefs } = linksOf($ as CheerioAPI, { url, loadedUrl: undefined }, selector);
  return hrefs.flatMap((href) => {
    if (baseUrl === undefined && !URL.canParse(href)) throw relativeLink(href);
    return httpUrl(href, baseUrl) ?? [];
  });
}

function httpUrl(href: string, base: string | undefined): string | undefined {
  if (!URL.canParse(href, base)) return undefined;
  const url = new URL(href, base);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}

function optionsFor(url: string, given: readonly PseudoUrlInput[]): RequestOptions | undefined {
  if (given.length === 0) return { url, userData: {} };
  return given
    .map(pseudoUrlOf)
    .find((pseudoUrl) => pseudoUrl.matches(url))
    ?.optionsFor(url);
}

function pseudoUrlOf(given: PseudoUrlInput): PseudoUrl {
  if (given instanceof PseudoUrl) return given;
  if (typeof given === 'string' || given instanceof RegExp) return new PseudoUrl(given);
  const { purl, ...template } = given;
  return new PseudoUrl(purl, template);
}

function relativeLink(href: string): OptionError {
  const problem = `the link \`${href}\` is relative`;
  return new OptionError('baseUrl', `Expected \`baseUrl\` in enqueueLinks(): ${problem}`);
}
