import { describe, expect, it } from 'vitest';
import { resolveRedisOptions } from './redis-options.ts';
import { RedisStorage, type RedisStorageOptions } from './redis-storage.ts';

const URL = 'redis://me:pa55word@redis.example:6380/2';

describe('RedisStorageOptions', () => {
  it('name the server without its credentials', () => {
    expect(resolveRedisOptions({ url: URL }).address).toBe('redis://redis.example:6380/2');
    const cluster = [URL, 'rediss://other.example'];
    const { address } = resolveRedisOptions({ cluster });
    expect(address).toBe('redis://redis.example:6380/2, rediss://other.example');
    const sentinel = { masterName: 'main', nodes: [URL], password: 'pa55word' };
    expect(resolveRedisOptions({ sentinel }).address).toBe('main of redis://redis.example:6380/2');
  });

  it('divide queues on a Cluster, and others when they are told to', () => {
    expect(resolveRedisOptions({ url: URL }).queueShards).toBe(1);
    expect(resolveRedisOptions({ cluster: [URL] }).queueShards).toBe(16);
    expect(resolveRedisOptions({ url: URL, queueShards: 4 }).queueShards).toBe(4);
  });

  it.each<[string, RedisStorageOptions, string]>([
    ['no server', {}, 'url'],
    ['two ways to it', { url: URL, cluster: [URL] }, 'url'],
    ['another protocol', { url: 'http://me:pa55word@redis.example' }, 'url'],
    ['no URL', { url: 'me:pa55word@redis.example' }, 'url'],
    ['a database that is no number', { url: `${URL}x` }, 'url'],
    ['a query nobody reads', { url: `${URL}?prefix=a` }, 'url'],
    ['an empty Cluster', { cluster: [] }, 'cluster'],
    ['a Cluster with one wrong URL', { cluster: [URL, ':pa55word@'] }, 'cluster[1]'],
    ['a client that sends nothing', { client: {} as never }, 'client'],
    ['a Cluster that sends nothing', { cluster: {} as never }, 'cluster'],
    ['a Sentinel without a name', { sentinel: { nodes: [URL] } as never }, 'sentinel.masterName'],
    ['no sentinels', { sentinel: { masterName: 'm', nodes: [] } }, 'sentinel.nodes'],
    [
      'a wrong sentinel',
      { sentinel: { masterName: 'm', nodes: [URL, ':pa55word@'] } },
      'sentinel.nodes[1]',
    ],
    [
      'a Sentinel beside a server',
      { url: URL, sentinel: { masterName: 'm', nodes: [URL] } },
      'url',
    ],
    [
      'sentinels in one text',
      { sentinel: { masterName: 'm', nodes: ':pa55word@' as never } },
      'sentinel.nodes',
    ],
    ['sentinels as a text', { sentinel: ':pa55word@' as never }, 'sentinel'],
    ['a prefix that would move the hash tag', { url: URL, prefix: 'a{b' }, 'prefix'],
    ['no shard', { url: URL, queueShards: 0 }, 'queueShards'],
    ['a negative wait', { url: URL, maxOutageSecs: -1 }, 'maxOutageSecs'],
    ['an unknown name', { url: URL, urls: [] } as never, 'urls'],
  ])('refuse %s, and show no password', (_what, options, option) => {
    let thrown: unknown;
    try {
      new RedisStorage(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'TROUPE_INVALID_OPTION', option });
    expect(String((thrown as Error).stack)).not.toContain('pa55word');
  });

  it('refuse a client that is not connected', async () => {
    const client = { isOpen: false, sendCommand: async () => null };
    await using storage = new RedisStorage({ client });
    const opening = storage.openDataset('rows');
    await expect(opening).rejects.toMatchObject({
      code: 'TROUPE_INVALID_OPTION',
      option: 'client',
    });
  });
});
