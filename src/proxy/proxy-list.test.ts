import { describe, expect, it } from 'vitest';
import { numberProxies, parseProxyList, splitProxyList } from './proxy-list.ts';

function parse(text: string): (string | null)[] {
  const list = parseProxyList(splitProxyList(text, 'proxies.txt'), undefined);
  return list.map((info) => info?.url ?? null);
}

describe('a proxy list', () => {
  it('has one proxy a line, with comments and empty lines between', () => {
    const text = [
      '\uFEFF# from the vendor',
      'http://user:pass@one:8000',
      '',
      '  two:8000:user:p#ss   # a comment',
      '\t#another',
      'direct',
    ].join('\r\n');
    expect(parse(text)).toEqual(['http://user:pass@one:8000', 'http://user:p%23ss@two:8000', null]);
  });

  it('names the line of a bad entry', () => {
    expect(() => parse('# list\n\nhttp://one:1\nhttp://user:hunter2@two:99999\n')).toThrow(
      'Invalid proxy at line 4 of proxies.txt, `http://user:***@two:99999`: the port must be from 1 to 65535',
    );
  });

  it('refuses duplicates, however they are written, and names both lines', () => {
    expect(() => parse('http://user:p%40ss@one:80\nhttp://two:1\nHTTP://user:p@ss@ONE/')).toThrow(
      'Invalid proxy at line 3 of proxies.txt, `HTTP://user:***@ONE/`: it is the same as line 1 of proxies.txt',
    );
  });

  it('takes one host with two users for two proxies', () => {
    expect(parse('http://a:1@one:80\nhttp://b:1@one:80')).toHaveLength(2);
  });

  it('refuses a second direct connection', () => {
    expect(() => parseProxyList(numberProxies([null, null], 'proxyUrls'), undefined)).toThrow(
      'Invalid proxy at `proxyUrls[1]`, the direct connection: it is the same as `proxyUrls[0]`',
    );
  });

  it('names the index of an entry that is no text', () => {
    expect(() => parseProxyList(numberProxies([null, 5], 'proxyUrls'), undefined)).toThrow(
      'Invalid proxy at `proxyUrls[1]`, a value of type number: expected a text',
    );
  });
});
