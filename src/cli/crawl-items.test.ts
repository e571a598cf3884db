import { load } from 'cheerio/slim';
import { expect, test } from 'vitest';
import { Request } from '../queue/request.ts';
import { itemOf } from './crawl-items.ts';
import { parseSelection } from './selection.ts';

const request = new Request({ url: 'http://a.test/from', crawlDepth: 2 });
const response = { url: 'http://a.test/to', statusCode: 200, statusMessage: 'OK', headers: {} };
const $ = load('<title> A\n title </title><h1>Head</h1>');

test('an item tells where the page was found in the end, its title, status and depth', () => {
  expect(itemOf({ request, response, $ }, undefined)).toEqual({
    url: 'http://a.test/to',
    title: 'A title',
    status: 200,
    depth: 2,
  });
});

test('with columns an item holds the URL and these', () => {
  const selections = [parseSelection('h=h1'), parseSelection('p[]=p')];
  expect(itemOf({ request, response, $ }, selections)).toEqual({
    url: 'http://a.test/to',
    h: 'Head',
    p: [],
  });
});

test('a column called url takes the place of the URL', () => {
  expect(itemOf({ request, response, $ }, [parseSelection('url=h1')])).toEqual({ url: 'Head' });
});

test('a page without elements, such as JSON, has empty columns', () => {
  expect(itemOf({ request, response }, undefined)).toMatchObject({ title: null, status: 200 });
  const selections = [parseSelection('h=h1'), parseSelection('p[]=p')];
  expect(itemOf({ request, response }, selections)).toMatchObject({ h: null, p: [] });
});
