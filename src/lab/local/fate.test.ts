import { expect, test } from 'vitest';
import { drawFates, FATE_KINDS, type FateKind } from './fate.ts';

function countsOf(kinds: readonly FateKind[]): Record<string, number> {
  return Object.fromEntries(
    FATE_KINDS.map((kind) => [kind, kinds.filter((other) => other === kind).length]),
  );
}

test('the same seed draws the same fates, another seed others', () => {
  expect(drawFates(40, 7)).toEqual(drawFates(40, '7'));
  expect(drawFates(40, 7)).not.toEqual(drawFates(40, 8));
});

test('forty proxies hold every fate, in the same numbers for every seed', () => {
  const expected = {
    healthy: 14,
    dead: 5,
    hanging: 3,
    banning: 6,
    throttling: 5,
    'soft-blocking': 4,
    flaky: 3,
  };
  for (const seed of [1, 2, 'three']) {
    expect(countsOf(drawFates(40, seed).map(({ kind }) => kind))).toEqual(expected);
  }
});

test('any count is met exactly, and a lonely proxy is a healthy one', () => {
  expect(drawFates(1, 1)).toEqual([{ kind: 'healthy' }]);
  expect(drawFates(0, 1)).toEqual([]);
  for (let count = 0; count <= 200; count++) expect(drawFates(count, 1)).toHaveLength(count);
});
