import { expect, test } from 'vitest';
import { globToRegExp } from './url-glob.ts';

function matches(glob: string, url: string): boolean {
  return globToRegExp(glob).test(url);
}

test('a star stops at a slash, two stars do not', () => {
  expect(matches('http://site/*', 'http://site/a')).toBe(true);
  expect(matches('http://site/*', 'http://site/a/b')).toBe(false);
  expect(matches('http://site/**', 'http://site/a/b')).toBe(true);
  expect(matches('http://site/**/end', 'http://site/a/b/end')).toBe(true);
  expect(matches('http://site/**/end', 'http://site/end')).toBe(true);
  expect(matches('http?(s)://site', 'http://site')).toBe(false);
  expect(matches('http{s,}://site/**', 'https://site/x')).toBe(true);
  expect(matches('http{s,}://site/**', 'http://site/x')).toBe(true);
});

test('alternatives, sets and single characters', () => {
  expect(matches('http://site/{list,detail}/*', 'http://site/detail/1')).toBe(true);
  expect(matches('http://site/{list,detail}/*', 'http://site/other/1')).toBe(false);
  expect(matches('http://site/page-[0-9]', 'http://site/page-7')).toBe(true);
  expect(matches('http://site/page-[!0-9]', 'http://site/page-7')).toBe(false);
  expect(matches('http://site/page-?', 'http://site/page-7')).toBe(true);
  expect(matches('http://site/page-?', 'http://site/page-/')).toBe(false);
});

test('everything else means itself, whatever it would mean in a regular expression', () => {
  expect(matches('http://a.site/x+y(1)', 'http://a.site/x+y(1)')).toBe(true);
  expect(matches('http://a.site/', 'http://aXsite/')).toBe(false);
  expect(matches('http://site/\\*', 'http://site/*')).toBe(true);
  expect(matches('http://site/\\*', 'http://site/x')).toBe(false);
  expect(matches('http://site/list[?]page=*', 'http://site/list?page=2')).toBe(true);
  expect(matches('http://site/[', 'http://site/[')).toBe(true);
});

test('letter case does not count', () => {
  expect(matches('http://Site/A*', 'http://site/abc')).toBe(true);
});
