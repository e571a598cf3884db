import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestRow } from '../request-store.ts';
import { fingerprintOf, idText, rowOf, rowText } from './request-row-text.ts';

const ID = 'Xk3_9-aaBBcc012';
const URL = 'https://example.com/a?b=1';

describe('the text of a request', () => {
  it('is hardly longer than the URL for the requests most crawls consist of', () => {
    const row = { id: ID, uniqueKey: URL, body: `{"url":"${URL}"}` };
    expect(rowText(row)).toBe('Xk3_9-aaBBcc012/example.com/a?b=1');
    const deep = { ...row, body: `{"url":"${URL}","crawlDepth":3}` };
    expect(rowText(deep)).toBe('Xk3_9-aaBBcc012/example.com/a?b=1\n3');
  });

  it('writes the URL once where the body goes on behind it', () => {
    const body = `{"url":"${URL}#top","userData":{"label":"DETAIL"}}`;
    const text = rowText({ id: ID, uniqueKey: URL, body });
    expect(text.length).toBeLessThan(body.length + ID.length + 10);
    expect(rowOf(text)).toEqual({ id: ID, uniqueKey: URL, body });
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
    expect(rowOf(rowText(row))).toEqual(row);
  });

  it('keeps any texts whole', () => {
    const text = fc.string({ unit: 'grapheme' });
    const row = fc.record({ id: text.filter((id) => id !== ''), uniqueKey: text, body: text });
    fc.assert(
      fc.property(row, (any) => {
        expect(rowOf(rowText(any))).toEqual(any);
      }),
    );
    fc.assert(
      fc.property(text, text, text, (key, same, rest) => {
        const any = { id: 'i', uniqueKey: key + same, body: `{"url":"${key}${rest}` };
        expect(rowOf(rowText(any))).toEqual(any);
      }),
    );
  });

  it('begins with the id, which holds none of the signs that may follow', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (id) => {
        expect(idText(id)).toMatch(/^[\w%-]+$/);
      }),
    );
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
