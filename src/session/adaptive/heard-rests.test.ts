import { expect, it } from 'vitest';
import { type HeardRest, HeardRests } from './heard-rests.ts';

function heard(proxy: string, origin: string, until = 1000): HeardRest {
  const rest = { kind: 'blocked', at: 0, inRow: 1, firstAt: 0, until } as const;
  return { name: { kind: 'blocked', proxy, origin }, rest };
}

it('finds rests by origin and by proxy, the latest of each', () => {
  const rests = new HeardRests();
  for (const one of [heard('p', 'a'), heard('q', 'a'), heard('p', 'b'), heard('p', 'a', 2000)]) {
    rests.keep(one);
  }
  expect(rests.at('a').map(({ name, rest }) => [name.proxy, rest.until])).toEqual([
    ['q', 1000],
    ['p', 2000],
  ]);
  expect(rests.of('p', 0).map(({ name }) => name.origin)).toEqual(['b', 'a']);
  expect(rests.of('p', 1500).map(({ name }) => name.origin)).toEqual(['a']);
});

it('drops what is over, and what others are let in with again', () => {
  const rests = new HeardRests();
  for (const one of [heard('p', 'a'), heard('q', 'a', 2000), heard('r', 'b', 2000)])
    rests.keep(one);
  rests.dropOver(1500);
  expect(rests.at('a')).toHaveLength(1);
  rests.drop({ kind: 'throttled', proxy: 'r', origin: 'b' });
  expect(rests.at('b')).toHaveLength(1);
  rests.drop({ kind: 'blocked', proxy: 'r', origin: 'b' });
  expect(rests.at('b')).toEqual([]);
});

it('keeps ten thousand at most', () => {
  const rests = new HeardRests();
  for (let n = 0; n < 10_010; n++) rests.keep(heard(`p${n}`, `origin ${n % 7}`));
  const sizes = Array.from({ length: 7 }, (_, n) => rests.at(`origin ${n}`).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000);
  expect(rests.of('p10009', 0)).toHaveLength(1);
});
