import { spawnSync } from 'node:child_process';
import { installDebianPackage } from './debian-package.ts';

/** Brings the Redis server that the storage tests start. Costs nothing where one is there already. */
export function setup(): void {
  if (isInstalled()) return;
  installDebianPackage(
    'redis-server',
    new Error('The tests start `redis-server` and found none: install Redis 6.2 or later'),
  );
}

function isInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}
