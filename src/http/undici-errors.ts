import { messageOf } from '../core/errors.ts';
import { ConnectError } from './connect-error.ts';
import { HttpError, type HttpErrorKind } from './http-error.ts';
import { type RequestLine, requestError } from './request-error.ts';

/** How far a request got. */
export type Phase = 'connecting' | 'waiting' | 'body' | 'ended';

/** How it travels: straight, through a tunnel made by the proxy, or handed to the proxy as it is. */
export type Route = 'direct' | 'tunnel' | 'forward';

/** The request could not even be written down. */
const INVALID_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/** The client was closed under the request. */
const CLOSED_CODES: ReadonlySet<string> = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** The connection went away, by whose hand one cannot tell. */
const CUT_CODES: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
]);

/** Blames one party for an error of undici or of the socket below it. */
export function classify(
  error: Error,
  request: RequestLine,
  { phase, route }: { phase: Phase; route: Route },
): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof ConnectError) {
    return requestError(error.kind, request, error.message, {
      proxyStatus: error.proxyStatus,
      cause: error.cause,
    });
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return requestError(kindOf(code, phase, route), request, `${what(code, phase)}${detail(error)}`, {
    cause: bare(error),
  });
}

function kindOf(code: string, phase: Phase, route: Route): HttpErrorKind {
  if (INVALID_CODES.has(code)) return 'invalid';
  if (CLOSED_CODES.has(code)) return 'aborted';
  if (phase === 'body') return 'truncated';
  if (route === 'forward') return 'proxy';
  return route === 'tunnel' && CUT_CODES.has(code) ? 'proxy' : 'target';
}

function what(code: string, phase: Phase): string {
  if (INVALID_CODES.has(code)) return 'the request cannot be sent';
  if (CLOSED_CODES.has(code)) return 'the client was closed';
  return phase === 'body' ? 'the body ended early' : 'the connection broke before the answer';
}

function detail(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return `: ${messageOf(error)}${code ? ` (${code})` : ''}`;
}

/** Parser errors carry the bytes they tripped over, which may hold cookies. */
function bare(error: Error): Error {
  if (!('data' in error)) return error;
  const copy = new Error(error.message);
  copy.name = error.name;
  return copy;
}

/** Whether a socket error means that the connection was cut, rather than refused or rejected. */
export function isCut(error: unknown): boolean {
  return CUT_CODES.has((error as NodeJS.ErrnoException)?.code ?? '');
}
