import { createClient, createSentinel } from '@redis/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Log } from '../../src/core/log.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { RequestRow } from '../../src/storage/request-store.ts';
import { claimedFrom } from '../support/claimed.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import type { RedisServer } from '../support/redis-server.ts';

const LOCK = { now: 0, lockMs: 60_000 };
const log = new Log({ level: 'off' });
const { masterName } = RedisSentinels;

describe('RedisStorage with sentinels', () => {
  let group: RedisSentinels;
  beforeEach(async () => {
    group = await RedisSentinels.start();
  });
  afterEach(() => group.stop());

  it('goes on with the replica when the master is killed; what had reached no replica is lost', async () => {
    const sentinel = { masterName, nodes: group.urls };
    await using storage = new RedisStorage({ sentinel, log });
    const queue = await storage.openRequestStore('queue');
    await using master = await connected(group.master.url);
    await queue.add(rows('held', 'kept'));
    const [held] = await claimedFrom(queue, 1, LOCK);
    expect(await copiesOf(master, 5000)).toBe(1);

    await master.sendCommand(['ACL', 'SETUSER', 'default', '-psync', '-sync']);
    await master.sendCommand(['CLIENT', 'KILL', 'TYPE', 'replica']);
    const acknowledged = await queue.add(rows('lost'));
    expect(acknowledged).toMatchObject([{ wasAlreadyPresent: false }]);
    const [late] = await claimedFrom(queue, 1, LOCK);
    expect(late?.id).toBe('kept');
    expect(await copiesOf(master, 100)).toBe(0);

    // The first sentinel that is asked is gone too.
    await group.killSentinel();
    await group.master.kill();
    expect(await queue.counts(0)).toEqual({ total: 2, handled: 0, pending: 1, locked: 1 });
    const again = await claimedFrom(queue, 1, LOCK);
    expect(again).toMatchObject([{ id: 'kept' }]);
    expect(again[0]?.fence).toBeGreaterThan(late?.fence ?? Number.NaN);
    expect(await queue.handle([claimOf(late)])).toEqual([]);
    expect(await queue.handle([claimOf(held), claimOf(again[0])])).toEqual(['held', 'kept']);
    const readded = await queue.add(rows('kept', 'lost'));
    expect(readded.map(({ wasAlreadyPresent }) => wasAlreadyPresent)).toEqual([true, false]);
  });

  it('leaves a master that became a replica', async () => {
    await using storage = new RedisStorage({ sentinel: { masterName, nodes: group.urls }, log });
    const queue = await storage.openRequestStore('queue');
    await queue.add(rows('a'));
    await using master = await connected(group.master.url);
    expect(await copiesOf(master, 5000)).toBe(1);
    await using sentinel = await connected(group.urls[1] ?? '');
    const role = async (): Promise<string> => {
      const [current] = (await master.sendCommand(['ROLE'])) as [string];
      if (current === 'master') await failOver(sentinel, group.master);
      return current;
    };
    await expect.poll(role, { timeout: 20_000 }).toBe('slave');
    await queue.add(rows('b'));
    await using replica = await connected(group.replica.url);
    expect(await replica.sendCommand(['HGET', 'troupe:{queue/0:queue}:meta', 'total'])).toBe('2');
  });

  it('serves a client that was given, which stays open', async () => {
    const client = createSentinel({ name: masterName, sentinelRootNodes: group.nodes });
    await client.connect();
    const storage = new RedisStorage({ sentinel: client, prefix: 'borrowed' });
    await (await storage.openDataset('rows')).pushData({ n: 1 });
    await storage.close();
    expect(await client.get('any')).toBeNull();
    await client.close();
  });

  it('says so when the sentinels know no such master, and when none is there', async () => {
    const opening = (sentinel: { masterName: string; nodes: string[] }): Promise<unknown> =>
      new RedisStorage({ sentinel, log }).openDataset('rows');
    await expect(opening({ masterName: 'other', nodes: group.urls })).rejects.toMatchObject({
      code: 'TROUPE_STORAGE_FAILED',
      message: expect.stringContaining("no master called 'other'"),
    });
    await group.killSentinel();
    const [gone = ''] = group.urls;
    await expect(opening({ masterName, nodes: [gone] })).rejects.toMatchObject({
      code: 'TROUPE_STORAGE_UNREACHABLE',
      message: expect.stringContaining(gone),
    });
  });
});

interface Client extends AsyncDisposable {
  sendCommand(args: string[]): Promise<unknown>;
}

async function connected(url: string): Promise<Client> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  return {
    sendCommand: (args) => client.sendCommand(args),
    [Symbol.asyncDispose]: async () => {
      if (client.isOpen) client.destroy();
    },
  };
}

/** To be asked for again, as sentinels give it up when it takes too long; refused while they are at it. */
async function failOver(sentinel: Client, from: RedisServer): Promise<void> {
  const question = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', RedisSentinels.masterName];
  const [, port] = (await sentinel.sendCommand(question)) as [string, string];
  if (Number(port) !== from.port) return;
  await sentinel.sendCommand(['SENTINEL', 'FAILOVER', RedisSentinels.masterName]).catch(() => {});
}

/** How many replicas have all that was written until now; WAIT asks for what its own connection wrote. */
async function copiesOf(master: Client, waitMs: number): Promise<unknown> {
  await master.sendCommand(['SET', 'marker', '']);
  return await master.sendCommand(['WAIT', '1', `${waitMs}`]);
}

function claimOf(claim: { id: string; fence: number } | undefined): {
  id: string;
  fence: number;
  body: string;
} {
  return { id: claim?.id ?? '', fence: claim?.fence ?? 0, body: '{}' };
}

function rows(...ids: string[]): RequestRow[] {
  return ids.map((id) => ({ id, uniqueKey: `https://example.com/${id}`, body: `{"of":"${id}"}` }));
}
