import { Crawler } from '../crawler.ts';
import type { BrowserPageContext } from './browser-context.ts';
import type { BrowserDriver } from './browser-driver.ts';
import type { ResolvedBrowserOptions } from './browser-options.ts';
import { BrowserPage } from './browser-page.ts';

/**
 * Opens each request in a real browser as a session: one browser process serves many sessions, each in a context of
 * its own with its own proxy and cookies. What a handler does there, such as logging in, is kept with the session.
 */
export abstract class BrowserCrawler<
  Page,
  Response,
  Context extends BrowserPageContext<Page, Response>,
> extends Crawler<Context> {
  /** For subclasses: how their library is driven, and checked options. */
  protected constructor(
    driver: BrowserDriver<Page, Response>,
    options: ResolvedBrowserOptions<Context>,
  ) {
    super(options, new BrowserPage(driver, options));
  }
}
