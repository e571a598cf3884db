export type { RedisClient, RedisCluster, RedisSentinel } from './storage/redis/redis-client.ts';
export { RedisStorage, type RedisStorageOptions } from './storage/redis/redis-storage.ts';
export type { SentinelOptions } from './storage/redis/sentinel-options.ts';
