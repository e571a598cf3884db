import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ProxyConfiguration } from './proxy-configuration.ts';
import type { ProxyInfo } from './proxy-info.ts';

describe('ProxyConfiguration with a function', () => {
  it('asks once for each session, also when asked for at the same time', async () => {
    const asked: unknown[] = [];
    const proxies = new ProxyConfiguration({
      newUrlFunction: async (sessionId, { request }) => {
        asked.push([sessionId, request]);
        return `http://host${asked.length}:1`;
      },
    });
    const given = await Promise.all([
      proxies.newUrl('s', { request: 'r1' }),
      proxies.newUrl('s', { request: 'r2' }),
      proxies.bind('s'),
    ]);
    expect(given).toMatchObject([
      'http://host1:1',
      'http://host1:1',
      { url: 'http://host1:1', sessionId: 's' },
    ]);
    expect(await proxies.newUrl('s')).toBe('http://host1:1');
    expect(await proxies.newUrl('other')).toBe('http://host2:1');
    expect(asked).toEqual([
      ['s', 'r1'],
      ['other', undefined],
    ]);
  });

  it('asks each time when there is no session, and remembers nothing', async () => {
    let callsCount = 0;
    const proxies = new ProxyConfiguration({
      newUrlFunction: () => (++callsCount === 1 ? null : 'host:1:u:p'),
    });
    expect([await proxies.newUrl(), await proxies.newUrl()]).toEqual([null, 'http://u:p@host:1']);
    expect(proxies.bindingsCount).toBe(0);
  });

  it('remembers no more sessions than `maxBindings`', async () => {
    let callsCount = 0;
    const proxies = new ProxyConfiguration({
      newUrlFunction: () => `host${++callsCount}:1`,
      maxBindings: 10,
    });
    for (let n = 0; n < 1000; n++) await proxies.newUrl(`session_${n}`);
    expect(proxies.bindingsCount).toBe(10);
    expect(await proxies.newUrl('session_999')).toBe('http://host1000:1');
  });

  it('keeps a restored binding without asking, even when the answer is on its way', async () => {
    const restored = (await new ProxyConfiguration({ proxyUrls: ['kept:1'] }).newProxyInfo(
      's',
    )) as ProxyInfo;
    let answer: (url: string) => void = () => {};
    const proxies = new ProxyConfiguration({
      newUrlFunction: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const asking = proxies.newUrl('s');
    await Promise.resolve();
    proxies.restore('s', restored);
    answer('late:1');
    expect(await asking).toBe('http://kept:1');
    expect(await proxies.newUrl('s')).toBe('http://kept:1');
  });

  it('binds nothing when the session was released before the answer came', async () => {
    const proxies = new ProxyConfiguration({ newUrlFunction: async () => 'host:1' });
    const binding = proxies.bind('s');
    proxies.release('s');
    expect(await binding).toMatchObject({ url: 'http://host:1' });
    expect(proxies.bindingsCount).toBe(0);
  });

  it('asks again, but not forever, while it gives the proxy to avoid', async () => {
    let callsCount = 0;
    const proxies = new ProxyConfiguration({
      newUrlFunction: () => (++callsCount < 3 ? 'bad:1' : 'good:1'),
    });
    expect(await proxies.newUrl('s')).toBe('http://bad:1');
    expect(await proxies.bind('s', { avoid: 'http://bad:1' })).toMatchObject({
      url: 'http://good:1',
    });
    expect(await proxies.newUrl('s')).toBe('http://good:1');
    const stubborn = new ProxyConfiguration({ newUrlFunction: () => 'bad:1' });
    expect(await stubborn.bind('s', { avoid: 'http://bad:1' })).toMatchObject({
      url: 'http://bad:1',
    });
  });

  it('fills templates', async () => {
    const proxies = new ProxyConfiguration({
      newUrlFunction: () => 'http://u-{country}-{session}:p@a:1',
      countryCode: 'US',
    });
    expect(await proxies.newUrl('abc')).toBe('http://u-US-abc:p@a:1');
  });

  it.each([
    [
      () => {
        throw new Error('vendor down: http://user:hunter2@api:1');
      },
      '`newUrlFunction` threw "vendor down: http://user:***@api:1" for session `s`',
    ],
    [
      async () => Promise.reject('http://user:hunter2@api:1'),
      '`newUrlFunction` threw "http://user:***@api:1" for session `s`',
    ],
    [() => undefined, '`newUrlFunction` gave undefined, not a proxy URL or null, for session `s`'],
    [
      () => ({ url: 'hunter2' }),
      '`newUrlFunction` gave a value of type object, not a proxy URL or null, for session `s`',
    ],
    [() => 'host:0:user:hunter2', '`newUrlFunction` gave what is no proxy for session `s`'],
  ])(
    'reports a function that throws or gives rubbish, with the cause and no secret (%#)',
    async (newUrlFunction, message) => {
      const proxies = new ProxyConfiguration({ newUrlFunction: newUrlFunction as () => string });
      const error = await proxies.newUrl('s').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'TROUPE_PROXY_FUNCTION', message, sessionId: 's' });
      expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
      await expect(proxies.bind('s')).rejects.toMatchObject({ code: 'TROUPE_PROXY_FUNCTION' });
      expect(proxies.bindingsCount).toBe(0);
    },
  );

  it('carries the cause', async () => {
    const cause = new TypeError('broken');
    const proxies = new ProxyConfiguration({
      newUrlFunction: () => {
        throw cause;
      },
    });
    await expect(proxies.newUrl()).rejects.toMatchObject({ cause });
    const bad = new ProxyConfiguration({ newUrlFunction: () => 'ftp://a' });
    await expect(bad.newUrl()).rejects.toMatchObject({ cause: { code: 'TROUPE_INVALID_PROXY' } });
  });

  it('asks again after a failure', async () => {
    let callsCount = 0;
    const proxies = new ProxyConfiguration({
      newUrlFunction: () => {
        if (++callsCount === 1) throw new Error('once');
        return 'host:1';
      },
    });
    await expect(proxies.newUrl('s')).rejects.toThrow('once');
    expect(await proxies.newUrl('s')).toBe('http://host:1');
  });
});
