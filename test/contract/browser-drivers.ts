import type { Browser as PlaywrightBrowser } from 'playwright-core';
import type { Browser as PuppeteerBrowser } from 'puppeteer-core';
import type { BrowserDriver } from '../../src/crawler/browser/browser-driver.ts';
import type { DriverOptions } from '../../src/crawler/browser/driver-options.ts';
import { PlaywrightDriver } from '../../src/crawler/browser/playwright-driver.ts';
import { PuppeteerDriver } from '../../src/crawler/browser/puppeteer-driver.ts';

/** What the libraries' pages have in common, as far as these tests need it. */
export interface AnyPage {
  evaluate(expression: string): Promise<unknown>;
}

type AnyDriver = BrowserDriver<AnyPage, unknown>;

export interface DriverContract {
  readonly name: string;
  create(options?: DriverOptions): AnyDriver;
  /** The library, as a user's program imports it. */
  library(): Promise<unknown>;
  /** Process id of a browser that the library started. */
  pidOf(browser: unknown): Promise<number>;
}

export const PUPPETEER: DriverContract = {
  name: 'PuppeteerDriver',
  create: (options) => new PuppeteerDriver(options) as AnyDriver,
  library: () => import('puppeteer-core'),
  pidOf: async (browser) => (browser as PuppeteerBrowser).process()?.pid as number,
};

export const PLAYWRIGHT: DriverContract = {
  name: 'PlaywrightDriver',
  create: (options) => new PlaywrightDriver(options) as AnyDriver,
  library: () => import('playwright-core'),
  pidOf: async (browser) => {
    const session = await (browser as PlaywrightBrowser).newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    return processInfo.find(({ type }) => type === 'browser')?.id as number;
  },
};
