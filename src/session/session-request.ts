/** One more request sent as a session: by a handler, or by a hook that logs the session in. */
export interface SendRequestOptions {
  /** Relative ones are resolved. @default the request's */
  readonly url?: string;
  /** @default 'GET' */
  readonly method?: string;
  /** On top of the session's. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sent as JSON with its content type; instead of `body`. */
  readonly json?: unknown;
  /** @default true */
  readonly followRedirects?: boolean;
  /** @default 30 */
  readonly timeoutSecs?: number;
}

export interface SentResponse {
  /** After redirects. */
  readonly url: string;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** As text, decoded by its charset. */
  readonly body: string;
  readonly bytes: Uint8Array;
  json<T = unknown>(): T;
}
