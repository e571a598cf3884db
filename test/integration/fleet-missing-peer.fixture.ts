import { messageOf } from '../../src/core/errors.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';

try {
  await new RedisStorage({ url: 'redis://127.0.0.1' }).openDataset('rows');
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code} ${messageOf(error)}`);
}
