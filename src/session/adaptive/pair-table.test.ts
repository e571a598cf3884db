import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairTable } from './pair-table.ts';
import { SlotChains } from './slot-chains.ts';

describe('PairTable', () => {
  it('finds what a Map of the pairs used last would find, and forgets the one used longest ago', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 6 })), {
          maxLength: 400,
        }),
        (uses) => {
          const evicted: number[] = [];
          const table = new PairTable(40, (pair) => evicted.push(pair));
          const model = new Map<string, number>();
          for (const [proxy, origin] of uses) {
            const key = `${proxy}/${origin}`;
            const found = table.find(proxy, origin);
            expect(found !== -1).toBe(model.has(key));
            if (found === -1) {
              if (model.size === 40) model.delete(model.keys().next().value as string);
              model.set(key, table.add(proxy, origin));
            } else {
              expect(found).toBe(model.get(key));
              table.touch(found);
              model.delete(key);
              model.set(key, found);
            }
            expect(table.size).toBe(model.size);
          }
          for (const [key, pair] of model) {
            const [proxy, origin] = key.split('/').map(Number);
            expect(table.find(proxy as number, origin as number)).toBe(pair);
          }
        },
      ),
    );
  });

  it('keeps a pair that is in use, however long ago it began', () => {
    const table = new PairTable(16, () => {});
    const busy = table.add(1, 1);
    table.inFlight.set(busy, 1);
    for (let proxy = 2; proxy < 60; proxy++) table.add(proxy, 1);
    expect(table.find(1, 1)).toBe(busy);
    expect(table.find(2, 1)).toBe(-1);
    expect(table.size).toBe(16);
  });
});

describe('SlotChains', () => {
  it('holds each slot in one list at most, in the order of the pushes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(30)), { maxLength: 300 }), (steps) => {
        const chains = new SlotChains();
        const model = [[], [], [], []] as number[][];
        for (const [chain, slot] of steps) {
          for (const list of model) {
            const at = list.indexOf(slot);
            if (at !== -1) list.splice(at, 1);
          }
          if (chain === 4) {
            chains.remove(slot);
          } else {
            chains.push(chain, slot);
            model[chain]?.push(slot);
          }
        }
        const read = (chain: number): number[] => {
          const list: number[] = [];
          for (let slot = chains.first(chain); slot !== -1; slot = chains.after(slot)) {
            list.push(slot);
          }
          return list;
        };
        expect(model.map((_, chain) => read(chain))).toEqual(model);
      }),
    );
  });
});
