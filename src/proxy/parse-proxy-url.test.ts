import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyUrl, proxyInfoOf } from './parse-proxy-url.ts';
import { ProxyUrlError } from './proxy-url-error.ts';

function failureOf(entry: unknown): ProxyUrlError {
  try {
    parseProxyUrl(entry as string, '`proxyUrls[2]`');
  } catch (error) {
    if (error instanceof ProxyUrlError) return error;
    throw error;
  }
  throw new Error(`nothing was thrown for ${String(entry)}`);
}

/** What credentials may be made of: any text that UTF-8 can hold. */
const credential = fc
  .string({ unit: 'binary' })
  .map((text) => text.replace(/\p{Surrogate}/gu, '?'));

describe('parseProxyUrl', () => {
  it('takes a URL apart', () => {
    expect(parseProxyUrl('http://user:p%40ss@Proxy.Example:8000')).toEqual({
      url: 'http://user:p%40ss@proxy.example:8000',
      protocol: 'http',
      hostname: 'proxy.example',
      port: 8000,
      username: 'user',
      password: 'p@ss',
    });
  });

  it.each([
    ['http://host', 'http://host:80'],
    ['https://host', 'https://host:443'],
    ['socks5://host', 'socks5://host:1080'],
    ['socks5h://host', 'socks5://host:1080'],
    ['SOCKS://host:9', 'socks5://host:9'],
    ['host:3128', 'http://host:3128'],
    ['http://host:3128/', 'http://host:3128'],
    ['  http://host:3128\r\n', 'http://host:3128'],
    ['http://[2001:DB8::1]:8000', 'http://[2001:db8::1]:8000'],
    ['http://[::1]', 'http://[::1]:80'],
    ['user:pass@host:8000', 'http://user:pass@host:8000'],
    ['http://user@host:8000', 'http://user@host:8000'],
    ['http://user:@host:8000', 'http://user@host:8000'],
    ['http://:pass@host:8000', 'http://:pass@host:8000'],
    ['http://@host:8000', 'http://host:8000'],
    ['http://bücher.example:1', 'http://xn--bcher-kva.example:1'],
    ['http://under_score.example:1', 'http://under_score.example:1'],
  ])('normalises %s to %s', (entry, url) => {
    expect(parseProxyUrl(entry).url).toBe(url);
  });

  it.each([
    ['http://user:p@ss#word@host:1', 'user', 'p@ss#word'],
    ['http://user:pa:ss@host:1', 'user', 'pa:ss'],
    ['http://user:a/b?c#d@host:1', 'user', 'a/b?c#d'],
    ['http://user:p ss"\'<>{}|\\^`@host:1', 'user', 'p ss"\'<>{}|\\^`'],
    ['http://user:100%@host:1', 'user', '100%'],
    ['http://user:50%off@host:1', 'user', '50%off'],
    ['http://user:p%2540ss@host:1', 'user', 'p%40ss'],
    ['http://user:%C3%BC@host:1', 'user', 'ü'],
    ['http://me%40corp:pass@host:1', 'me@corp', 'pass'],
    ['http://me@corp.com:pass@host:1', 'me@corp.com', 'pass'],
    ['host:1:user:pass', 'user', 'pass'],
    ['host:1:user:p@ss', 'user', 'p@ss'],
    ['host:1:user:pa:ss', 'user', 'pa:ss'],
    ['host:1:user:p%40ss', 'user', 'p%40ss'],
    ['socks5://host:1:user:pass', 'user', 'pass'],
    ['[::1]:1:user:pass', 'user', 'pass'],
    ['user:a@b@host:1', 'user', 'a@b'],
  ])('reads the credentials of %s', (entry, username, password) => {
    expect(parseProxyUrl(entry)).toMatchObject({ username, password, port: 1 });
  });

  it('gives any username and password back that were percent-encoded', () => {
    fc.assert(
      fc.property(credential, credential, (username, password) => {
        const credentials = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
        const info = parseProxyUrl(`http://${credentials}@host:8000`);
        expect([info.username, info.password]).toEqual([username, password]);
        expect(parseProxyUrl(info.url)).toEqual(info);
      }),
    );
  });

  it('writes URLs that other parsers read and leave as they are', () => {
    fc.assert(
      fc.property(credential, credential, (username, password) => {
        const parts = { hostname: 'host', port: 8000, username, password } as const;
        const { url } = proxyInfoOf({ protocol: 'http', ...parts });
        const parsed = new URL(url);
        expect(decodeURIComponent(parsed.username)).toBe(username);
        expect(decodeURIComponent(parsed.password)).toBe(password);
        expect(parsed.href).toBe(`${url}/`);
      }),
    );
  });

  it('reads a raw password that holds no percent sign and no control character as it stands', () => {
    const raw = fc.string().filter((text) => !/[%\p{Cc}]/u.test(text));
    fc.assert(
      fc.property(raw, (password) => {
        expect(parseProxyUrl(`http://user:${password}@host:8000`).password).toBe(password);
      }),
    );
  });

  it.each([
    ['', '`***`: it is empty'],
    [
      'ftp://user:hunter2@host:1',
      '`ftp://user:***@host:1`: the scheme must be `http`, `https` or `socks5`',
    ],
    ['socks4://host:1', '`socks4://host:1`: the scheme must be `http`, `https` or `socks5`'],
    [
      'http://user:hunter2@host:99999',
      '`http://user:***@host:99999`: the port must be from 1 to 65535',
    ],
    ['http://user:hunter2@host:0', '`http://user:***@host:0`: the port must be from 1 to 65535'],
    ['http://host:http', '`http://host:***`: the port must be a number'],
    ['http://host:', '`http://host:***`: the port must be a number'],
    ['http://user:hunter2@', '`http://user:***@`: the host is missing'],
    ['http://', '`http://***`: the host is missing'],
    ['http://:8000', '`http://***`: the host is missing'],
    [
      'http://user:hunter2@ho st:1',
      '`http://user:***@***`: the host is not a valid name or address',
    ],
    ['http://999.1.1.1:1', '`http://999.1.1.1:1`: the host is not a valid name or address'],
    ['http://[::g]:1', '`http://***`: the host is not a valid name or address'],
    ['http://host:1/path', '`http://host:***`: a proxy has no path, query or fragment'],
    ['http://host:1?key=hunter2', '`http://host:***`: a proxy has no path, query or fragment'],
    ['host', '`host`: the port is missing; expected'],
    ['host:1:hunter2', '`host:***`: expected a URL, `host:port` or `host:port:user:password`'],
    [
      'user:1:hunter2@host:1',
      '`user:***`: it can be read in two ways; write it as a URL, with its scheme',
    ],
    ['2001:470:1f0b:16b0:1:2:3:4', '`2001:***`: an IPv6 address must stand in brackets'],
    [
      'http://user:%FF@host:1',
      '`http://user:***@host:1`: its credentials are not percent-encoded UTF-8',
    ],
    ['http://user:hun\tter2@host:1', '`http://user:***@host:1`: it holds a control character'],
    ['http://user:\uD800@host:1', '`http://user:***@host:1`: it is not valid Unicode'],
  ])('refuses %j', (entry, problem) => {
    expect(failureOf(entry).message).toContain(`Invalid proxy at \`proxyUrls[2]\`, ${problem}`);
  });

  it.each([undefined, 5, {}, null])('refuses %s, which is no text', (entry) => {
    expect(failureOf(entry).message).toContain('expected a text');
  });

  it('says in fields of the error what is wrong where', () => {
    expect(failureOf('http://user:hunter2@host:0')).toMatchObject({
      name: 'ProxyUrlError',
      code: 'TROUPE_INVALID_PROXY',
      where: '`proxyUrls[2]`',
      entry: '`http://user:***@host:0`',
    });
  });
});
