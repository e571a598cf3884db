import { HttpError, type HttpErrorKind } from './http-error.ts';

/** What an error must tell of the request it ended. */
export interface RequestLine {
  readonly method: string;
  readonly url: URL;
}

export interface RequestErrorDetails {
  readonly proxyStatus?: number | undefined;
  readonly cause?: unknown;
}

/** An {@link HttpError} that reads `GET https://host/path: <what>`, without credentials. */
export function requestError(
  kind: HttpErrorKind,
  { method, url }: RequestLine,
  what: string,
  { proxyStatus, cause }: RequestErrorDetails = {},
): HttpError {
  const safeUrl = withoutCredentials(url);
  return new HttpError(kind, `${method} ${safeUrl}: ${what}`, {
    url: safeUrl,
    ...(proxyStatus === undefined ? {} : { proxyStatus }),
    cause,
  });
}

/** The URL as it may be shown and stored. */
export function withoutCredentials(url: URL): string {
  if (url.username === '' && url.password === '') return url.href;
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}
