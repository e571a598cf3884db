import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { FreshWrites } from './fresh-writes.ts';

describe('FreshWrites', () => {
  let clock: FakeClock;
  let writes: FreshWrites<string>;
  const note = (id: string, chars = 2): void => writes.note(id, id, chars);
  const ids = (): string[] => writes.all();

  beforeEach(() => {
    clock = new FakeClock();
    writes = new FreshWrites(clock);
  });

  it('keeps what was written in the last 15 s, and forgets what is older than 30', async () => {
    note('a');
    await clock.advance(14_999);
    note('b');
    await clock.advance(1);
    note('c');
    expect(ids()).toEqual(['a', 'b', 'c']);
    await clock.advance(14_999);
    expect(ids()).toEqual(['a', 'b', 'c']);
    await clock.advance(1);
    note('d');
    expect(ids()).toEqual(['c', 'd']);
  });

  it('still has, after an outage of any length, what was written just before it', async () => {
    note('before');
    await clock.advance(3_600_000);
    note('after');
    expect(ids()).toEqual(['before', 'after']);
  });

  it('keeps 10,000 at most, and the last 5,000 at least', () => {
    for (let index = 0; index < 12_345; index++) note(`${index}`);
    expect(ids().length).toBeLessThanOrEqual(10_000);
    expect(ids().slice(-5000)).toEqual(Array.from({ length: 5000 }, (_, i) => `${7345 + i}`));
  });

  it('keeps fewer of those that are large', () => {
    for (let index = 0; index < 100; index++) note(`${index}`, 2 ** 20);
    expect(ids().length).toBeLessThanOrEqual(16);
    expect(ids().at(-1)).toBe('99');
  });

  it('keeps of several writes under one id the last alone, in its turn', async () => {
    writes.note('a', 'first', 2);
    writes.note('b', 'other', 2);
    writes.note('a', 'second', 2);
    expect(writes.all()).toEqual(['other', 'second']);
    await clock.advance(15_000);
    writes.note('b', 'last', 2);
    expect(writes.all()).toEqual(['second', 'last']);
  });

  it('forgets those that are not to be written again', async () => {
    note('a');
    await clock.advance(15_000);
    note('b');
    note('c');
    writes.forget((write) => write !== 'c');
    expect(ids()).toEqual(['c']);
  });
});
