import { type CheerioContext, CheerioPage } from './cheerio-page.ts';
import { Crawler } from './crawler.ts';
import { type HttpCrawlerOptions, resolveHttpOptions } from './http-options.ts';
import { createRouter, type Handler, type Router } from './router.ts';

export type CheerioCrawlerOptions = HttpCrawlerOptions<CheerioContext>;

/**
 * Fetches each request over plain HTTP as a session and parses it with cheerio, which must be installed beside.
 *
 * @example
 * const crawler = new CheerioCrawler({
 *   async requestHandler({ $, request, enqueueLinks, pushData }) {
 *     await pushData({ url: request.url, title: $('title').text() });
 *     await enqueueLinks();
 *   },
 * });
 * await crawler.run(['https://example.com/']);
 */
export class CheerioCrawler extends Crawler<CheerioContext> {
  /** @throws OptionError */
  constructor(options: CheerioCrawlerOptions = {}) {
    const resolved = resolveHttpOptions(options, { name: 'CheerioCrawler', canSelect: true });
    super(resolved, new CheerioPage(resolved));
  }
}

/** A router whose handlers get the context of a {@link CheerioCrawler}. */
export function createCheerioRouter(
  routes?: Readonly<Record<string, Handler<CheerioContext>>>,
): Router<CheerioContext> {
  return createRouter(routes);
}
