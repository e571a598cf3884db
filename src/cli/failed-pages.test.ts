import { expect, test } from 'vitest';
import { PageError } from '../crawler/crawl-errors.ts';
import { FailedPages } from './failed-pages.ts';

test('a page given up is told of with its URL once, and without passwords', () => {
  const lines: string[] = [];
  const failed = new FailedPages((line) => lines.push(line));
  failed.add('http://a.test/1', new Error('http://a.test/1 failed with status 500'));
  failed.add('http://a.test/2', new Error('no answer from http://user:secret@proxy.test:1'));
  expect(lines).toEqual([
    'failed: http://a.test/1 failed with status 500',
    'failed: http://a.test/2: no answer from http://user:***@proxy.test:1',
  ]);
  expect(failed.failedCount).toBe(2);
});

test('what is no page counts apart and is not told of', () => {
  const lines: string[] = [];
  const failed = new FailedPages((line) => lines.push(line));
  const outcome = { kind: 'user' } as const;
  failed.add('http://a.test/x.png', new PageError('TROUPE_UNSUPPORTED_CONTENT_TYPE', 'x', outcome));
  expect([failed.failedCount, failed.notPagesCount, lines]).toEqual([0, 1, []]);
});

test('a flood of failures is cut short, not uncounted', () => {
  const lines: string[] = [];
  const failed = new FailedPages((line) => lines.push(line));
  for (let page = 0; page < 100; page++) failed.add(`http://a.test/${page}`, new Error('down'));
  expect(failed.failedCount).toBe(100);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('Further failures are only counted.');
});
