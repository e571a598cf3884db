import { TroupeError } from '../core/errors.ts';

/**
 * Who failed:
 * `proxy` refused, 407, CONNECT refused, tunnel reset, proxy's DNS; `connect-timeout`, `first-byte-timeout`, `total-timeout`;
 * `target` DNS, refused, reset or TLS of the site itself; `truncated` body ended early or was undecodable;
 * `too-large` body over the cap; `redirects` too many or a loop or an unusable location; `aborted` by the caller's signal;
 * `invalid` the request itself cannot be sent.
 */
export type HttpErrorKind =
  | 'proxy'
  | 'connect-timeout'
  | 'first-byte-timeout'
  | 'total-timeout'
  | 'target'
  | 'truncated'
  | 'too-large'
  | 'redirects'
  | 'aborted'
  | 'invalid';

const CODES: Readonly<Record<HttpErrorKind, string>> = {
  proxy: 'TROUPE_HTTP_PROXY',
  'connect-timeout': 'TROUPE_HTTP_CONNECT_TIMEOUT',
  'first-byte-timeout': 'TROUPE_HTTP_FIRST_BYTE_TIMEOUT',
  'total-timeout': 'TROUPE_HTTP_TOTAL_TIMEOUT',
  target: 'TROUPE_HTTP_TARGET',
  truncated: 'TROUPE_HTTP_TRUNCATED',
  'too-large': 'TROUPE_HTTP_TOO_LARGE',
  redirects: 'TROUPE_HTTP_REDIRECTS',
  aborted: 'TROUPE_HTTP_ABORTED',
  invalid: 'TROUPE_HTTP_INVALID',
};

/** A request that got no usable response. */
export class HttpError extends TroupeError {
  readonly kind: HttpErrorKind;
  /** Without credentials. */
  readonly url: string;
  /** Status of the proxy's answer to CONNECT, such as 407, when there was one. */
  readonly proxyStatus: number | undefined;

  constructor(
    kind: HttpErrorKind,
    message: string,
    details: { url: string; proxyStatus?: number; cause?: unknown },
  ) {
    super(CODES[kind], message, { cause: details.cause });
    this.kind = kind;
    this.url = details.url;
    this.proxyStatus = details.proxyStatus;
  }
}
