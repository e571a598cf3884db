import type { Page, Response } from 'playwright-core';
import {
  PlaywrightCrawler as EngineCrawler,
  type PlaywrightLaunchContext as EngineLaunch,
  type PlaywrightCrawlerOptions as EngineOptions,
  type PlaywrightContext,
  type PlaywrightGotoOptions,
} from '../../crawler/browser/playwright-crawler.ts';
import { BrowserCrawler } from './browser-crawler.ts';
import {
  type BrowserCrawlerOptions,
  type BrowserHandlePageInputs,
  type BrowserHook,
  type LaunchContext,
  resolveBrowserOptions,
} from './browser-options.ts';
import type { SharedOptions } from './crawler.ts';

export interface PlaywrightHandlePageInputs
  extends BrowserHandlePageInputs<PlaywrightCrawler, Page, Response> {}

export type PlaywrightHandlePage = (
  inputs: PlaywrightHandlePageInputs,
) => Promise<unknown> | unknown;

export type PlaywrightHook = BrowserHook<PlaywrightHandlePageInputs, PlaywrightGotoOptions>;

export type PlaywrightLaunchContext = LaunchContext<
  NonNullable<EngineLaunch['launcher']>,
  NonNullable<EngineLaunch['launchOptions']>
>;

export type PlaywrightCrawlerOptions = BrowserCrawlerOptions<
  PlaywrightHandlePageInputs,
  PlaywrightGotoOptions,
  Response,
  PlaywrightLaunchContext,
  PlaywrightContext
>;

/**
 * Opens pages in a browser driven by Playwright; the package `playwright-core` must be installed beside. New name:
 * `PlaywrightCrawler` of `troupe/playwright`.
 */
export class PlaywrightCrawler extends BrowserCrawler<
  PlaywrightHandlePageInputs,
  PlaywrightContext
> {
  /** @throws OptionError */
  constructor(options: PlaywrightCrawlerOptions) {
    super(resolveBrowserOptions(options, 'PlaywrightCrawler'), 'PlaywrightCrawler');
  }

  protected override engineFor(shared: SharedOptions): EngineCrawler {
    return new EngineCrawler(this.engineOptions(shared) as EngineOptions);
  }
}
