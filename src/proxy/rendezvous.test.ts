import { describe, expect, it } from 'vitest';
import { hashText, rendezvous } from './rendezvous.ts';

function nodes(count: number): { key: string; hash: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const key = `http://host${index}:8000`;
    return { key, hash: hashText(key) };
  });
}

const texts = Array.from({ length: 10_000 }, (_, index) => `session_${index}`);

describe('rendezvous', () => {
  it('gives the nodes it has always given', () => {
    const chosen = ['a', 'b', 'session_1', 'ü'].map((text) => rendezvous(nodes(10), text)?.key);
    expect(chosen).toEqual([
      'http://host2:8000',
      'http://host7:8000',
      'http://host7:8000',
      'http://host5:8000',
    ]);
  });

  it('does not depend on the order of the nodes', () => {
    const list = nodes(50);
    const reversed = list.toReversed();
    for (const text of texts.slice(0, 500)) {
      expect(rendezvous(reversed, text)).toBe(rendezvous(list, text));
    }
  });

  it('moves only the texts of nodes that go', () => {
    const list = nodes(20);
    const fewer = list.filter((_, index) => index !== 7);
    for (const text of texts) {
      const before = rendezvous(list, text);
      if (before !== list[7]) expect(rendezvous(fewer, text)).toBe(before);
    }
  });

  it('spreads evenly', () => {
    const counts = new Map<string, number>();
    for (const text of texts) {
      const key = rendezvous(nodes(20), text)?.key as string;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const statistic = [...counts.values()].reduce(
      (sum, count) => sum + (count - 500) ** 2 / 500,
      0,
    );
    expect(counts.size).toBe(20);
    // 19 degrees of freedom: 43.8 is exceeded once in a thousand.
    expect(statistic).toBeLessThan(43.8);
  });

  it('decides a tie by the key, so the order does not matter', () => {
    const tied = [
      { key: 'b', hash: 1 },
      { key: 'a', hash: 1 },
    ];
    expect(rendezvous(tied, 'x')?.key).toBe('a');
    expect(rendezvous(tied.toReversed(), 'x')?.key).toBe('a');
  });

  it('has nothing to give when there are no nodes', () => {
    expect(rendezvous([], 'x')).toBeUndefined();
  });
});
