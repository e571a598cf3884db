import type { ProxyInfo } from '../proxy/proxy-info.ts';

/** Cookies by URL. A `Session` is one. Both calls are synchronous; refused cookies never throw. */
export interface CookieStore {
  getCookieString(url: string): string;
  setCookie(rawSetCookie: string, url: string): void;
}

export interface HttpRequest {
  readonly url: string;
  /** @default 'GET' */
  readonly method?: string;
  /** Sent in this order, with this spelling. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** `null` or absent: a direct connection. */
  readonly proxy?: ProxyInfo | null;
  /** Read before each hop and written after each hop, before anything else happens. A `cookie` header in `headers` goes first, and the store's cookies are added to it. */
  readonly cookies?: CookieStore;
  /** @default true */
  readonly followRedirects?: boolean;
  /** @default 10 */
  readonly maxRedirects?: number;
  /** Bytes after decompression. @default 100 MiB */
  readonly maxBodyBytes?: number;
  /** TCP, TLS and the proxy's CONNECT. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** From sending to the response's headers, each hop. @default 30_000 */
  readonly firstByteTimeoutMs?: number;
  /** Everything, the last body byte and all redirects included. @default 60_000 */
  readonly totalTimeoutMs?: number;
  /** @default false */
  readonly ignoreSslErrors?: boolean;
  /** @default false */
  readonly useHttp2?: boolean;
  readonly signal?: AbortSignal;
}

export interface HttpHop {
  readonly url: string;
  readonly statusCode: number;
  /** Raw `Set-Cookie` values of this response. */
  readonly setCookie: readonly string[];
}

export interface HttpResponse {
  /** After redirects. */
  readonly url: string;
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Lower-case names; repeated headers as arrays. `content-encoding` is as sent although the body is decoded. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Every response on the way, the final one last. */
  readonly hops: readonly HttpHop[];
  /** Decompressed. Iterate once, or call `bytes()`; not both. Errors of the body (`too-large`, `timeout`, `truncated`) come from here. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. */
  bytes(): Promise<Uint8Array>;
  /** Lets the connection go without reading the rest. Idempotent. */
  discard(): void;
}

/**
 * Sends requests. Connections are kept alive per proxy and origin, in a bounded cache.
 * Any HTTP status is a response, not an error.
 */
export interface HttpClient extends AsyncDisposable {
  readonly name: string;
  /** @throws HttpError */
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}
