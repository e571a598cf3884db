import type {
  Browser,
  GoToOptions,
  HTTPResponse,
  LaunchOptions,
  Page,
  PuppeteerNode,
} from 'puppeteer-core';
import { createRouter, type Handler, type Router } from '../router.ts';
import type { BrowserHook, BrowserPageContext } from './browser-context.ts';
import { BrowserCrawler } from './browser-crawler.ts';
import {
  type BrowserCrawlerOptions,
  type LaunchContext,
  resolveBrowserOptions,
} from './browser-options.ts';
import { PuppeteerDriver } from './puppeteer-driver.ts';

/** Puppeteer's own options of `page.goto()`. */
export type PuppeteerGotoOptions = GoToOptions;

export interface PuppeteerContext extends BrowserPageContext<Page, HTTPResponse, Browser> {}

export type PuppeteerHook = BrowserHook<PuppeteerContext, PuppeteerGotoOptions>;

/** `launcher` is Puppeteer itself. */
export type PuppeteerLaunchContext = LaunchContext<Pick<PuppeteerNode, 'launch'>, LaunchOptions>;

export type PuppeteerCrawlerOptions = BrowserCrawlerOptions<
  PuppeteerContext,
  PuppeteerGotoOptions,
  PuppeteerLaunchContext
>;

/**
 * Opens each request in a browser driven by Puppeteer, as a session in a browser context of its own.
 * `puppeteer-core` must be installed beside, or brought as `launchContext.launcher`.
 *
 * @example
 * const crawler = new PuppeteerCrawler({
 *   async requestHandler({ page, request, enqueueLinks, pushData }) {
 *     await pushData({ url: request.url, title: await page.title() });
 *     await enqueueLinks();
 *   },
 * });
 * await crawler.run(['https://example.com/']);
 */
export class PuppeteerCrawler extends BrowserCrawler<Page, HTTPResponse, PuppeteerContext> {
  /** @throws OptionError */
  constructor(options: PuppeteerCrawlerOptions = {}) {
    const resolved = resolveBrowserOptions<PuppeteerContext>(options, 'PuppeteerCrawler');
    super(new PuppeteerDriver(resolved), resolved);
  }
}

/** A router whose handlers get the context of a {@link PuppeteerCrawler}. */
export function createPuppeteerRouter(
  routes?: Readonly<Record<string, Handler<PuppeteerContext>>>,
): Router<PuppeteerContext> {
  return createRouter(routes);
}
