/** A program that has a browser and a page open, says so, and waits for its death. */
import { PLAYWRIGHT, PUPPETEER } from './browser-drivers.ts';

const driver = process.argv[2] === PUPPETEER.name ? PUPPETEER : PLAYWRIGHT;
const browser = await driver.create().launch({
  executablePath: undefined,
  launcher: undefined,
  headless: true,
  launchOptions: {},
});
const context = await browser.openContext({
  userAgent: undefined,
  locale: 'en-US',
  viewport: { width: 800, height: 600 },
  proxy: null,
});
await context.openPage();
process.on('message', () => {
  throw new Error('This program dies on purpose');
});
process.send?.(await driver.pidOf(browser.browser));
