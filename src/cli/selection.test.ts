import { load } from 'cheerio/slim';
import { expect, test } from 'vitest';
import { parseSelection, type SelectableDocument, select } from './selection.ts';

const $ = load(`<h1> A  <b>B</b>\n</h1><a href="/1">one</a><a>two</a><a href="/3">three</a>
  <p data-x="@y">mail</p>`) as unknown as SelectableDocument;

function selected(...texts: string[]): unknown {
  return select($, texts.map(parseSelection));
}

test('a column takes the text of the first match, white space folded', () => {
  expect(selected('title=h1', 'link=a')).toEqual({ title: 'A B', link: 'one' });
});

test('@attr takes an attribute instead, null where the first match has none', () => {
  expect(selected('link=a@href', 'none=h1@id')).toEqual({ link: '/1', none: null });
});

test('NAME[] takes all matches, those without the attribute left out', () => {
  expect(selected('links[]=a', 'urls[]=a@href', 'empty[]=table')).toEqual({
    links: ['one', 'two', 'three'],
    urls: ['/1', '/3'],
    empty: [],
  });
});

test('nothing found is null', () => {
  expect(selected('price=.price')).toEqual({ price: null });
});

test('an equals sign or an @ inside the selector belongs to the selector', () => {
  expect(selected('a=a[href="/3"]', 'b=[data-x="@y"]', 'c=a[href="/3"]@href')).toEqual({
    a: 'three',
    b: 'mail',
    c: '/3',
  });
});

test.each(['', 'h1', '=h1', 'name=', 'name=@href', 'na[me=h1', '[]=h1'])(
  '%j is refused with the expected form',
  (text) => {
    expect(() => parseSelection(text)).toThrow('Expected NAME=CSS');
  },
);
