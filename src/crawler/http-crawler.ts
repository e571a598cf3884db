import { Crawler } from './crawler.ts';
import type { HttpContext } from './http-context.ts';
import {
  type HttpCrawlerOptions,
  type ResolvedHttpOptions,
  resolveHttpOptions,
} from './http-options.ts';
import { HttpPage } from './http-page.ts';
import { createRouter, type Handler, type Router } from './router.ts';

/**
 * Fetches each request over plain HTTP as a session: with its proxy, cookies and headers. The handler gets the body.
 *
 * @example
 * const crawler = new HttpCrawler({
 *   async requestHandler({ json, pushData, request }) {
 *     await pushData({ url: request.url, json });
 *   },
 * });
 * await crawler.run(['https://example.com/data.json']);
 */
export class HttpCrawler extends Crawler<HttpContext> {
  /** @throws OptionError */
  constructor(options: HttpCrawlerOptions = {}) {
    const resolved: ResolvedHttpOptions = resolveHttpOptions(options, {
      name: 'HttpCrawler',
      canSelect: false,
    });
    super(resolved, new HttpPage<HttpContext>(resolved, (context) => context));
  }
}

/** A router whose handlers get the context of an {@link HttpCrawler}. */
export function createHttpRouter(
  routes?: Readonly<Record<string, Handler<HttpContext>>>,
): Router<HttpContext> {
  return createRouter(routes);
}
