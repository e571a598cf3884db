import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extendedUniqueKey, normalizeUrl, requestIdOf } from './unique-key.ts';

describe('normalizeUrl', () => {
  it.each([
    ['HTTP://Example.COM/Path', 'http://example.com/Path'],
    ['https://example.com:443/a', 'https://example.com/a'],
    ['http://example.com:80', 'http://example.com'],
    ['http://example.com:8080/', 'http://example.com:8080'],
    ['https://example.com/a/', 'https://example.com/a'],
    ['https://example.com/a//', 'https://example.com/a'],
    ['https://example.com/a#top', 'https://example.com/a'],
    ['  https://example.com/a \n', 'https://example.com/a'],
    ['https://user:secret@example.com/a', 'https://example.com/a'],
    ['https://example.com/?b=2&a=1', 'https://example.com?a=1&b=2'],
    ['https://example.com/?utm_source=x&a=1&utm_medium=y', 'https://example.com?a=1'],
    ['https://example.com/?utm_source=x', 'https://example.com'],
    ['https://example.com/?a=2&a=1', 'https://example.com?a=2&a=1'],
    ['https://example.com/?q=a%20b', 'https://example.com?q=a+b'],
    ['https://example.com/?a', 'https://example.com?a='],
    ['https://example.com/?', 'https://example.com'],
    ['https://example.com/a/../b', 'https://example.com/b'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example'],
  ])('writes %s as %s', (url, expected) => {
    expect(normalizeUrl(url)).toBe(expected);
  });

  it.each(['', 'example.com', '/a', 'ftp://example.com', 'javascript:alert(1)', 'http://'])(
    'refuses %j',
    (url) => {
      expect(normalizeUrl(url)).toBeNull();
    },
  );

  it('keeps the fragment when asked to', () => {
    expect(normalizeUrl('https://example.com/#/route', true)).toBe('https://example.com#/route');
    expect(normalizeUrl('https://example.com/?b=1&a=1#x', true)).toBe(
      'https://example.com?a=1&b=1#x',
    );
  });

  it('changes nothing when applied twice', () => {
    fc.assert(
      fc.property(anyUrl, fc.boolean(), (url, keepFragment) => {
        const once = normalizeUrl(url, keepFragment) as string;
        expect(normalizeUrl(once, keepFragment)).toBe(once);
      }),
    );
  });

  it('does not depend on the order of differently named parameters', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(parameterText, parameterText), { selector: ([name]) => name }),
        fc.infiniteStream(fc.nat()),
        (parameters, keys) => {
          const order = new Map(parameters.map((pair) => [pair, keys.next().value as number]));
          const shuffled = [...parameters].sort(
            (a, b) => (order.get(a) as number) - (order.get(b) as number),
          );
          expect(normalizeUrl(urlWith(shuffled))).toBe(normalizeUrl(urlWith(parameters)));
        },
      ),
    );
  });

  it('treats a plainly written query as one that had to be rewritten', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(parameterText, parameterText)), (parameters) => {
        const rewritten = new URL(urlWith(parameters));
        rewritten.searchParams.sort();
        for (const name of [...rewritten.searchParams.keys()]) {
          if (name.startsWith('utm_')) rewritten.searchParams.delete(name);
        }
        const query = rewritten.searchParams.toString();
        expect(normalizeUrl(urlWith(parameters))).toBe(
          `https://example.com${query === '' ? '' : `?${query}`}`,
        );
      }),
    );
  });
});

describe('extendedUniqueKey', () => {
  it('tells methods and payloads apart', () => {
    const url = 'https://example.com';
    const keys = [
      extendedUniqueKey(url, 'GET', undefined),
      extendedUniqueKey(url, 'POST', undefined),
      extendedUniqueKey(url, 'POST', 'a'),
      extendedUniqueKey(url, 'POST', 'b'),
    ];
    expect(new Set(keys).size).toBe(4);
  });

  it('gives bytes the key of the text they spell', () => {
    expect(extendedUniqueKey('u', 'POST', Buffer.from('é'))).toBe(
      extendedUniqueKey('u', 'POST', 'é'),
    );
  });
});

describe('requestIdOf', () => {
  it('is 15 URL-safe characters and always the same', () => {
    expect(requestIdOf('https://example.com')).toMatch(/^[\w-]{15}$/);
    expect(requestIdOf('https://example.com')).toBe(requestIdOf('https://example.com'));
    expect(requestIdOf('https://example.com')).not.toBe(requestIdOf('https://example.org'));
  });
});

const anyUrl = fc.webUrl({
  withFragments: true,
  withQueryParameters: true,
  validSchemes: ['http', 'https'],
});

const parameterText = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_.*+-]{1,4}$/),
  fc.stringMatching(/^utm_[a-z]?$/),
  fc.string({ minLength: 1, maxLength: 4 }),
  fc.constantFrom('utm', '%2F', '%2f', "'", '~', '&', '=', 'ü'),
);

function urlWith(parameters: readonly (readonly [string, string])[]): string {
  const query = parameters.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
  return `https://example.com/${query === '' ? '' : `?${query}`}`;
}

/** Valid in a query, but left as raw as can be. */
function encoded(part: string): string {
  return part.replace(/[&=#%\s]/g, encodeURIComponent);
}
