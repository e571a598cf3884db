import { expect, test } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

test('a number is seconds', () => {
  expect(parseRetryAfter('5', NOW)).toBe(5);
  expect(parseRetryAfter(' 0 ', NOW)).toBe(0);
  expect(parseRetryAfter(['7', '9'], NOW)).toBe(7);
});

test('an HTTP date becomes seconds from now, and a past one becomes none', () => {
  expect(parseRetryAfter('Thu, 01 Jan 2026 12:00:30 GMT', NOW)).toBe(30);
  expect(parseRetryAfter('Thu, 01 Jan 2026 11:00:00 GMT', NOW)).toBe(0);
});

test('nonsense is no answer', () => {
  for (const header of [undefined, '', 'soon', '-5', '5 minutes or so', []]) {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  }
});
