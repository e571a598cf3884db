import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClient, HttpRequest } from '../../src/http/http-client.ts';
import type { ProxyInfo } from '../../src/proxy/proxy-info.ts';
import { openProxy, openRawProxy, proxyInfo } from '../support/local-proxy.ts';
import { refusedPort } from '../support/local-server.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { openSocks5Proxy } from '../support/socks5-server.ts';
import type { HttpClientContract } from './http-client.contract.ts';

/** Nothing of this may be taken for a delimiter. */
const CREDENTIALS = { username: 'user-name', password: 'p@s:s/w#r?d %41ž' } as const;

const OPENERS = {
  http: openProxy,
  https: (options: object) => openProxy({ ...options, protocol: 'https' }),
  socks5: openSocks5Proxy,
} as const;

/** How every client goes through proxies, real ones and broken ones. */
export function describeProxies({ name, create, lacks = {} }: HttpClientContract): void {
  describe(`${name}: proxies`, () => {
    const sites = {} as Record<'http' | 'https', LocalSite>;
    let client: HttpClient;

    beforeAll(async () => {
      for (const protocol of ['http', 'https'] as const) {
        sites[protocol] = await openSite(
          (request, response) => response.end(JSON.stringify(request.headers)),
          { protocol },
        );
      }
    });
    afterAll(() => Promise.all([sites.http.close(), sites.https.close()]));
    beforeEach(() => {
      client = create();
    });
    afterEach(() => client.close());

    const send = (target: 'http' | 'https', proxy: ProxyInfo, options: Partial<HttpRequest> = {}) =>
      client.send({ url: `${sites[target].url}/`, proxy, ignoreSslErrors: true, ...options });
    const failure = async (
      target: 'http' | 'https',
      proxy: ProxyInfo,
      options: Partial<HttpRequest> = {},
    ) => {
      try {
        await (await send(target, proxy, options)).bytes();
      } catch (error) {
        return error as Error & { kind: string; proxyStatus?: number };
      }
      throw new Error('The request was expected to fail');
    };

    const cases = (['http', 'https', 'socks5'] as const).flatMap((protocol) =>
      (['http', 'https'] as const).map((target) => [protocol, target] as const),
    );

    it.each(cases)(
      'of the kind %s reach %s sites, with and without credentials',
      async (protocol, target) => {
        for (const options of [{}, CREDENTIALS]) {
          await using proxy = await OPENERS[protocol](options);
          const response = await send(target, proxy.info);
          const headers = JSON.parse(Buffer.from(await response.bytes()).toString());
          expect(headers.host).toBe(new URL(sites[target].url).host);
          expect(headers['proxy-authorization']).toBeUndefined();
          expect(proxy.seen).toHaveLength(1);
          await client.close();
          client = create();
        }
      },
    );

    it.each(cases)(
      'of the kind %s refuse wrong credentials for %s sites',
      async (protocol, target) => {
        await using proxy = await OPENERS[protocol](CREDENTIALS);
        const { username } = CREDENTIALS;
        const wrong = proxyInfo(protocol, proxy.port, username, 'wrong-password');
        for (const info of [wrong, proxyInfo(protocol, proxy.port)]) {
          const error = await failure(target, info);
          expect(error).toMatchObject({ kind: 'proxy', code: 'TROUPE_HTTP_PROXY' });
          if (protocol !== 'socks5') expect(error.proxyStatus).toBe(407);
          expect(shownIn(error)).not.toContain('wrong-password');
          expect(shownIn(error)).not.toContain('user-name');
        }
      },
    );

    it.each(['http', 'https'] as const)(
      'that refuse connections are to blame, for %s sites',
      async (target) => {
        const port = await refusedPort();
        for (const protocol of ['http', 'https', 'socks5'] as const) {
          const info = proxyInfo(protocol, port, CREDENTIALS.username, CREDENTIALS.password);
          const error = await failure(target, info);
          expect(error.kind).toBe('proxy');
          expect(shownIn(error)).not.toContain('p%40s');
          expect(shownIn(error)).not.toContain('p@s');
        }
      },
    );

    it('whose names have no address are to blame', async () => {
      const info = {
        ...proxyInfo('http', 80),
        hostname: 'nowhere.invalid',
        url: 'http://nowhere.invalid:80',
      };
      expect((await failure('http', info)).kind).toBe('proxy');
      expect((await failure('https', info)).kind).toBe('proxy');
    });

    it.each([403, 407, 500, 502, 503, 504])(
      'that answer CONNECT with %i are to blame',
      async (status) => {
        await using proxy = await openRawProxy((socket) => {
          socket.once('data', () =>
            socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 2\r\n\r\nno`),
          );
        });
        const error = await failure('https', proxy.info);
        expect(error).toMatchObject({ kind: 'proxy', proxyStatus: status });
      },
    );

    it.each([1, 2, 4, 5])('that answer SOCKS5 with code %i are to blame', async (replyCode) => {
      await using proxy = await openSocks5Proxy({ replyCode });
      expect((await failure('http', proxy.info)).kind).toBe('proxy');
    });

    it('that ask for credentials with 407 are to blame, whatever the site', async () => {
      await using proxy = await openRawProxy((socket) => {
        socket.once('data', () =>
          socket.end('HTTP/1.1 407 Who\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n'),
        );
      });
      expect(await failure('http', proxy.info)).toMatchObject({ kind: 'proxy', proxyStatus: 407 });
      expect(await failure('https', proxy.info)).toMatchObject({ kind: 'proxy', proxyStatus: 407 });
    });

    it.each<[string, (socket: Socket) => void]>([
      ['hang up at once', (socket) => socket.destroy()],
      ['hang up when asked', (socket) => socket.once('data', () => socket.destroy())],
      ['do not speak HTTP', (socket) => socket.once('data', () => socket.end('What?\r\n\r\n'))],
    ])('that %s are to blame', async (_what, onSocket) => {
      await using proxy = await openRawProxy(onSocket);
      expect((await failure('http', proxy.info)).kind).toBe('proxy');
      expect((await failure('https', proxy.info)).kind).toBe('proxy');
      const socks = {
        ...proxy.info,
        protocol: 'socks5',
        url: proxy.info.url.replace('http', 'socks5'),
      } as const;
      expect((await failure('http', socks)).kind).toBe('proxy');
    });

    it('that cut the tunnel before the answer are to blame', async () => {
      await using proxy = await openRawProxy((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.once('data', () => socket.destroy());
        });
      });
      expect((await failure('https', proxy.info)).kind).toBe('proxy');
    });

    it('are not to blame for the certificate of the site', async () => {
      for (const open of [openProxy, openSocks5Proxy]) {
        await using proxy = await open({});
        const error = await failure('https', proxy.info, { ignoreSslErrors: false });
        expect(error.kind).toBe('target');
      }
    });

    it('are to blame for their own certificate', async () => {
      await using proxy = await openProxy({ protocol: 'https' });
      for (const target of ['http', 'https'] as const) {
        const error = await failure(target, proxy.info, { ignoreSslErrors: false });
        expect(error.kind).toBe('proxy');
      }
    });

    it('that accept and never answer use up the time to connect a tunnel', async () => {
      await using proxy = await openRawProxy();
      const socks = {
        ...proxy.info,
        protocol: 'socks5',
        url: proxy.info.url.replace('http', 'socks5'),
      } as const;
      const options = {
        connectTimeoutMs: 50,
        firstByteTimeoutMs: lacks.connectTimeout ? 50 : 5000,
      };
      const kind = lacks.connectTimeout ? 'first-byte-timeout' : 'connect-timeout';
      expect((await failure('https', proxy.info, options)).kind).toBe(kind);
      expect((await failure('https', socks, options)).kind).toBe(kind);
      expect((await failure('http', socks, options)).kind).toBe(kind);
      if (!lacks.release) await proxy.idle();
    });

    it('whose tunnels lead nowhere use up the time to connect', async () => {
      await using proxy = await openRawProxy((socket) => {
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      });
      const options = {
        connectTimeoutMs: 50,
        firstByteTimeoutMs: lacks.connectTimeout ? 50 : 5000,
      };
      const kind = lacks.connectTimeout ? 'first-byte-timeout' : 'connect-timeout';
      expect((await failure('https', proxy.info, options)).kind).toBe(kind);
      if (!lacks.release) await proxy.idle();
    });

    it('that accept and never answer use up the time to the first byte of a forwarded request', async () => {
      await using proxy = await openRawProxy();
      const options = {
        connectTimeoutMs: lacks.connectTimeout ? 50 : 5000,
        firstByteTimeoutMs: 50,
      };
      expect((await failure('http', proxy.info, options)).kind).toBe('first-byte-timeout');
      if (!lacks.release) await proxy.idle();
      expect(proxy.connectionsCount).toBe(1);
    });

    it('stay the same over redirects', async () => {
      await using proxy = await openProxy();
      await using site = await openSite((request, response) => {
        if (request.url === '/') response.writeHead(302, { location: `${sites.https.url}/` });
        response.end('end');
      });
      const response = await client.send({
        url: `${site.url}/`,
        proxy: proxy.info,
        ignoreSslErrors: true,
      });
      await response.bytes();
      expect(proxy.seen).toEqual([`GET ${site.url}/`, `CONNECT ${new URL(sites.https.url).host}`]);
    });

    it('never share connections, not even with one proxy under other credentials', async () => {
      await using open = await openRawProxy((socket) => {
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
      });
      for (const username of ['one', 'two']) {
        for (let round = 0; round < 3; round++) {
          const info = proxyInfo('http', open.port, username, 'x');
          await (await send('http', info)).bytes();
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      expect(open.connectionsCount).toBe(2);
    });
  });
}

/** Everything of an error that may end up in a log. */
function shownIn(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    parts.push(current.message, current.stack ?? '', JSON.stringify(current));
  }
  return parts.join('\n');
}
