import { createClient } from '@redis/client';
import { afterEach, describe, expect, it } from 'vitest';
import { messageOf } from '../../src/core/errors.ts';
import { Log } from '../../src/core/log.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import type { RequestRow, RequestStore } from '../../src/storage/request-store.ts';
import { claimedFrom } from '../support/claimed.ts';
import { RedisRelay } from '../support/redis-relay.ts';
import { RedisServer } from '../support/redis-server.ts';

const LOCK = { now: 0, lockMs: 60_000 };
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

describe('RedisStorage when the server fails', () => {
  const toClose: AsyncDisposable[] = [];
  const started = async (settings: readonly string[] = []): Promise<RedisServer> => {
    const server = await RedisServer.start(settings);
    toClose.push(server);
    return server;
  };
  const opened = (
    url: string,
    options: { maxOutageSecs?: number; log?: Log } = {},
  ): RedisStorage => {
    const storage = new RedisStorage({ url, log: new Log({ level: 'off' }), ...options });
    toClose.push(storage);
    return storage;
  };
  afterEach(async () => {
    for (const item of toClose.splice(0).reverse()) await item[Symbol.asyncDispose]();
  });

  it('says at once that no server is there', async () => {
    const server = await started();
    await server.kill();
    const opening = opened(server.url).openDataset('rows');
    await expect(opening).rejects.toMatchObject({
      code: 'TROUPE_STORAGE_UNREACHABLE',
      path: server.url,
      message: expect.stringContaining(`${server.url} cannot be reached`),
    });
    await server.restart();
  });

  it('can be opened later by a storage that failed to open', async () => {
    const server = await started();
    await server.kill();
    const storage = opened(server.url);
    await expect(storage.openDataset('rows')).rejects.toThrow('cannot be reached');
    await server.restart();
    expect(await (await storage.openDataset('rows')).itemCount()).toBe(0);
  });

  it.each([
    ['no password', ''],
    ['a wrong password', ':pa55word@'],
    ['an unknown user', 'me:pa55word@'],
  ])('says with %s that access is denied, and shows no password', async (_what, credentials) => {
    const server = await started(['--requirepass', 'correct-horse']);
    const url = server.url.replace('//', `//${credentials}`);
    const error = await errorOf(opened(url).openDataset('rows'));
    expect(error).toMatchObject({ code: 'TROUPE_STORAGE_DENIED', path: server.url });
    expect(shownOf(error)).not.toContain('pa55word');
    const right = opened(server.url.replace('//', '//:correct-horse@'));
    expect(await (await right.openDataset('rows')).itemCount()).toBe(0);
  });

  it('waits while it opens for a server that is not ready yet', async () => {
    const server = await started(['--cluster-enabled', 'yes']);
    const opening = opened(server.url).openDataset('rows');
    const client = createClient({ url: server.url });
    await client.connect();
    // Until it has its slots it answers CLUSTERDOWN to all that touches a key.
    await expect(client.get('any')).rejects.toThrow('CLUSTERDOWN');
    const slots = Array.from({ length: 16_384 }, (_, slot) => `${slot}`);
    await client.sendCommand(['CLUSTER', 'ADDSLOTS', ...slots]);
    await client.close();
    expect(await (await opening).itemCount()).toBe(0);
  });

  it.each([
    ['1', 'TROUPE_STORAGE_TOO_OLD'],
    ['99', 'TROUPE_STORAGE_TOO_NEW'],
  ])('refuses data of another layout: %s', async (layout, code) => {
    const server = await started();
    const client = createClient({ url: server.url });
    await client.connect();
    await client.set('troupe:layout', layout);
    await client.close();
    await expect(opened(server.url).openDataset('rows')).rejects.toMatchObject({ code });
  });

  it('waits for a server that restarts, and loses nothing of what it acknowledged', async () => {
    const server = await started(DURABLE);
    const lines: string[] = [];
    const queue = await opened(server.url, { log: logInto(lines) }).openRequestStore('queue');
    await queue.add(rows('a', 'b', 'c'));
    const [a] = await claimedFrom(queue, 1, LOCK);
    await server.kill();
    const waiting = Promise.all([
      queue.handle([{ id: 'a', fence: a?.fence ?? 0, body: '{}' }]),
      queue.add(rows('c', 'd')),
      queue.counts(0),
    ]);
    await server.restart();
    const [handled, added] = await waiting;
    expect(handled).toEqual(['a']);
    expect(added.map(({ wasAlreadyPresent }) => wasAlreadyPresent)).toEqual([true, false]);
    expect(await queue.counts(0)).toEqual({ total: 4, handled: 1, pending: 3, locked: 0 });
    expect(lines.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
    expect(lines.at(-1)).toBe(`${server.url} answers again`);
  });

  it('gives up when the server stays away longer than it may wait', async () => {
    const server = await started();
    const queue = await opened(server.url, { maxOutageSecs: 0.2 }).openRequestStore('queue');
    await server.kill();
    await expect(queue.counts(0)).rejects.toMatchObject({ code: 'TROUPE_STORAGE_UNREACHABLE' });
    await server.restart();
  });

  it('takes an acknowledgement whose answer was lost as given, and no second one', async () => {
    const server = await started();
    const relay = await RedisRelay.start(server.port);
    toClose.push(relay);
    const queue = await opened(relay.url).openRequestStore('queue');
    await queue.add(rows('a', 'b'));
    const [a] = await claimedFrom(queue, 1, LOCK);
    const acknowledge = (): Promise<string[]> =>
      queue.handle([{ id: 'a', fence: a?.fence ?? 0, body: '{}' }]);
    // Now the server knows the script: its next answer is the one to this acknowledgement.
    await queue.handle([{ id: 'unknown', fence: 1, body: '{}' }]);
    relay.loseNextAnswer();
    expect(await acknowledge()).toEqual(['a']);
    expect(await acknowledge()).toEqual([]);
    expect(await queue.counts(0)).toEqual({ total: 2, handled: 1, pending: 1, locked: 0 });
  });

  it('gives a claim whose answer was lost what it took, and locks that anew', async () => {
    const server = await started();
    const relay = await RedisRelay.start(server.port);
    toClose.push(relay);
    const queue = await opened(relay.url).openRequestStore('queue');
    const other = await opened(server.url).openRequestStore('queue');
    await queue.add(rows('a', 'b', 'c'));
    const [a] = await claimedFrom(queue, 1, LOCK);
    relay.loseNextAnswer();
    const [b] = await claimedFrom(queue, 1, LOCK);
    expect([a?.id, b?.id]).toEqual(['a', 'b']);
    // It is the next call that the next claim repeats, and not that one.
    relay.loseNextAnswer();
    const [c] = await claimedFrom(queue, 1, LOCK);
    expect(c?.id).toBe('c');
    expect(await queue.counts(0)).toMatchObject({ locked: 3, pending: 0 });
    expect(await claimedFrom(other, 3, LOCK)).toEqual([]);
    const claims = [a, b, c].map((row) => ({
      id: row?.id ?? '',
      fence: row?.fence ?? 0,
      body: '{}',
    }));
    expect(await queue.handle(claims)).toEqual(['a', 'b', 'c']);
  });

  it('says that the server is full, stores nothing of that call, and goes on when there is room', async () => {
    const server = await started(['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction']);
    const storage = opened(server.url, { maxOutageSecs: 0 });
    const queue = await storage.openRequestStore('queue');
    await queue.add(rows('first', 'second'));
    const [first] = await claimedFrom(queue, 1, LOCK);
    const { count, error } = await fill(queue);
    expect(error).toMatchObject({ code: 'TROUPE_STORAGE_FULL', path: server.url });
    const before = await queue.counts(0);
    expect(before).toEqual({ total: count + 2, handled: 0, pending: count + 1, locked: 1 });
    // Smaller calls might still have room.
    await limitMemory(server, '2mb');
    const refused = [
      claimedFrom(queue, 10, LOCK),
      queue.handle([{ id: 'first', fence: first?.fence ?? 0, body: '{}' }]),
      queue.giveBack([{ id: 'first', fence: first?.fence ?? 0, body: '{}' }]),
    ];
    for (const call of refused) {
      await expect(call).rejects.toMatchObject({ code: 'TROUPE_STORAGE_FULL' });
    }
    expect(await queue.counts(0)).toEqual(before);

    const patient = opened(server.url, { maxOutageSecs: 60 });
    const claiming = claimedFrom(await patient.openRequestStore('queue'), 1, LOCK);
    await limitMemory(server, '100mb');
    expect((await claiming).map(({ id }) => id)).toEqual(['second']);
    expect(await queue.handle([{ id: 'first', fence: first?.fence ?? 0, body: '{}' }])).toEqual([
      'first',
    ]);
  });

  it('never closes a client it was given', async () => {
    const server = await started();
    const client = createClient({ url: server.url });
    await client.connect();
    const storage = new RedisStorage({ client });
    await (await storage.openDataset('rows')).pushData({ n: 1 });
    await storage.close();
    expect(await client.sendCommand(['PING'])).toBe('PONG');
    await client.close();
  });
});

function rows(...ids: string[]): RequestRow[] {
  return ids.map((id) => ({ id, uniqueKey: `https://example.com/${id}`, body: `{"of":"${id}"}` }));
}

async function fill(queue: RequestStore): Promise<{ count: number; error: unknown }> {
  const pad = 'x'.repeat(20_000);
  for (let count = 0; count < 1000; count++) {
    try {
      await queue.add([{ id: `pad${count}`, uniqueKey: `pad${count}`, body: `{"pad":"${pad}"}` }]);
    } catch (error) {
      return { count, error };
    }
  }
  return { count: 1000, error: undefined };
}

async function limitMemory({ url }: RedisServer, limit: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  await client.sendCommand(['CONFIG', 'SET', 'maxmemory', limit]);
  await client.close();
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** All that a user could see of an error, its causes included. */
function shownOf(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  return `${error.stack} ${JSON.stringify(error)} ${error.cause ? shownOf(error.cause) : ''}`;
}

function logInto(lines: string[]): Log {
  const note = (_data: object, message: string): void => void lines.push(message);
  return new Log({ sink: { debug: note, info: note, warn: note, error: note } });
}
