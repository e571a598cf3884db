import { afterAll, beforeAll, describe } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeSessionChangesContract } from './session-changes.contract.ts';
import { describeSessionHandsContract } from './session-hands.contract.ts';
import { describeSessionOffersContract } from './session-offers.contract.ts';
import { describeStorageContract } from './storage.contract.ts';

/** The moment the suite begins at: its times are the caller's, not the server's. */
const clock = new FakeClock(1_700_000_000_000);

let server: RedisServer;
let opened = 0;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const open = async (): Promise<RedisStorage> =>
  new RedisStorage({ url: server.url, prefix: `test-${opened++}`, clock });

describeStorageContract('RedisStorage', open);
describe('RedisStorage', () => {
  describeSessionHandsContract(open, clock);
  describeSessionChangesContract(open, clock);
  describeSessionOffersContract(open, clock);
});
