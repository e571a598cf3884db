import { messageOf, TroupeError } from '../../core/errors.ts';
import { HttpError } from '../../http/http-error.ts';
import type { Outcome, OutcomeKind } from '../../session/outcome.ts';

/** The page's renderer died, or the browser as a whole. Nobody's session is to blame. */
export class BrowserCrashError extends TroupeError {
  constructor(what: 'page' | 'browser', url: string) {
    super(
      what === 'page' ? 'TROUPE_PAGE_CRASHED' : 'TROUPE_BROWSER_GONE',
      what === 'page' ? `The page crashed at ${url}` : `The browser is gone, and with it ${url}`,
    );
  }
}

const NET_ERROR = /\bnet::(ERR_[A-Z0-9_]+)/;

/** The proxy failed, said in so many words. */
const PROXY_ERROR =
  /^ERR_(?:PROXY_|TUNNEL_|SOCKS_|HTTPS_PROXY_|NO_SUPPORTED_PROXIES|MANDATORY_PROXY_|UNEXPECTED_PROXY_|MALFORMED_PROXY|QUIC_PROXY_)/;

/** The connection was cut or never came about. With a proxy between us and the site it is the proxy's connection. */
const CONNECTION_ERROR =
  /^ERR_(?:CONNECTION_|EMPTY_RESPONSE$|NAME_|ADDRESS_|SOCKET_NOT_CONNECTED$|INVALID_HTTP_RESPONSE$|RESPONSE_HEADERS_TRUNCATED$)/;

const TIMEOUT_ERROR = /^ERR_(?:TIMED_OUT|CONNECTION_TIMED_OUT)$/;

/** The request cannot be sent, or our own program stopped it. */
const OWN_ERROR =
  /^ERR_(?:INVALID_URL|UNKNOWN_URL_SCHEME|DISALLOWED_URL_SCHEME|UNSAFE_PORT|BLOCKED_BY_CLIENT|INVALID_ARGUMENT)$/;

const NAVIGATION_TIMEOUT =
  /^Navigation timeout of \d+ ms exceeded|\b(?:page|frame)\.(?:goto|reload|goBack|goForward): Timeout \d+ms/;

/** The page, its context or the browser went away under the call. */
const GONE =
  /\b(?:Target|Session|Page|Connection) (?:closed|crashed)\b|\bTarget page, context or browser has been closed|\b(?:Navigating frame was|Attempted to use) detached/;

/**
 * Whose fault it is that a navigation failed. To be asked about what `DrivenPage` threw, not about what the user's
 * handler threw: there a timeout may be one of a selector.
 *
 * @returns `null` for an error that is none of a browser
 */
export function outcomeOfBrowserError(
  error: unknown,
  { hasProxy }: { readonly hasProxy: boolean },
): Outcome | null {
  if (error instanceof BrowserCrashError) return { kind: 'target' };
  if (error instanceof HttpError && error.kind === 'proxy') {
    return error.proxyStatus === undefined
      ? { kind: 'proxy' }
      : { kind: 'proxy', status: error.proxyStatus };
  }
  if (!(error instanceof Error) || error instanceof TroupeError) return null;
  const message = messageOf(error);
  const code = NET_ERROR.exec(message)?.[1];
  if (code !== undefined) return outcomeOfNetError(code, hasProxy);
  if (NAVIGATION_TIMEOUT.test(message)) return { kind: 'timeout' };
  if (/Cannot navigate to invalid URL/.test(message)) return { kind: 'user' };
  // What Playwright makes of a file; Puppeteer says `net::ERR_ABORTED`.
  if (/Download is starting/.test(message)) return { kind: 'target' };
  return GONE.test(message) ? { kind: 'target' } : null;
}

function outcomeOfNetError(code: string, hasProxy: boolean): Outcome {
  // Without an answer of the site it was the proxy that asked, before it made a tunnel.
  if (code === 'ERR_INVALID_AUTH_CREDENTIALS') {
    return hasProxy ? { kind: 'proxy', status: 407 } : { kind: 'blocked', status: 401 };
  }
  return { kind: kindOfNetError(code, hasProxy) };
}

function kindOfNetError(code: string, hasProxy: boolean): OutcomeKind {
  if (PROXY_ERROR.test(code)) return hasProxy ? 'proxy' : 'target';
  if (TIMEOUT_ERROR.test(code)) return 'timeout';
  if (OWN_ERROR.test(code)) return 'user';
  return hasProxy && CONNECTION_ERROR.test(code) ? 'proxy' : 'target';
}
