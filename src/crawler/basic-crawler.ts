import { optionsObject, parseOptions } from '../core/options.ts';
import type { BasicContext } from './context.ts';
import { Crawler } from './crawler.ts';
import {
  type BasicCrawlerOptions,
  CRAWLER_DEFAULTS,
  CRAWLER_ENTRIES,
  definedOnly,
  type ResolvedCrawlerOptions,
} from './crawler-options.ts';
import { NO_PAGE } from './page-kind.ts';

const SCHEMA = optionsObject(CRAWLER_ENTRIES);

/**
 * Gives each request of a queue to a handler together with a session, and lets the handler fetch what it wants,
 * by `context.sendRequest` or any other means.
 *
 * @example
 * const crawler = new BasicCrawler({
 *   async requestHandler({ sendRequest, pushData, request }) {
 *     const { json } = await sendRequest();
 *     await pushData({ url: request.url, data: json() });
 *   },
 * });
 * await crawler.run(['https://example.com/api/items']);
 */
export class BasicCrawler extends Crawler<BasicContext> {
  /** @throws OptionError */
  constructor(options: BasicCrawlerOptions = {}) {
    super(resolveBasicOptions(options), NO_PAGE);
  }
}

function resolveBasicOptions(options: BasicCrawlerOptions): ResolvedCrawlerOptions {
  const given = parseOptions(SCHEMA, options, 'BasicCrawler');
  return { ...CRAWLER_DEFAULTS, ...definedOnly(given) } as unknown as ResolvedCrawlerOptions;
}
