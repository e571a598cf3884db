import { systemClock } from '../core/clock.ts';
import { enqueueLinks } from './enqueue-links.ts';
import { NotInFacadeError } from './errors.ts';
import { type Log, log } from './log.ts';
import { requestAsBrowser } from './request-as-browser.ts';
import {
  downloadListOfUrls,
  extractUrls,
  URL_NO_COMMAS_REGEX,
  URL_WITH_COMMAS_REGEX,
} from './urls-in-text.ts';

/** What `Apify.utils` holds. */
export interface Utils {
  readonly enqueueLinks: typeof enqueueLinks;
  readonly requestAsBrowser: typeof requestAsBrowser;
  readonly downloadListOfUrls: typeof downloadListOfUrls;
  readonly extractUrls: typeof extractUrls;
  readonly sleep: typeof sleep;
  readonly log: Log;
  readonly URL_NO_COMMAS_REGEX: RegExp;
  readonly URL_WITH_COMMAS_REGEX: RegExp;
}

/** The documented namespace. Its names that are not here say what to use instead. New names: see each of its own. */
export const utils: Utils = {
  enqueueLinks,
  requestAsBrowser,
  downloadListOfUrls,
  extractUrls,
  sleep,
  log,
  URL_NO_COMMAS_REGEX,
  URL_WITH_COMMAS_REGEX,
};

const ABSENT: Readonly<Record<string, string>> = Object.freeze({
  puppeteer: 'call the methods of `page`; `blockResources` is an option of the crawlers of troupe',
  playwright: 'call the methods of `page`',
  social: 'use a package that finds contacts in texts',
  htmlToText: "use `$('body').text()`",
  isDocker: 'look at the environment of the process',
});

for (const [name, instead] of Object.entries(ABSENT)) {
  Object.defineProperty(utils, name, {
    get: () => {
      throw new NotInFacadeError(`Apify.utils.${name}`, instead);
    },
  });
}

/** Waits; at once for anything that is no positive number. New name: `setTimeout()` of `node:timers/promises`. */
async function sleep(millis?: number): Promise<void> {
  if (typeof millis === 'number' && millis > 0) await systemClock.sleep(millis);
}
