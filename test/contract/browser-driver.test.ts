import type { Browser as PlaywrightBrowser } from 'playwright-core';
import type { Browser as PuppeteerBrowser } from 'puppeteer-core';
import { PlaywrightDriver } from '../../src/crawler/browser/playwright-driver.ts';
import { PuppeteerDriver } from '../../src/crawler/browser/puppeteer-driver.ts';
import { type DriverContract, describeBrowserDriver } from './browser-driver.contract.ts';

const DRIVERS: readonly DriverContract[] = [
  {
    name: 'PuppeteerDriver',
    create: (options) => new PuppeteerDriver(options) as ReturnType<DriverContract['create']>,
    pidOf: async (browser) => (browser as PuppeteerBrowser).process()?.pid as number,
  },
  {
    name: 'PlaywrightDriver',
    create: (options) => new PlaywrightDriver(options) as ReturnType<DriverContract['create']>,
    pidOf: async (browser) => {
      const session = await (browser as PlaywrightBrowser).newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      await session.detach();
      return processInfo.find(({ type }) => type === 'browser')?.id as number;
    },
  },
];

for (const driver of DRIVERS) describeBrowserDriver(driver);
