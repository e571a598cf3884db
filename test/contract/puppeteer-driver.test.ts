import { describeBrowserDriver } from './browser-driver.contract.ts';
import { PUPPETEER } from './browser-drivers.ts';

describeBrowserDriver(PUPPETEER);
