import { expect, test } from 'vitest';
import { registrableDomain } from '../core/registrable-domain.ts';
import { LinkFilter, type LinkFilterOptions, type LinkStrategy } from './link-filter.ts';

const PAGE = new URL('https://www.example.co.uk:8443/start');

function accepted(options: LinkFilterOptions, urls: readonly string[]): string[] {
  const filter = new LinkFilter(PAGE, options);
  return urls.filter((url) => filter.accepts(new URL(url)));
}

test('the strategy decides what counts as the same site', () => {
  const urls = [
    'https://www.example.co.uk:8443/a',
    'http://www.example.co.uk/a',
    'https://shop.example.co.uk/a',
    'https://other.co.uk/a',
  ];
  const counts: Record<LinkStrategy, number> = {
    'same-origin': 1,
    'same-hostname': 2,
    'same-domain': 3,
    all: 4,
  };
  for (const [strategy, count] of Object.entries(counts)) {
    expect(accepted({ strategy: strategy as LinkStrategy }, urls)).toEqual(urls.slice(0, count));
  }
  expect(accepted({}, urls)).toEqual(urls.slice(0, 2));
});

test('a link must match one of the patterns and none of the excluded ones', () => {
  const urls = ['list/1', 'detail/1', 'detail/2', 'about'].map(
    (path) => `https://www.example.co.uk:8443/${path}`,
  );
  expect(accepted({ globs: ['**/detail/*'] }, urls)).toEqual(urls.slice(1, 3));
  expect(accepted({ globs: [{ glob: '**/list/*' }], regexps: [/about$/] }, urls)).toEqual([
    urls[0],
    urls[3],
  ]);
  expect(accepted({ globs: ['**/detail/*'], exclude: [/2$/] }, urls)).toEqual([urls[1]]);
  expect(accepted({ exclude: ['**/detail/**'] }, urls)).toEqual([urls[0], urls[3]]);
});

test('a regular expression with a memory is asked from the beginning each time', () => {
  const urls = ['https://www.example.co.uk:8443/aaa', 'https://www.example.co.uk:8443/aab'];
  expect(accepted({ regexps: [/a{2}/g] }, urls)).toEqual(urls);
});

test('an unknown strategy is refused', () => {
  expect(() => new LinkFilter(PAGE, { strategy: 'same' as LinkStrategy })).toThrow('strategy');
});

test('hosts without a registrable domain stand for themselves', () => {
  for (const host of ['127.0.0.1', '[::1]', 'localhost', 'co.uk', 'intranet']) {
    expect(registrableDomain(host)).toBe(host);
  }
  expect(registrableDomain('a.b.example.com')).toBe('example.com');
});
