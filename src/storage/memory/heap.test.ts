import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from './heap.ts';

it('gives entries back by rank, whatever the order they came in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (ranks) => {
      const heap = new Heap<number>((rank) => rank);
      for (const rank of ranks) heap.push(rank);
      const popped: (number | undefined)[] = [];
      while (heap.peek() !== undefined) popped.push(heap.pop());
      expect(popped).toEqual([...ranks].sort((a, b) => a - b));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});

it('is empty once cleared', () => {
  const heap = new Heap<number>((rank) => rank);
  heap.push(1);
  heap.clear();
  expect(heap.peek()).toBeUndefined();
});
