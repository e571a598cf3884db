import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bindings } from './bindings.ts';
import { makeEntry, type ProxyEntry } from './proxy-entry.ts';

const one = makeEntry(null);

describe('Bindings', () => {
  it('behaves as a plain list ordered by use, whatever is done to it', () => {
    const step = fc.tuple(fc.constantFrom('set', 'get', 'delete'), fc.nat(9).map(String));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 6 }),
        (steps, max) => {
          let droppedCount = 0;
          const bindings = new Bindings(max, () => droppedCount++);
          let expected: string[] = [];
          let expectedDroppedCount = 0;
          for (const [action, id] of steps) {
            const isThere = expected.includes(id);
            const others = expected.filter((other) => other !== id);
            if (action === 'get') {
              expect(bindings.get(id)).toBe(isThere ? one : undefined);
              if (isThere) expected = [...others, id];
            } else {
              expectedDroppedCount += isThere ? 1 : 0;
              if (action === 'delete') bindings.delete(id);
              else bindings.set(id, one);
              expected = action === 'delete' ? others : [...others, id];
              if (expected.length > max) {
                expected = expected.slice(1);
                expectedDroppedCount++;
              }
            }
            expect(bindings.size).toBe(expected.length);
          }
          expect(droppedCount).toBe(expectedDroppedCount);
          for (const id of expected) expect(bindings.get(id)).toBe(one);
        },
      ),
    );
  });

  it('says whose binding ended', () => {
    const dropped: ProxyEntry[] = [];
    const bindings = new Bindings(1, (entry) => dropped.push(entry));
    const two = makeEntry(null);
    bindings.set('a', one);
    bindings.set('b', two);
    bindings.delete('b');
    bindings.delete('b');
    expect(dropped).toEqual([one, two]);
    expect(dropped[0]).toBe(one);
  });
});
