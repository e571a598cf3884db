import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from '../source-files.ts';
import { SECS_BY_FILE } from './slow-files-first.ts';

test('the files that take long are named by where they are, the longest first', () => {
  const named = Object.entries(SECS_BY_FILE);
  expect(named.filter(([file]) => !existsSync(`${ROOT}${file}`))).toEqual([]);
  expect(named).toEqual(named.toSorted(([, a], [, b]) => b - a));
});
