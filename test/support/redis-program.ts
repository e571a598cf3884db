/** The server that tests and benchmarks start: `redis-server`, unless `TROUPE_TEST_REDIS_SERVER` names another. */
export function redisProgram(): string {
  return process.env['TROUPE_TEST_REDIS_SERVER'] || 'redis-server';
}
