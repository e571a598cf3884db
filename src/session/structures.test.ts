import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DenseSet } from './dense-set.ts';
import { SlotHeap } from './slot-heap.ts';
import { SlotList } from './slot-list.ts';

const operations = fc.array(
  fc.tuple(fc.constantFrom('add', 'front', 'remove'), fc.nat(40), fc.nat(1000)),
  { maxLength: 300 },
);

describe('DenseSet', () => {
  it('holds what a Set would hold', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const set = new DenseSet();
        const model = new Set<number>();
        for (const [what, slot] of steps) {
          if (what === 'remove') {
            set.remove(slot);
            model.delete(slot);
          } else {
            set.add(slot);
            model.add(slot);
          }
          expect(set.has(slot)).toBe(model.has(slot));
        }
        const members = Array.from({ length: set.size }, (_, index) => set.at(index));
        expect(members.sort((a, b) => a - b)).toEqual([...model].sort((a, b) => a - b));
      }),
    );
  });
});

describe('SlotHeap', () => {
  it('always knows the smallest key, whatever is moved or taken out', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const heap = new SlotHeap();
        const model = new Map<number, number>();
        for (const [what, slot, key] of steps) {
          if (what === 'remove') {
            heap.remove(slot);
            model.delete(slot);
          } else {
            heap.set(slot, key);
            model.set(slot, key);
          }
          expect(heap.size).toBe(model.size);
          expect(heap.firstKey).toBe(Math.min(...model.values()));
          if (model.size > 0) expect(model.get(heap.firstSlot)).toBe(heap.firstKey);
        }
      }),
    );
  });

  it('gives slots in the order of their keys', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 200 }), (keys) => {
        const heap = new SlotHeap();
        keys.forEach((key, slot) => {
          heap.set(slot, key);
        });
        const taken: number[] = [];
        while (heap.size > 0) {
          taken.push(heap.firstKey);
          heap.remove(heap.firstSlot);
        }
        // -0 and 0 are the same key, in either order.
        const sorted = [...keys].sort((a, b) => a - b);
        expect(taken.map((key) => key + 0)).toEqual(sorted.map((key) => key + 0));
      }),
    );
  });
});

describe('SlotList', () => {
  it('keeps the order an array would keep', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const list = new SlotList();
        let model: number[] = [];
        for (const [what, slot] of steps) {
          if (what === 'remove') {
            list.remove(slot);
            model = model.filter((member) => member !== slot);
          } else if (!model.includes(slot)) {
            if (what === 'add') list.pushBack(slot);
            else list.pushFront(slot);
            model = what === 'add' ? [...model, slot] : [slot, ...model];
          }
          expect(list.size).toBe(model.length);
          expect(list.first).toBe(model[0] ?? -1);
        }
        const order: number[] = [];
        while (list.size > 0) {
          order.push(list.first);
          list.remove(list.first);
        }
        expect(order).toEqual(model);
      }),
    );
  });
});
