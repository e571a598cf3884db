import { expect, test } from 'vitest';
import { collect, pattern, seconds, webUrl, wholeNumber } from './option-values.ts';

test('whole numbers from the minimum on are taken, all else is refused', () => {
  expect(wholeNumber(1)('12')).toBe(12);
  expect(wholeNumber(0)('0')).toBe(0);
  for (const text of ['0', '-1', '1.5', '1e3', 'abc', '', ' 5', '9'.repeat(20)]) {
    expect(() => wholeNumber(1)(text), text).toThrow('Expected a whole number ≥ 1.');
  }
});

test('seconds may have a fraction', () => {
  expect(seconds('2')).toBe(2);
  expect(seconds('.25')).toBe(0.25);
  for (const text of ['-1', 'x', '', '1,5', 'Infinity', '9'.repeat(400)]) {
    expect(() => seconds(text), text).toThrow('Expected a number of seconds');
  }
});

test('a pattern ignores case and says what is wrong with it', () => {
  expect(pattern('access denied').test('Access Denied')).toBe(true);
  expect(() => pattern('(')).toThrow(/Expected a regular expression: .*Unterminated group/);
  expect(() => pattern('')).toThrow('not empty');
});

test('only http and https URLs are taken, and a host alone gets a suggestion', () => {
  expect(webUrl('http://localhost:80/a?b')).toBe('http://localhost:80/a?b');
  expect(() => webUrl('example.com/a')).toThrow('Did you mean https://example.com/a?');
  for (const text of ['ftp://example.com', 'http://', 'https:///x', 'nonsense', '']) {
    expect(() => webUrl(text), text).toThrow(/^Expected an http or https URL\.$/);
  }
});

test('a repeated option keeps every value', () => {
  const parse = collect(wholeNumber(0));
  expect(parse('2', parse('1'))).toEqual([1, 2]);
});
