import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { filesUnder } from '../source-files.ts';
import { type CommandDocs, commandDocs, laterChanges, refusalBy } from '../support/redis-docs.ts';
import { RedisMonitor } from '../support/redis-monitor.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeSessionChangesContract } from './session-changes.contract.ts';
import { describeSessionHandsContract } from './session-hands.contract.ts';
import { describeSessionOffersContract } from './session-offers.contract.ts';
import { describeStorageContract } from './storage.contract.ts';

/** The moment the suite begins at: its times are the caller's, not the server's. */
const clock = new FakeClock(1_700_000_000_000);

let server: RedisServer;
let monitor: RedisMonitor;
let opened = 0;
beforeAll(async () => {
  server = await RedisServer.start();
  monitor = await RedisMonitor.start(server);
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

const OLDEST = '6.2.0';
/** By which node-redis tells its name; it does not mind a server that does not know it, as 7.0 does not. */
const GREETING = 'CLIENT';
/** Sent only where there are sentinels; both are of Redis 2.8. */
const OF_SENTINELS = ['ROLE', 'SENTINEL'];
/** What commands took later although all of its parts had been there before. */
const LATER_USES: Readonly<Record<string, (args: readonly string[]) => boolean>> = {
  INFO: (args) => args.length > 1,
  SET: (args) => args.includes('NX') && args.includes('GET'),
};

describe('what RedisStorage sent to the server in the tests above', () => {
  let sent: string[][];
  let docs: ReadonlyMap<string, CommandDocs>;
  beforeAll(async () => {
    await addUnderForeignKeys();
    sent = (await monitor.stop()).filter(([name]) => name !== GREETING);
    const others = ['EXPIRE', 'EXPIRETIME', 'EVAL_RO', 'LMPOP'];
    docs = await commandDocs(server, [...namesOf(sent), ...others]);
  });

  it('is all that the scripts and the client can send, with every option', () => {
    const words = new Set([
      ...sent.flat(),
      ...sent.flatMap(([name, ...args]) => args.map((arg) => `${name} ${arg}`)),
    ]);
    const missing = [...wordsInScripts(), ...wordsInClient()].filter((word) => !words.has(word));
    expect(missing).toEqual([]);
  });

  it(`is known to Redis ${OLDEST}, every option too`, () => {
    expect(sent.map((command) => refusalBy(OLDEST, command, docs)).filter(Boolean)).toEqual([]);
  });

  it('is nothing that old commands and options have come to mean since then', () => {
    for (const name of namesOf(sent)) {
      const changes = laterChanges(OLDEST, docs.get(name) as CommandDocs);
      if (changes.length > 0) expect(LATER_USES, changes.join()).toHaveProperty(name);
    }
    const later = sent.filter(([name = '', ...args]) => LATER_USES[name]?.(args));
    expect(later).toEqual([]);
  });

  it('is more than Redis 6.0 knows', () => {
    const refused = sent.filter((command) => refusalBy('6.0.99', command, docs) !== undefined);
    expect(namesOf(refused)).toEqual(expect.arrayContaining(['LPOP', 'SMISMEMBER', 'ZRANGE']));
  });

  it.each(['EXPIRETIME x', 'EVAL_RO x 0', 'LMPOP 0 x LEFT', 'EXPIRE x 0 GT', 'ZADD x NX 0'])(
    `would be found out if it were "%s"`,
    (command) => {
      expect(refusalBy(OLDEST, command.split(' '), docs)).toBeDefined();
    },
  );

  it.each(['ZADD x GT CH 0 x 0 x', 'LPOP x 0', 'ZRANGE x x x BYLEX LIMIT 0 0', 'EXPIRE x 0'])(
    `may be "%s"`,
    (command) => {
      expect(refusalBy(OLDEST, command.split(' '), docs)).toBeUndefined();
    },
  );
});

/** In a queue of several shards the one that answers for a key says which origin holds the request. */
async function addUnderForeignKeys(): Promise<void> {
  await using storage = new RedisStorage({ url: server.url, prefix: 'shards', queueShards: 4 });
  const queue = await storage.openRequestStore('queue');
  const ids = Array.from({ length: 8 }, (_, index) => `id-${index}`);
  const origin = 'https://site.example';
  await queue.add(ids.map((id) => ({ id, uniqueKey: id, body: '{}', origin })));
}

function namesOf(commands: readonly string[][]): string[] {
  return [...new Set(commands.map(([name]) => name as string))];
}

/** Such as `ZADD` and `ZADD NX`. */
function wordsInScripts(): string[] {
  const calls = filesUnder('src/storage/redis', /\.lua$/).flatMap(({ text }) =>
    text.split('redis.call(').slice(1),
  );
  return calls.flatMap((call) => {
    const line = call.split('\n', 1)[0] as string;
    const [name, ...options] = [...line.matchAll(/'([A-Z]{2,})'/g)].map(([, word]) => word ?? '');
    return name === undefined ? [] : [name, ...options.map((option) => `${name} ${option}`)];
  });
}

function wordsInClient(): string[] {
  const files = filesUnder('src/storage/redis', /(?<!\.test)\.ts$/);
  const words = files.flatMap(({ text }) => [...text.matchAll(/\['([A-Z]+)'/g)]);
  return words.map(([, word]) => word ?? '').filter((word) => !OF_SENTINELS.includes(word));
}
