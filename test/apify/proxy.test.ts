import { describe, expect, it } from 'vitest';
import * as Apify from '../../src/apify/names.ts';
import { openSite } from '../support/local-site.ts';
import { withActorFolder } from './actor-folder.ts';
import { openPlatform } from './platform.ts';

withActorFolder();

const platform = {
  APIFY_PROXY_PASSWORD: 'p@ss',
  APIFY_PROXY_HOSTNAME: 'proxy.example',
  APIFY_PROXY_PORT: '8011',
};

describe('Apify Proxy', () => {
  it('says by the username which groups, session and country are meant', () => {
    Object.assign(process.env, platform);
    const all = new Apify.ProxyConfiguration({ groups: ['A', 'B'], countryCode: 'US' });
    expect(all.newUrl('one')).toBe(
      'http://groups-A+B,session-one,country-US:p%40ss@proxy.example:8011',
    );
    expect(all.newUrl()).toBe('http://groups-A+B,country-US:p%40ss@proxy.example:8011');
    expect(new Apify.ProxyConfiguration().newUrl()).toBe('http://auto:p%40ss@proxy.example:8011');
    expect(new Apify.ProxyConfiguration().newUrl(5)).toBe(
      'http://session-5:p%40ss@proxy.example:8011',
    );
    expect(all.newProxyInfo('one')).toEqual({
      url: all.newUrl('one'),
      protocol: 'http',
      hostname: 'proxy.example',
      port: 8011,
      username: 'groups-A+B,session-one,country-US',
      password: 'p@ss',
      groups: ['A', 'B'],
      countryCode: 'US',
      sessionId: 'one',
    });
  });

  it('has the documented address, and takes what the input form calls its options', () => {
    const proxies = new Apify.ProxyConfiguration({
      password: 'x',
      useApifyProxy: true,
      apifyProxyGroups: ['G'],
      apifyProxyCountry: 'DE',
    });
    expect(proxies.newUrl()).toBe('http://groups-G,country-DE:x@proxy.apify.com:8000');
  });

  it('refuses bad sessions, groups and countries, and a missing password', () => {
    Object.assign(process.env, platform);
    const proxies = new Apify.ProxyConfiguration();
    for (const id of ['a b', 'a-b', 'ä!', '', 'x'.repeat(51)]) {
      expect(() => proxies.newUrl(id)).toThrow('Expected `sessionId` to be at most 50 letters');
    }
    expect(proxies.newUrl('x'.repeat(50))).toContain('x'.repeat(50));
    expect(proxies.newUrl('a.b_c~D9')).toContain('session-a.b_c~D9');
    for (const countryCode of ['us', 'USA', 'U1']) {
      expect(() => new Apify.ProxyConfiguration({ countryCode })).toThrow(
        'Expected `countryCode` to be two capital letters',
      );
    }
    expect(() => new Apify.ProxyConfiguration({ groups: ['a b'] })).toThrow('Expected `groups`');
    expect(() => new Apify.ProxyConfiguration({ nonsense: 1 } as never)).toThrow(
      'Unknown option `nonsense`',
    );
    delete process.env['APIFY_PROXY_PASSWORD'];
    expect(() => new Apify.ProxyConfiguration()).toThrow('Apify Proxy needs a password');
  });

  it('is asked whether it lets us in', async () => {
    await using local = await openPlatform();
    Object.assign(process.env, local.env);
    expect((await Apify.createProxyConfiguration())?.newUrl()).toContain('auto:');
    await using refusing = await openSite((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"connected":false,"connectionError":"Invalid username or password"}');
    });
    process.env['APIFY_PROXY_STATUS_URL'] = refusing.url;
    await expect(Apify.createProxyConfiguration()).rejects.toMatchObject({
      code: 'TROUPE_APIFY_PROXY',
      message: 'Apify Proxy refuses the connection: Invalid username or password',
    });
  });

  it('is used all the same when it cannot be asked', async () => {
    await using local = await openPlatform();
    await using broken = await openSite((_request, response) => void response.writeHead(500).end());
    Object.assign(process.env, local.env, { APIFY_PROXY_STATUS_URL: broken.url });
    expect((await Apify.createProxyConfiguration())?.newUrl('a')).toContain('session-a:');
  });
});

describe('proxies of one’s own', () => {
  const proxyUrls = ['http://a.example:1', 'http://user:secret@b.example:2'];

  it('take turns; a session keeps the one it was given', async () => {
    const proxies = await Apify.createProxyConfiguration({ proxyUrls });
    expect([1, 2, 3].map(() => proxies?.newProxyInfo().hostname)).toEqual([
      'a.example',
      'b.example',
      'a.example',
    ]);
    const given = proxies?.newUrl('one');
    expect([1, 2, 3].map(() => proxies?.newUrl('one'))).toEqual([given, given, given]);
    expect(proxies?.newUrl('two')).not.toBe(given);
    expect(proxies?.newProxyInfo('one')).toMatchObject({ sessionId: 'one', groups: [] });
  });

  it('come from TROUPE_PROXY_URLS without code, and go before the platform’s', async () => {
    Object.assign(process.env, platform, {
      TROUPE_PROXY_URLS: 'http://a.example:1, http://b.example:2\nsocks5://c.example:3',
    });
    const proxies = await Apify.createProxyConfiguration({ useApifyProxy: true });
    expect([1, 2, 3].map(() => proxies?.newProxyInfo().port)).toEqual([1, 2, 3]);
  });

  it('come from a function, which is asked once for each session', () => {
    const asked: unknown[] = [];
    const proxies = new Apify.ProxyConfiguration({
      newUrlFunction: (sessionId) => {
        asked.push(sessionId);
        return `http://u:p@f.example:${1000 + asked.length}`;
      },
    });
    expect([proxies.newUrl('s'), proxies.newUrl('s')]).toEqual([
      'http://u:p@f.example:1001',
      'http://u:p@f.example:1001',
    ]);
    expect(proxies.newProxyInfo()).toMatchObject({ port: 1002, groups: [] });
    expect(asked).toEqual(['s', undefined]);
    const wrong = new Apify.ProxyConfiguration({ newUrlFunction: (async () => 'x') as never });
    expect(() => wrong.newUrl()).toThrow(
      'Expected `newUrlFunction` to return the URL of a proxy, got a promise',
    );
  });

  it('are none where the input says so', async () => {
    expect(await Apify.createProxyConfiguration({ useApifyProxy: false })).toBeUndefined();
    const own = await Apify.createProxyConfiguration({ useApifyProxy: false, proxyUrls });
    expect(own?.newUrl()).toBe('http://a.example:1');
  });

  it('cannot be combined with Apify Proxy, nor with each other, and must be URLs', async () => {
    const create = Apify.createProxyConfiguration;
    await expect(create({ proxyUrls, groups: ['A'] })).rejects.toThrow(
      'Cannot combine proxies of your own (`proxyUrls`) with Apify Proxy (`groups`)',
    );
    await expect(create({ newUrlFunction: () => 'http://a:1', countryCode: 'US' })).rejects.toThrow(
      'Cannot combine',
    );
    await expect(create({ proxyUrls, newUrlFunction: () => 'http://a:1' })).rejects.toThrow(
      'got both',
    );
    await expect(create({ proxyUrls: [] })).rejects.toThrow('at least one proxy URL');
    const error = await create({ proxyUrls: ['ftp://user:secret@a.example:1'] }).catch(
      (thrown) => thrown,
    );
    expect(error.code).toBe('TROUPE_INVALID_PROXY');
    expect(String(error)).not.toContain('secret');
    process.env['TROUPE_PROXY_URLS'] = 'http://a.example:1';
    await expect(create({ groups: ['A'] })).rejects.toThrow(
      'Cannot combine proxies of your own (`TROUPE_PROXY_URLS`)',
    );
  });
});
