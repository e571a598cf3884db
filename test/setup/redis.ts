import { spawnSync } from 'node:child_process';
import { redisProgram } from '../support/redis-program.ts';
import { installDebianPackage } from './debian-package.ts';

/** Brings the Redis server that the storage tests start. Costs nothing where one is there already. */
export function setup(): void {
  if (isInstalled()) return;
  const program = redisProgram();
  if (program !== 'redis-server')
    throw new Error(`TROUPE_TEST_REDIS_SERVER: cannot run ${program}`);
  installDebianPackage(
    'redis-server',
    new Error('The tests start `redis-server` and found none: install Redis 6.2 or later'),
  );
}

function isInstalled(): boolean {
  return spawnSync(redisProgram(), ['--version']).status === 0;
}
