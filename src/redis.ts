export type { RedisClient, RedisCluster } from './storage/redis/redis-client.ts';
export { RedisStorage, type RedisStorageOptions } from './storage/redis/redis-storage.ts';
