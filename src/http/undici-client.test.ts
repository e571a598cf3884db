import { deflateRawSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openProxy, proxyInfo } from '../../test/support/local-proxy.ts';
import { type LocalSite, openSite, type SiteHandler } from '../../test/support/local-site.ts';
import { openSocks5Proxy } from '../../test/support/socks5-server.ts';
import { FakeClock } from '../core/fake-clock.ts';
import type { HttpRequest } from './http-client.ts';
import { UndiciClient } from './undici-client.ts';

/** undici takes a connection back a turn of the event loop after the response. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('UndiciClient', () => {
  let site: LocalSite;
  let handler: SiteHandler;
  let client: UndiciClient;

  beforeAll(async () => {
    site = await openSite((request, response) => handler(request, response));
  });
  afterAll(() => site.close());
  beforeEach(() => {
    client = new UndiciClient();
    handler = (_request, response) => response.end('ok');
  });
  afterEach(() => client.close());

  const get = async (options: Partial<HttpRequest> = {}): Promise<string> => {
    const response = await client.send({ url: site.url, ...options });
    const text = Buffer.from(await response.bytes()).toString();
    await nextTurn();
    return text;
  };

  describe('connections', () => {
    it('are kept and used again', async () => {
      const before = site.connectionsCount;
      for (let round = 0; round < 5; round++) await get();
      expect(site.connectionsCount).toBe(before + 1);
    });

    it('are kept after a body that was discarded while small, and cut when large', async () => {
      handler = (_request, response) => response.end('small');
      const before = site.connectionsCount;
      for (let round = 0; round < 3; round++) {
        (await client.send({ url: site.url })).discard();
        await nextTurn();
      }
      expect(site.connectionsCount).toBe(before + 1);
      handler = (_request, response) => response.end(Buffer.alloc(10_000_000));
      (await client.send({ url: site.url })).discard();
      await site.idle();
    });

    it('are kept over a redirect', async () => {
      handler = (request, response) => {
        if (request.url === '/') response.writeHead(302, { location: '/end' });
        response.end('x');
      };
      const before = site.connectionsCount;
      for (let round = 0; round < 3; round++) await get();
      expect(site.connectionsCount).toBeLessThanOrEqual(before + 2);
    });

    it('through a tunnel are kept too, one tunnel for each proxy', async () => {
      await using secure = await openSite((_request, response) => response.end('ok'), {
        protocol: 'https',
      });
      for (const open of [openProxy, openSocks5Proxy]) {
        await using first = await open({});
        await using second = await open({});
        for (let round = 0; round < 6; round++) {
          const { info: proxy } = round % 2 ? first : second;
          await get({ url: secure.url, proxy, ignoreSslErrors: true });
        }
        expect([first.seen.length, second.seen.length]).toEqual([1, 1]);
      }
    });

    it.each([
      ['direct', undefined, 'http'],
      ['forwarded', openProxy, 'http'],
      ['tunnelled', openProxy, 'https'],
      ['SOCKS5', openSocks5Proxy, 'http'],
    ] as const)(
      'are not opened anew for a %s request that is given up',
      async (_route, openOn, protocol) => {
        await using silent = await openSite(() => {}, { protocol });
        await using proxy = await openOn?.();
        const route = { url: silent.url, proxy: proxy?.info ?? null, ignoreSslErrors: true };
        const waiting = Array.from({ length: 3 }, () => get({ ...route, firstByteTimeoutMs: 50 }));
        for (const { reason } of (await Promise.allSettled(waiting)) as PromiseRejectedResult[]) {
          expect(reason).toMatchObject({ kind: 'first-byte-timeout' });
        }
        await Promise.all([silent.idle(), proxy?.idle()]);
        await nextTurn();
        expect([silent.connectionsCount, proxy?.connectionsCount ?? 3]).toEqual([3, 3]);
      },
    );

    it('serve those who come while another request is given up', async () => {
      handler = (request, response) => {
        if (request.url !== '/never') response.end('ok');
      };
      const stop = new AbortController();
      const url = `${site.url}/never`;
      const never = get({ url, signal: stop.signal }).catch((error) => error.kind);
      await get();
      stop.abort();
      const others = Array.from({ length: 5 }, () => get());
      expect(await Promise.all([never, ...others])).toEqual(['aborted', ...Array(5).fill('ok')]);
      expect(await get()).toBe('ok');
    });

    it('of the least recently used proxy are closed when there are too many, after its requests', async () => {
      client = new UndiciClient({ maxAgents: 1 });
      await using proxy = await openSocks5Proxy();
      let finish = (): void => {};
      handler = (request, response) => {
        if (request.url !== '/slow') response.end('ok');
        else {
          response.write('slow ');
          finish = () => response.end('but whole');
        }
      };
      const slow = await client.send({ url: `${site.url}/slow`, proxy: proxy.info });
      await get();
      expect(proxy.openConnectionsCount).toBe(1);
      finish();
      expect(Buffer.from(await slow.bytes()).toString()).toBe('slow but whole');
      await proxy.idle();
    });
  });

  it('tunnels plain requests when asked to', async () => {
    await client.close();
    client = new UndiciClient({ plainHttpProxying: 'tunnel' });
    await using proxy = await openProxy({ username: 'user', password: 'päss' });
    await get({ proxy: proxy.info });
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${site.port}`]);
    const wrong = proxyInfo('http', proxy.port, 'user', 'pass');
    await expect(get({ proxy: wrong })).rejects.toMatchObject({ kind: 'proxy', proxyStatus: 407 });
  });

  it('sends a username without a password', async () => {
    await using proxy = await openProxy({ username: 'token', password: '' });
    expect(await get({ proxy: proxy.info })).toBe('ok');
  });

  it('undoes deflate without the zlib frame, in one go and in pieces', async () => {
    for (const size of [100, 5_000_000]) {
      const body = Buffer.alloc(size, 'abc');
      handler = (_request, response) => {
        response.setHeader('content-encoding', 'deflate');
        response.end(deflateRawSync(body));
      };
      expect(await get()).toBe(body.toString());
    }
  });

  it('asks for what it can decode unless the caller does', async () => {
    handler = (request, response) => response.end(request.headers['accept-encoding']);
    expect(await get()).toBe('gzip, deflate, br');
    expect(await get({ headers: { 'Accept-Encoding': 'identity' } })).toBe('identity');
  });

  it('understands headers far over 16 kB', async () => {
    handler = (_request, response) => {
      response.setHeader('content-security-policy', 'x'.repeat(60_000));
      response.end('ok');
    };
    expect(await get()).toBe('ok');
  });

  it('takes one signal for many requests without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 30 }, () => get({ signal })));
    await nextTurn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  describe('its clock', () => {
    let clock: FakeClock;
    beforeEach(async () => {
      await client.close();
      clock = new FakeClock();
      client = new UndiciClient({ clock });
    });

    it('is let go when a response is complete, and when a request fails', async () => {
      const { signal } = new AbortController();
      await get({ signal });
      expect(clock.pendingTimersCount).toBe(0);
      handler = (request) => request.socket.destroy();
      await expect(get({ signal })).rejects.toMatchObject({ kind: 'target' });
      expect(clock.pendingTimersCount).toBe(0);
    });

    it('counts the time to the first byte and the whole time', async () => {
      let asked = (): void => {};
      const isAsked = new Promise<void>((resolve) => {
        asked = resolve;
      });
      handler = () => asked();
      const waiting = get({ firstByteTimeoutMs: 1000, totalTimeoutMs: 5000 }).catch((e) => e);
      await isAsked;
      await clock.advance(999);
      expect(clock.pendingTimersCount).toBeGreaterThan(0);
      await clock.advance(1);
      expect(await waiting).toMatchObject({ kind: 'first-byte-timeout' });
      expect(clock.pendingTimersCount).toBe(0);
    });

    it('ends a body that does not end', async () => {
      handler = (_request, response) => response.write('first');
      const response = await client.send({ url: site.url, totalTimeoutMs: 5000 });
      const reading = response.bytes().catch((error) => error);
      await clock.advance(5000);
      expect(await reading).toMatchObject({ kind: 'total-timeout' });
    });
  });
});
