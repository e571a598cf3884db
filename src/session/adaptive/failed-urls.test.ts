import { expect, it } from 'vitest';
import { FailedUrls } from './failed-urls.ts';

it('knows a URL that has failed until it is answered', () => {
  const failed = new FailedUrls();
  expect(failed.note('a')).toBe(false);
  expect(failed.note('a')).toBe(true);
  failed.clear('a');
  expect(failed.note('a')).toBe(false);
});

it('remembers the last ten thousand', () => {
  const failed = new FailedUrls();
  for (let n = 0; n < 10_001; n++) failed.note(`page ${n}`);
  expect(failed.note('page 1')).toBe(true);
  expect(failed.note('page 0')).toBe(false);
});
