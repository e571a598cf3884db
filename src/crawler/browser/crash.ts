import { PageError } from '../crawl-errors.ts';
import { BrowserCrashError } from './browser-errors.ts';

/** A crash as the verdict of a page: it costs the request a retry, and the session nothing. */
export function crashOf(what: 'page' | 'browser', url: string): PageError {
  return verdictOf(new BrowserCrashError(what, url));
}

export function verdictOf(crash: BrowserCrashError): PageError {
  return new PageError(crash.code, crash.message, { kind: 'target' });
}
