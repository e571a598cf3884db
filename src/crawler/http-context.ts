import type { BasicContext } from './context.ts';

/** What came back, its body aside. */
export interface PageResponse {
  /** After redirects. */
  readonly url: string;
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Names in lower case; a header that came several times is an array. */
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** The context of pages fetched over HTTP. With `skipNavigation` on the request, nothing is fetched and only the basic part is there. */
export interface HttpContext extends BasicContext {
  readonly response: PageResponse;
  /** Text for HTML, XML, JSON and plain text; bytes for other types. */
  readonly body: string | Buffer;
  /** The body parsed, at first use; `undefined` when the page is no JSON. @throws TroupeError `TROUPE_BAD_JSON` */
  readonly json: unknown;
  readonly contentType: {
    /** Such as `text/html`. */
    readonly type: string;
    /** The charset the body was decoded from, such as `utf-8`. */
    readonly encoding: string;
  };
}

/** How the page is fetched; hooks may change it. */
export interface NavigationOptions {
  url: string;
  method: string;
  /** On top of the session's. */
  headers: Record<string, string>;
  body?: string | Uint8Array;
  followRedirects: boolean;
  maxRedirects: number;
  timeoutSecs: number;
}

/** The options can be changed before navigation only; afterwards they tell how the page was fetched. */
export type NavigationHook<Context extends BasicContext = BasicContext> = (
  context: Context,
  options: NavigationOptions,
) => Promise<unknown> | unknown;
