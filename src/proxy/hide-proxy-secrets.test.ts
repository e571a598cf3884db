import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideProxySecrets } from './hide-proxy-secrets.ts';
import { parseProxyUrl } from './parse-proxy-url.ts';

const MARK = 'hUnTeR';

/** Passwords with the mark in the middle of anything, the parts of proxies above all. */
const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc
    .array(fc.constantFrom('@', ':', '/', '#', '?', '%', ' ', '.', '1', 'a', '://', '\n'), {
      maxLength: 5,
    })
    .map((parts) => parts.join('')),
);
const password = fc.tuple(noise, noise).map(([before, after]) => `${before}-${MARK}!${after}`);

/** Every way to get a proxy wrong that came to mind, with the password in it. */
const broken = fc
  .tuple(
    password,
    fc.constantFrom('http://', 'ftp://', 'http:/', 'http//', '://', '', 'socks4://', ' http://'),
    fc.constantFrom(
      'host:99999',
      'host',
      '',
      'ho st:1',
      '[::1',
      'host:',
      'host:1/path',
      'a@b',
      '1.2.3.4:80',
    ),
  )
  .chain(([secret, scheme, host]) =>
    fc.constantFrom(
      `${scheme}user:${secret}@${host}`,
      `${scheme}:${secret}@${host}`,
      `${scheme}us er:${secret}@${host}`,
      `${scheme}user:${encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '?'))}@${host}`,
      `${scheme}user:${secret}`,
      `${scheme}host:8000:user:${secret}`,
      `${scheme}host:99999:user:${secret}`,
      `${scheme}user:${secret}:host:8000`,
      `${scheme}host,8000,user,${secret}`,
      `${scheme}host 8000 user ${secret}`,
      `${scheme}host:8000/?key=${secret}`,
    ),
  );

describe('hideProxySecrets', () => {
  it('never shows a password, however malformed the entry is', () => {
    fc.assert(
      fc.property(broken, (entry) => {
        expect(hideProxySecrets(entry)).not.toContain(MARK);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps it out of every part of the error that parsing throws', () => {
    fc.assert(
      fc.property(broken, (entry) => {
        try {
          parseProxyUrl(entry);
        } catch (error) {
          expect(inspect(error, { depth: 10 })).not.toContain(MARK);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['http://user:pass@host:8000', 'http://user:***@host:8000'],
    ['http://customer-a{session}:pass@host:8000', 'http://customer-a{session}:***@host:8000'],
    ['http://host:99999', 'http://host:99999'],
    ['http://token@host', 'http://***@host'],
    ['host:8000:user:pass', 'host:***'],
  ])('still tells %s from others', (entry, shown) => {
    expect(hideProxySecrets(entry)).toBe(shown);
  });

  it('cuts what is very long', () => {
    expect(hideProxySecrets(`http://${'a'.repeat(10_000)}`).length).toBeLessThan(200);
  });
});
