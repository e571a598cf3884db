import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { FreshRows } from './fresh-rows.ts';

describe('FreshRows', () => {
  let clock: FakeClock;
  let rows: FreshRows;
  const note = (id: string, body = '{}'): void =>
    rows.note({ row: { id, uniqueKey: id, body }, isForefront: false });
  const ids = (): string[] => rows.all().map(({ row }) => row.id);

  beforeEach(() => {
    clock = new FakeClock();
    rows = new FreshRows(clock);
  });

  it('keeps what was added in the last 15 s, and forgets what is older than 30', async () => {
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

  it('still has, after an outage of any length, what was added just before it', async () => {
    note('before');
    await clock.advance(3_600_000);
    note('after');
    expect(ids()).toEqual(['before', 'after']);
  });

  it('keeps 10,000 rows at most, and the last 5,000 at least', () => {
    for (let index = 0; index < 12_345; index++) note(`${index}`);
    expect(ids().length).toBeLessThanOrEqual(10_000);
    expect(ids().slice(-5000)).toEqual(Array.from({ length: 5000 }, (_, i) => `${7345 + i}`));
  });

  it('keeps fewer of those with large bodies', () => {
    const body = 'x'.repeat(2 ** 20);
    for (let index = 0; index < 100; index++) note(`${index}`, body);
    expect(ids().length).toBeLessThanOrEqual(16);
    expect(ids().at(-1)).toBe('99');
  });
});
