import { describe, expect, it } from 'vitest';
import { LookAhead } from './look-ahead.ts';

/** Claims as the queue does, from a store that has `available` more. */
function claim(ahead: LookAhead<string>, items: readonly string[]): number {
  const plan = ahead.plan(0);
  const claimed = items.slice(0, plan.limit);
  ahead.accept(plan, claimed, claimed.length);
  return plan.limit;
}

function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

describe('LookAhead', () => {
  it('claims little at first, then more while there is plenty, up to its bound', () => {
    const ahead = new LookAhead<string>(100);
    const plenty = numbered(200, '');
    const limits = Array.from({ length: 6 }, () => {
      const limit = claim(ahead, plenty);
      while (ahead.take()) {}
      return limit;
    });
    expect(limits).toEqual([8, 16, 32, 64, 100, 100]);
    claim(ahead, ['last']);
    ahead.take();
    expect(ahead.plan(0).limit).toBe(8);
  });

  it('asks for what takers want beside its stride', () => {
    expect(new LookAhead<string>(100).plan(50).limit).toBe(58);
    expect(new LookAhead<string>(0).plan(3).limit).toBe(3);
  });

  it('hands out nothing while something in the store comes first', () => {
    const ahead = new LookAhead<string>(100);
    claim(ahead, ['a', 'b']);
    ahead.noteForefront(1);
    expect(ahead.take()).toBeUndefined();
    expect(claim(ahead, ['front'])).toBe(1);
    expect([ahead.take(), ahead.take(), ahead.take()]).toEqual(['front', 'a', 'b']);
  });

  it('does not wait for forefront requests that another process took', () => {
    const ahead = new LookAhead<string>(100);
    claim(ahead, ['a']);
    ahead.noteForefront(3);
    claim(ahead, []);
    expect(ahead.take()).toBe('a');
  });

  it('sends back what the forefront holds beyond bounds, and claims it before the rest', () => {
    const ahead = new LookAhead<string>(4);
    claim(ahead, ['rest']);
    for (let round = 0; round < 3; round++) {
      ahead.noteForefront(4);
      claim(ahead, numbered(4, `front ${round}.`));
    }
    const excess = ahead.takeExcess();
    expect(excess).toEqual([...numbered(4, 'front 1.'), ...numbered(4, 'front 0.')]);
    for (const item of numbered(4, 'front 2.')) expect(ahead.take()).toBe(item);
    expect(ahead.take()).toBeUndefined();
    claim(ahead, excess.slice(0, 4));
    for (const item of numbered(4, 'front 1.')) expect(ahead.take()).toBe(item);
    claim(ahead, excess.slice(4));
    for (const item of numbered(4, 'front 0.')) expect(ahead.take()).toBe(item);
    expect(ahead.take()).toBe('rest');
  });
});
