import type { CheerioAPI } from 'cheerio';
import { load } from 'cheerio/slim';
import { expect, test } from 'vitest';
import { linksOf } from './page-links.ts';

const PAGE = { url: 'http://site/a/b', loadedUrl: undefined };

function hrefsOf($: CheerioAPI, selector?: string): readonly string[] {
  return linksOf($, PAGE, selector).hrefs;
}

function baseOf(html: string): string | undefined {
  return linksOf(load(html), PAGE).baseUrl;
}

test('links come in document order, whatever they are nested in', () => {
  const $ = load(
    '<p><a href="1">x</a></p><div><ul><li><a href=" 2 ">y</a></ul></div><a>z</a><a href="3">',
  );
  expect(hrefsOf($)).toEqual(['1', '2', '3']);
});

test('the plain walk finds what the selector engine finds', () => {
  const $ = load(
    '<a href=1><a href=2></a><svg><a href=3></a></svg><template><a href=4></a></template>',
  );
  const found = $('a[href]')
    .toArray()
    .map((element) => $(element).attr('href'));
  expect(hrefsOf($)).toEqual(found);
});

test('any selector will do', () => {
  const $ = load('<link href="s.css"><a class="next" href="1"></a><area href="2"><a href="3"></a>');
  expect(hrefsOf($, 'a.next, area')).toEqual(['1', '2']);
});

test('the first base element counts, resolved against the page', () => {
  expect(baseOf('<base href="/c/"><base href="/d/">')).toBe('http://site/c/');
  expect(baseOf('<base target="_blank"><base href="e/">')).toBe('http://site/a/e/');
  expect(baseOf('<base target="_blank">')).toBeUndefined();
  expect(baseOf('<base href="http://">')).toBeUndefined();
});

test('a page nested deeper than the stack is walked all the same', () => {
  const depth = 20_000;
  const $ = load(`${'<div>'.repeat(depth)}<a href="deep"></a>`);
  expect(hrefsOf($)).toEqual(['deep']);
});
