import { describe, expect, it } from 'vitest';
import { ShardMap } from './shard-map.ts';

const map = new ShardMap(16);

describe('the shards of a queue', () => {
  it('hold all origins of a registrable domain together, and the domain itself', () => {
    const origins = ['https://shop.example.co.uk', 'http://example.co.uk:8080', 'example.co.uk'];
    expect(new Set(origins.map((origin) => map.ofOrigin(origin))).size).toBe(1);
    const sites = ['https://one.github.io', 'https://two.github.io', 'https://three.github.io'];
    expect(new Set(sites.map((origin) => map.ofOrigin(origin))).size).toBeGreaterThan(1);
  });

  it.each([
    ['https://www.example.com/a?b=1', 'https://www.example.com'],
    ['https://www.example.com', 'https://www.example.com'],
    ['http://localhost:3000/a', 'http://localhost:3000'],
    ['http://[::1]:3000/a', 'http://[::1]:3000'],
    ['POST(1a2b):https://www.example.com/search', 'https://www.example.com'],
    ['https://shop.example.com/a', 'example.com'],
  ])('answer for the key %s where they hold %s', (uniqueKey, origin) => {
    expect(map.ofKey({ id: 'any', uniqueKey, body: '', origin })).toBe(map.ofOrigin(origin));
  });

  it('answer for a key of the user’s by itself, whatever the origin', () => {
    const ofKey = (origin: string): number =>
      map.ofKey({ id: 'Xk3', uniqueKey: 'product 7', body: '', origin });
    expect(ofKey('https://a.example')).toBe(ofKey('https://b.example'));
  });

  it('share many domains evenly', () => {
    const counts = new Array<number>(16).fill(0);
    for (let site = 0; site < 4000; site++) {
      const shard = map.ofOrigin(`https://www.site-${site}.example`);
      counts[shard] = (counts[shard] as number) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(190);
    expect(Math.max(...counts)).toBeLessThan(310);
  });

  it('are one where nothing is to be spread', () => {
    const single = new ShardMap(1);
    expect(single.ofOrigin('https://a.example')).toBe(0);
    expect(single.ofKey({ id: 'a', uniqueKey: 'a', body: '' })).toBe(0);
  });
});
