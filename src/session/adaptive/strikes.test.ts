import { describe, expect, it } from 'vitest';
import { Strikes } from './strikes.ts';

const ALL = Number.POSITIVE_INFINITY;

describe('Strikes', () => {
  it('counts three at first, but for scouts, which find out', () => {
    const strikes = new Strikes();
    expect(strikes.mostCounted(false)).toBe(3);
    expect(strikes.mostCounted(true)).toBe(0);
  });

  it('counts all once an address was blocked after several', () => {
    const strikes = new Strikes();
    strikes.noteBlocked(1);
    expect(strikes.mostCounted(true)).toBe(0);
    strikes.noteBlocked(5);
    expect(strikes.mostCounted(true)).toBe(ALL);
    expect(strikes.mostCounted(false)).toBe(ALL);
  });

  it('counts none once an address was let in after as many as matter at least', () => {
    const strikes = new Strikes();
    expect(strikes.noteLetIn(5)).toBe(false);
    expect(strikes.mostCounted(false)).toBe(3);
    expect(strikes.noteLetIn(6)).toBe(true);
    expect(strikes.mostCounted(false)).toBe(0);
  });

  it('goes by what comes more often, and takes fewer for enough where fewer led to a block', () => {
    const strikes = new Strikes();
    strikes.noteBlocked(3);
    expect(strikes.noteLetIn(2)).toBe(false);
    expect(strikes.noteLetIn(3)).toBe(true);
    expect(strikes.mostCounted(false)).toBe(3);
    strikes.noteLetIn(4);
    expect(strikes.mostCounted(false)).toBe(0);
    strikes.noteBlocked(3);
    strikes.noteBlocked(3);
    expect(strikes.mostCounted(false)).toBe(ALL);
  });
});
