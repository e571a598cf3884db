import type { HTTPResponse, Page } from 'puppeteer-core';
import {
  PuppeteerCrawler as EngineCrawler,
  type PuppeteerLaunchContext as EngineLaunch,
  type PuppeteerCrawlerOptions as EngineOptions,
  type PuppeteerContext,
  type PuppeteerGotoOptions,
} from '../../crawler/browser/puppeteer-crawler.ts';
import { BrowserCrawler } from './browser-crawler.ts';
import {
  type BrowserCrawlerOptions,
  type BrowserHandlePageInputs,
  type BrowserHook,
  type LaunchContext,
  resolveBrowserOptions,
} from './browser-options.ts';
import type { SharedOptions } from './crawler.ts';

export interface PuppeteerHandlePageInputs
  extends BrowserHandlePageInputs<PuppeteerCrawler, Page, HTTPResponse> {}

export type PuppeteerHandlePage = (inputs: PuppeteerHandlePageInputs) => Promise<unknown> | unknown;

export type PuppeteerHook = BrowserHook<PuppeteerHandlePageInputs, PuppeteerGotoOptions>;

export type PuppeteerLaunchContext = LaunchContext<
  NonNullable<EngineLaunch['launcher']>,
  NonNullable<EngineLaunch['launchOptions']>
>;

export type PuppeteerCrawlerOptions = BrowserCrawlerOptions<
  PuppeteerHandlePageInputs,
  PuppeteerGotoOptions,
  HTTPResponse,
  PuppeteerLaunchContext,
  PuppeteerContext
>;

/**
 * Opens pages in a browser driven by Puppeteer; the package `puppeteer-core` must be installed beside. New name:
 * `PuppeteerCrawler` of `troupe/puppeteer`.
 */
export class PuppeteerCrawler extends BrowserCrawler<PuppeteerHandlePageInputs, PuppeteerContext> {
  /** @throws OptionError */
  constructor(options: PuppeteerCrawlerOptions) {
    super(resolveBrowserOptions(options, 'PuppeteerCrawler'), 'PuppeteerCrawler');
  }

  protected override engineFor(shared: SharedOptions): EngineCrawler {
    return new EngineCrawler(this.engineOptions(shared) as EngineOptions);
  }
}
