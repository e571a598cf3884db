import { messageOf } from '../core/errors.ts';

/**
 * Why no connection came about, told by our connectors to the exchange that waits.
 * undici must see none of its own codes here: it would take some of them for a reason to try again.
 */
export class ConnectError extends Error {
  readonly kind: 'proxy' | 'target' | 'connect-timeout' | 'invalid';
  readonly proxyStatus: number | undefined;

  constructor(
    kind: ConnectError['kind'],
    message: string,
    { cause, proxyStatus }: { cause?: unknown; proxyStatus?: number } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.proxyStatus = proxyStatus;
  }
}

/** What a socket's error means while connecting to a host. The system's own timeout counts as ours. */
export function connectError(
  error: unknown,
  blame: 'proxy' | 'target',
  where: string,
): ConnectError {
  if (error instanceof ConnectError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const kind = code === 'ETIMEDOUT' ? 'connect-timeout' : blame;
  // An AggregateError of several addresses has a code but no message.
  const reason = messageOf(error) || 'every address failed';
  return new ConnectError(
    kind,
    `cannot connect to ${where}: ${reason}${code ? ` (${code})` : ''}`,
    {
      cause: error,
    },
  );
}
