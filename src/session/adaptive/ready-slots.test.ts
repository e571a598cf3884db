import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadySlots } from './ready-slots.ts';

it('holds what a Map from slots to proxies would hold, without holes', () => {
  const steps = fc.array(fc.record({ isAdd: fc.boolean(), slot: fc.nat(60), proxy: fc.nat(9) }), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const ready = new ReadySlots();
      const model = new Map<number, number>();
      for (const { isAdd, slot, proxy } of all) {
        if (isAdd) {
          ready.add(slot, proxy);
          if (!model.has(slot)) model.set(slot, proxy);
        } else {
          ready.remove(slot);
          model.delete(slot);
        }
        expect(ready.has(slot)).toBe(model.has(slot));
      }
      const held = Array.from(
        { length: ready.size },
        (_, index) => [ready.slotAt(index), ready.proxyAt(index)] as const,
      );
      expect(new Map(held)).toEqual(model);
      expect(ready.size).toBe(model.size);
    }),
  );
});
