import { callback, optional } from '../../core/options.ts';
import { BasicCrawler as EngineCrawler } from '../../crawler/basic-crawler.ts';
import type { BasicContext } from '../../crawler/context.ts';
import { Crawler, type CrawlingContext, MOST_AT_ONCE, type SharedOptions } from './crawler.ts';
import {
  type CrawlerOptions,
  definedOnly,
  type ResolvedCrawlerOptions,
  resolveCrawlerOptions,
  secs,
} from './crawler-options.ts';

export interface HandleRequestInputs extends CrawlingContext<BasicCrawler> {}

export type HandleRequest = (inputs: HandleRequestInputs) => Promise<unknown> | unknown;

export interface BasicCrawlerOptions extends CrawlerOptions<HandleRequestInputs> {
  /** New name: `requestHandler`. */
  readonly handleRequestFunction: HandleRequest;
  /** New name: `requestHandlerTimeoutSecs`. @default 60 */
  readonly handleRequestTimeoutSecs?: number;
}

type Resolved = BasicCrawlerOptions & ResolvedCrawlerOptions<never>;

/**
 * Gives each request to a function, which fetches what it wants. New name: `BasicCrawler` of `troupe`.
 *
 * @example
 * import Apify from 'troupe/apify';
 * const requestList = await Apify.openRequestList(null, ['https://example.com/']);
 * const crawler = new Apify.BasicCrawler({
 *   requestList,
 *   handleRequestFunction: async ({ request }) => {
 *     const { body } = await Apify.utils.requestAsBrowser(request);
 *     await Apify.pushData({ url: request.url, body });
 *   },
 * });
 * await crawler.run();
 */
export class BasicCrawler extends Crawler<HandleRequestInputs, BasicContext> {
  readonly #options: Resolved;

  /** @throws OptionError */
  constructor(options: BasicCrawlerOptions) {
    const resolved = resolveCrawlerOptions(options, 'BasicCrawler', {
      handleRequestFunction: callback<HandleRequest>(),
      handleRequestTimeoutSecs: optional(secs()),
    });
    super(resolved, 'BasicCrawler');
    this.#options = resolved;
  }

  protected override engineFor(shared: SharedOptions): EngineCrawler {
    const { handleRequestFunction, handleFailedRequestFunction, handleRequestTimeoutSecs } =
      this.#options;
    return new EngineCrawler({
      maxConcurrency: MOST_AT_ONCE,
      ...shared,
      ...this.failedRequestHandler(handleFailedRequestFunction),
      ...definedOnly({ requestHandlerTimeoutSecs: handleRequestTimeoutSecs }),
      requestHandler: (context) => handleRequestFunction(this.adopt(context)),
    });
  }
}
