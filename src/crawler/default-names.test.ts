import { expect, test } from 'vitest';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import { takeDefaultNames } from './default-names.ts';

test('crawlers that run at once on one storage get different queues', () => {
  const storage = new MemoryStorage();
  const names = [0, 1, 2].map(() => takeDefaultNames(storage));
  expect(names.map(({ queueName }) => queueName)).toEqual(['default', 'default-2', 'default-3']);
  names[1]?.release();
  expect(takeDefaultNames(storage).queueName).toBe('default-2');
  expect(takeDefaultNames(new MemoryStorage()).queueName).toBe('default');
});

test('only the first one of the process finds what an earlier process left', () => {
  const storage = new MemoryStorage();
  const first = takeDefaultNames(storage);
  expect(first.isFirst).toBe(true);
  first.release();
  expect(takeDefaultNames(storage).isFirst).toBe(false);
});
