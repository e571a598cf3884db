import type { Log } from '../../core/log.ts';
import { StorageError } from '../storage-error.ts';

/** Since then a script may ask for several members of a set, and take several from a list, in one call. */
const OLDEST: readonly [major: number, minor: number] = [6, 2];

/**
 * Reads what a server says of itself, the reply to `INFO`.
 *
 * @throws StorageError `TROUPE_STORAGE_TOO_OLD`
 */
export function checkServer(info: string, address: string, log: Log): void {
  const version = fieldOf(info, 'redis_version');
  if (version && isOlder(version)) {
    throw new StorageError(
      'TROUPE_STORAGE_TOO_OLD',
      address,
      `${address} runs Redis ${version}; RedisStorage needs Redis ${OLDEST.join('.')} or later, or Valkey`,
    );
  }
  const policy = fieldOf(info, 'maxmemory_policy');
  if (policy?.startsWith('allkeys')) {
    log.warning(
      `${address} throws keys away when it is full (maxmemory-policy ${policy}): requests could vanish. Set it to noeviction`,
    );
  }
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
