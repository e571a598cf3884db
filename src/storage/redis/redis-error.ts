import { messageOf, TroupeError } from '../../core/errors.ts';
import { StorageError } from '../storage-error.ts';

/** Failures of a connection, as node-redis and Node name them. */
const CONNECTION_ERRORS = new Set([
  'ClientOfflineError',
  'ConnectionTimeoutError',
  'DisconnectsClientError',
  'RootNodesUnavailableError',
  'SocketClosedUnexpectedlyError',
  'SocketTimeoutError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What a server says while it starts, or while another one takes over. */
const PASSING_REPLY = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|NOREPLICAS|BUSY)\b/;

/** Whether the server is not there just now; a call that met this may or may not have been carried out. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && CONNECTION_ERRORS.has(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnreachable);
  return CONNECTION_ERRORS.has(error.constructor.name) || PASSING_REPLY.test(error.message);
}

/** Whether the server has no memory left for a write. Nothing of the call was carried out. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /\bOOM command not allowed\b/.test(error.message);
}

export function isMissingScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** Turns what the client threw into an error of ours that names the server; leaves our own as they are. */
export function redisErrorOf(error: unknown, address: string): unknown {
  if (error instanceof TroupeError) return error;
  const message = messageOf(error);
  const options = { cause: error };
  if (isUnreachable(error)) {
    return new StorageError(
      'TROUPE_STORAGE_UNREACHABLE',
      address,
      `${address} cannot be reached: ${message}`,
      options,
    );
  }
  if (isOutOfMemory(error)) {
    return new StorageError(
      'TROUPE_STORAGE_FULL',
      address,
      `${address} has no memory left; this write was not stored, earlier ones were. Raise \`maxmemory\` or free some, and go on`,
      options,
    );
  }
  if (/^(?:NOAUTH|WRONGPASS|NOPERM)\b|AUTH.* called without any password/.test(message)) {
    return new StorageError(
      'TROUPE_STORAGE_DENIED',
      address,
      `${address} denies access: ${message}. Write the credentials in the URL: redis://user:password@host`,
      options,
    );
  }
  if (/^(?:MOVED|CROSSSLOT)\b/.test(message)) {
    return new StorageError(
      'TROUPE_STORAGE_FAILED',
      address,
      `${address} belongs to a Cluster: give its addresses as \`cluster\``,
      options,
    );
  }
  return new StorageError('TROUPE_STORAGE_FAILED', address, `${address}: ${message}`, options);
}
