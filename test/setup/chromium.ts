import { findChromium } from '../../src/crawler/browser/find-chromium.ts';
import { installDebianPackage } from './debian-package.ts';

/** Brings the Chromium that the browser tests drive. Costs nothing where one is there already. */
export function setup(): void {
  const missing = whyMissing();
  if (!missing) return;
  if (process.env['CHROME_PATH']) throw missing;
  installDebianPackage('chromium', missing);
  findChromium();
}

function whyMissing(): Error | undefined {
  try {
    findChromium();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
