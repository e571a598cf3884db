import type { BasicContext } from '../context.ts';

/**
 * The context of pages opened in a browser. The page is closed once the handler has returned, and the session's
 * browser context stays. With `skipNavigation` on the request, the page is blank.
 */
export interface BrowserPageContext<Page = unknown, Response = unknown, Browser = unknown>
  extends BasicContext {
  /** The library's own page, on the session's own browser context. */
  readonly page: Page;
  /** `null` before the navigation, and where there was none. */
  readonly response: Response | null;
  /** The library's own browser; other sessions are in it too. */
  readonly browser: Browser;
}

/** The options can be changed before navigation only; afterwards they tell how the page was opened. */
export type BrowserHook<Context, GotoOptions> = (
  context: Context,
  gotoOptions: GotoOptions,
) => Promise<unknown> | unknown;

/** What all libraries' options of `page.goto` have in common. */
export interface CommonGotoOptions {
  /** Milliseconds. @default `navigationTimeoutSecs` */
  timeout?: number;
}
