import { expect, test } from 'vitest';
import {
  type EnqueueLinksOptions,
  type LinkPage,
  type LinkRules,
  selectLinks,
} from './enqueue-links.ts';

const PAGE: LinkPage = { url: 'http://site/shop/', loadedUrl: undefined, depth: 1 };
const NO_RULES: LinkRules = { maxDepth: undefined, isForbidden: undefined };

function urlsOf(
  hrefs: readonly string[],
  options: EnqueueLinksOptions = {},
  page: LinkPage = PAGE,
  rules: LinkRules = NO_RULES,
): string[] {
  return selectLinks(hrefs, page, rules, options).requests.map((request) => request.url);
}

test('links are resolved against the page after redirects, or against what is given', () => {
  expect(urlsOf(['a', '/b', '../c', 'http://site/d', '?page=2'])).toEqual([
    'http://site/shop/a',
    'http://site/b',
    'http://site/c',
    'http://site/d',
    'http://site/shop/?page=2',
  ]);
  expect(urlsOf(['a'], {}, { ...PAGE, loadedUrl: 'http://site/moved/' })).toEqual([
    'http://site/moved/a',
  ]);
  expect(urlsOf(['a'], { baseUrl: 'http://site/base/' })).toEqual(['http://site/base/a']);
});

test('what is no web address is left out', () => {
  expect(urlsOf(['mailto:a@b', 'javascript:void(0)', 'http://', 'tel:1', 'data:,x'])).toEqual([]);
});

test('the same link twice is one request', () => {
  expect(urlsOf(['/a', '/a', '/b'])).toEqual(['http://site/a', 'http://site/b']);
});

test('a redirect to another host does not widen the crawl', () => {
  const page = { ...PAGE, loadedUrl: 'http://elsewhere/' };
  expect(urlsOf(['/x', 'http://site/y'], {}, page)).toEqual(['http://site/y']);
});

test('label, user data and depth go into the requests', () => {
  const { requests } = selectLinks(['/a'], PAGE, NO_RULES, { label: 'detail', userData: { n: 1 } });
  expect(requests).toEqual([
    {
      url: 'http://site/a',
      uniqueKey: 'http://site/a',
      crawlDepth: 1,
      label: 'detail',
      userData: { n: 1 },
    },
  ]);
});

test('depth, limit, robots and the transform function leave links out and say how many', () => {
  const hrefs = ['/a', '/b', '/c', 'http://other/'];
  const skipped = (options: EnqueueLinksOptions, rules: LinkRules = NO_RULES): number =>
    selectLinks(hrefs, PAGE, rules, options).skippedCount;
  expect(skipped({})).toBe(0);
  expect(skipped({ limit: 1 })).toBe(2);
  expect(skipped({}, { ...NO_RULES, maxDepth: 0 })).toBe(3);
  expect(skipped({}, { ...NO_RULES, maxDepth: 1 })).toBe(0);
  expect(skipped({}, { ...NO_RULES, isForbidden: (url) => url.pathname === '/b' })).toBe(1);
  expect(skipped({ transformRequestFunction: () => false })).toBe(3);
});

test('the transform function may change a request', () => {
  const transformRequestFunction: EnqueueLinksOptions['transformRequestFunction'] = (request) => {
    request.label = 'changed';
    return request;
  };
  const { requests } = selectLinks(['/a'], PAGE, NO_RULES, { transformRequestFunction });
  expect(requests[0]?.label).toBe('changed');
});

test('no request is made of links that are known, and they count towards the limit', () => {
  const present = { requestId: 'id', wasAlreadyPresent: true, wasAlreadyHandled: true };
  const rules: LinkRules = {
    ...NO_RULES,
    knownRequest: (uniqueKey) =>
      uniqueKey === 'http://site/a' ? { ...present, uniqueKey } : undefined,
  };
  const selected = selectLinks(['/a/#top', '/b', '/c'], PAGE, rules, { limit: 2 });
  expect(selected.known).toEqual([{ ...present, uniqueKey: 'http://site/a' }]);
  expect(selected.requests.map(({ url }) => url)).toEqual(['http://site/b']);
  expect(selected.skippedCount).toBe(1);
});
