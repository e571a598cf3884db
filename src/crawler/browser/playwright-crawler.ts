import type { Browser, BrowserType, LaunchOptions, Page, Response } from 'playwright-core';
import { createRouter, type Handler, type Router } from '../router.ts';
import type { BrowserHook, BrowserPageContext } from './browser-context.ts';
import { BrowserCrawler } from './browser-crawler.ts';
import {
  type BrowserCrawlerOptions,
  type LaunchContext,
  resolveBrowserOptions,
} from './browser-options.ts';
import { PlaywrightDriver } from './playwright-driver.ts';

/** Playwright's own options of `page.goto()`. */
export type PlaywrightGotoOptions = NonNullable<Parameters<Page['goto']>[1]>;

export interface PlaywrightContext extends BrowserPageContext<Page, Response, Browser> {}

export type PlaywrightHook = BrowserHook<PlaywrightContext, PlaywrightGotoOptions>;

/** `launcher` is Playwright itself, or one of its browser types. */
export type PlaywrightLaunchContext = LaunchContext<
  BrowserType | { readonly chromium: BrowserType },
  LaunchOptions
>;

export type PlaywrightCrawlerOptions = BrowserCrawlerOptions<
  PlaywrightContext,
  PlaywrightGotoOptions,
  PlaywrightLaunchContext
>;

/**
 * Opens each request in a browser driven by Playwright, as a session in a browser context of its own.
 * `playwright-core` must be installed beside, or brought as `launchContext.launcher`.
 *
 * @example
 * const crawler = new PlaywrightCrawler({
 *   async requestHandler({ page, request, enqueueLinks, pushData }) {
 *     await pushData({ url: request.url, title: await page.title() });
 *     await enqueueLinks();
 *   },
 * });
 * await crawler.run(['https://example.com/']);
 */
export class PlaywrightCrawler extends BrowserCrawler<Page, Response, PlaywrightContext> {
  /** @throws OptionError */
  constructor(options: PlaywrightCrawlerOptions = {}) {
    const resolved = resolveBrowserOptions<PlaywrightContext>(options, 'PlaywrightCrawler');
    super(new PlaywrightDriver(resolved), resolved);
  }
}

/** A router whose handlers get the context of a {@link PlaywrightCrawler}. */
export function createPlaywrightRouter(
  routes?: Readonly<Record<string, Handler<PlaywrightContext>>>,
): Router<PlaywrightContext> {
  return createRouter(routes);
}
