import { describe, expect, it } from 'vitest';
import { ProxyBook } from './proxy-book.ts';

const FAILED_AT = 5000;

function threeProxies(): { book: ProxyBook; restOf: (proxy: number) => number } {
  const book = new ProxyBook(10);
  for (const slot of [0, 1, 2]) book.enter(slot, `http://127.0.0.1:${9000 + slot}`);
  for (const proxy of [0, 1]) {
    book.failuresInRow.set(proxy, 1);
    book.restsFrom.set(proxy, FAILED_AT);
    book.restsUntil.set(proxy, FAILED_AT + 10_000);
  }
  return { book, restOf: (proxy) => book.restsUntil.get(proxy) - FAILED_AT };
}

describe('ProxyBook', () => {
  it('lengthens the rests of those that failed before any answered, once the first one does', () => {
    const { book, restOf } = threeProxies();
    book.prove(2, 20);
    expect([restOf(0), restOf(1)]).toEqual([200_000, 200_000]);
    expect(book.restsUntil.get(2)).toBe(0);
  });

  it('does so once, and not to those that have answered themselves', () => {
    const { book, restOf } = threeProxies();
    book.isProven.set(1, 1);
    book.prove(2, 20);
    book.prove(1, 20);
    expect([restOf(0), restOf(1)]).toEqual([200_000, 10_000]);
  });
});
