import type { CheerioAPI } from 'cheerio';
import type { BasicContext } from '../context.ts';

/**
 * The context of a page that was fetched over HTTP, or, where that was not enough, opened in a browser. What both
 * have is there in either case.
 */
export interface AdaptiveContext<Page = unknown> extends BasicContext {
  /** The page parsed: as it was sent, or as scripts had made it when the browser was done loading. `undefined` for JSON and the like. */
  readonly $: CheerioAPI;
  /** The text `$` was made from. */
  readonly body: string;
  readonly response: {
    readonly url: string;
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string | string[]>>;
  };
  /** The library's own page; `undefined` when the page was fetched over HTTP. */
  readonly page: Page | undefined;
}

/** Says whether a page that was fetched over HTTP is no use and must be opened in a browser. */
export type NeedsBrowser<Page = unknown> = (
  context: AdaptiveContext<Page>,
) => boolean | Promise<boolean>;
