import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestRow } from '../request-store.ts';
import { fingerprintOf, idText, originOf, originText, rowOf, rowText } from './request-row-text.ts';

const ID = 'Xk3_9-aaBBcc012';
const URL = 'https://example.com/a?b=1';
const ORIGIN = 'https://example.com';

describe('the text of a request', () => {
  it('is hardly longer than the path for the requests most crawls consist of', () => {
    const row = { id: ID, uniqueKey: URL, body: `{"url":"${URL}"}`, origin: ORIGIN };
    expect(rowText(row)).toBe('Xk3_9-aaBBcc012~/a?b=1');
    const deep = { ...row, body: `{"url":"${URL}","crawlDepth":3}` };
    expect(rowText(deep)).toBe('Xk3_9-aaBBcc012~/a?b=1\n3');
    expect(rowText({ ...row, origin: 'example.com' })).toBe('Xk3_9-aaBBcc012/example.com/a?b=1');
  });

  it('writes the URL once where the body goes on behind it', () => {
    const body = `{"url":"${URL}#top","userData":{"label":"DETAIL"}}`;
    const row = { id: ID, uniqueKey: URL, body, origin: ORIGIN };
    expect(rowText(row).length).toBeLessThan(body.length + ID.length + 10 - ORIGIN.length);
    expect(readAgain(row)).toEqual(row);
  });

  it.each<[string, RequestRow]>([
    ['plain http', { id: ID, uniqueKey: 'http://a.b/', body: '{"url":"http://a.b/"}' }],
    [
      'a key with line breaks',
      { id: ID, uniqueKey: 'https://a\n3', body: '{"url":"https://a\n3"}' },
    ],
    ['a key that is no URL', { id: ID, uniqueKey: 'GET(x):y', body: '{"url":"https://a.b"}' }],
    [
      'a URL that only begins like its key',
      { id: ID, uniqueKey: 'https://a.b/ü😀', body: '{"url":"https://a.b/ü😁"}' },
    ],
    ['no key', { id: ID, uniqueKey: '', body: '{"url":"https://a.b"}' }],
    ['an odd id', { id: "a b/c:d%!'é\0", uniqueKey: URL, body: '{}' }],
    ['no JSON at all', { id: ID, uniqueKey: URL, body: '\0 12 3 /' }],
  ])('keeps %s whole', (_what, row) => {
    expect(readAgain(row)).toEqual({ ...row, origin: '' });
    for (const origin of [ORIGIN, 'https://a.b', 'http', 'odd %\n😀']) {
      expect(readAgain({ ...row, origin })).toEqual({ ...row, origin });
    }
  });

  it('keeps any texts whole', () => {
    const text = fc.string({ unit: 'grapheme' });
    const row = fc.record({
      id: text.filter((id) => id !== ''),
      uniqueKey: text,
      body: text,
      origin: text,
    });
    fc.assert(
      fc.property(row, (any) => {
        expect(readAgain(any)).toEqual(any);
      }),
    );
    fc.assert(
      fc.property(text, text, text, text, (origin, key, same, rest) => {
        const uniqueKey = origin + key + same;
        const any = { id: 'i', uniqueKey, body: `{"url":"${origin}${key}${rest}`, origin };
        expect(readAgain(any)).toEqual(any);
      }),
    );
  });

  it('begins with the id, which holds none of the signs that may follow', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (id) => {
        expect(idText(id)).toMatch(/^[\w%-]+$/);
        expect(originText(id)).toMatch(/^[^\s]+$/);
        expect(originOf(originText(id))).toBe(id);
      }),
    );
    expect(originText('')).not.toBe('');
    expect(idText('a')).not.toBe(idText('%a'));
  });
});

describe('the fingerprint of an id', () => {
  it('is a whole number Redis can keep in a small set: from 1 to 2^63 − 1', () => {
    for (let index = 0; index < 2000; index++) {
      const number = BigInt(fingerprintOf(`request-${index}`));
      expect(number > 0n && number < 2n ** 63n).toBe(true);
    }
  });

  it('is the same everywhere and always', () => {
    expect(fingerprintOf('a')).toBe('7299139317422481125');
  });
});

function readAgain(row: RequestRow): RequestRow {
  return rowOf(rowText(row), originText(row.origin));
}
