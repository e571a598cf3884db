import { describe, expect, it } from 'vitest';
import { domainOfOrigin, originOfUrl } from './request-origin.ts';

describe('the origin of a URL', () => {
  it.each([
    ['https://example.com', 'https://example.com'],
    ['https://www.example.com/a?b=1#c', 'https://www.example.com'],
    ['http://example.com?a', 'http://example.com'],
    ['HTTPS://Example.COM/a', 'https://example.com'],
    ['https://example.com:443/a', 'https://example.com'],
    ['http://example.com:8080/a', 'http://example.com:8080'],
    ['https://user:secret@example.com/a', 'https://example.com'],
    ['http://127.1/a', 'http://127.0.0.1'],
    ['http://0x7f.1/a', 'http://127.0.0.1'],
    ['http://[::1]:80/a', 'http://[::1]'],
    ['https://bücher.example/a', 'https://xn--bcher-kva.example'],
    ['http://localhost:3000/', 'http://localhost:3000'],
  ])('of %s is %s, as `URL` says', (url, origin) => {
    expect(originOfUrl(url)).toBe(origin);
    expect(new URL(url).origin).toBe(origin);
  });
});

describe('the domain of an origin', () => {
  it.each([
    ['https://shop.example.co.uk', 'example.co.uk'],
    ['http://www.example.com:8080', 'example.com'],
    ['http://127.0.0.1:3000', '127.0.0.1'],
    ['http://[::1]:3000', '[::1]'],
    ['http://localhost', 'localhost'],
  ])('of %s is %s', (origin, domain) => {
    expect(domainOfOrigin(origin)).toBe(domain);
  });
});
