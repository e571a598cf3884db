import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClient, HttpRequest } from '../../src/http/http-client.ts';
import { HttpError } from '../../src/http/http-error.ts';
import { listenLocally, refusedPort } from '../support/local-server.ts';
import { type LocalSite, openSite, type SiteHandler } from '../support/local-site.ts';

export interface HttpClientContract {
  readonly name: string;
  create(): HttpClient;
  /** What the library below cannot do; see the documentation of the client. */
  readonly lacks?: {
    /** Header names go out in lower case. */
    readonly headerSpelling?: true;
    /** Connecting and waiting are one to it. */
    readonly connectTimeout?: true;
    /** Connections are let go some time later. */
    readonly release?: true;
  };
}

/** The page below as the zstd command compresses it: Node 20 cannot. */
const ZSTD_PAGE: Uint8Array = Buffer.from('KLUv/QRonQAAYDxwPsSNYWogPC9wPgEAvIFfuIhw6wQ=', 'base64');

const LARGE = Buffer.alloc(3_000_000, 'abcdefghij');

/** What every {@link HttpClient} must do, against a real site and without a proxy. */
export function describeHttpClient({ name, create, lacks = {} }: HttpClientContract): void {
  describe(`${name}: an HTTP client`, () => {
    let site: LocalSite;
    let handler: SiteHandler;
    let client: HttpClient;

    beforeAll(async () => {
      site = await openSite((request, response) => handler(request, response));
    });
    afterAll(() => site.close());
    beforeEach(() => {
      client = create();
    });
    afterEach(() => client.close());

    const atOnce = lacks.connectTimeout ? { connectTimeoutMs: 0 } : {};
    const isReleased = async (): Promise<void> => {
      if (!lacks.release) await site.idle();
    };
    const get = (path: string, options: Partial<HttpRequest> = {}) =>
      client.send({ url: site.url + path, ...options });
    const textOf = async (path: string, options: Partial<HttpRequest> = {}): Promise<string> =>
      Buffer.from(await (await get(path, options)).bytes()).toString();

    describe('a response', () => {
      it('has status, headers, URL and body', async () => {
        handler = (_request, response) => {
          response.writeHead(404, 'Nope', { 'X-Thing': 'a', 'x-twice': ['1', '2'] });
          response.end('gone');
        };
        const response = await get('/a?b=c#d');
        expect(response.statusCode).toBe(404);
        expect(response.url).toBe(`${site.url}/a?b=c#d`);
        expect(response.headers['x-thing']).toBe('a');
        expect([response.headers['x-twice']].flat().join(', ')).toBe('1, 2');
        expect(Buffer.from(await response.bytes()).toString()).toBe('gone');
        expect(response.hops).toEqual([
          { url: `${site.url}/a?b=c#d`, statusCode: 404, setCookie: [] },
        ]);
      });

      it('streams its body', async () => {
        handler = (_request, response) => response.end(LARGE);
        const chunks: Uint8Array[] = [];
        for await (const chunk of (await get('/')).body) chunks.push(chunk);
        expect(Buffer.concat(chunks).equals(LARGE)).toBe(true);
        expect(chunks.length).toBeGreaterThan(1);
      });

      it('waits with the rest of the body until it is read', async () => {
        handler = (_request, response) => response.end(LARGE);
        const response = await get('/');
        await new Promise((resolve) => setImmediate(resolve));
        expect(Buffer.from(await response.bytes()).equals(LARGE)).toBe(true);
      });

      it('has an empty body for HEAD, 204 and 304, whatever the headers promise', async () => {
        handler = (request, response) => {
          response.statusCode = Number(request.url?.slice(1));
          if (request.method === 'HEAD') response.setHeader('content-length', '5000');
          response.setHeader('content-encoding', 'gzip');
          response.end();
        };
        for (const [path, method] of [
          ['/200', 'HEAD'],
          ['/204', 'GET'],
          ['/304', 'GET'],
          ['/200', 'GET'],
        ] as const) {
          const response = await get(path, { method });
          expect((await response.bytes()).length).toBe(0);
        }
      });

      it('gives its body once', async () => {
        handler = (_request, response) => response.end('once');
        const response = await get('/');
        await response.bytes();
        await expect(response.bytes()).rejects.toMatchObject({ kind: 'invalid' });
      });

      it('can be discarded at any time, more than once, and the client goes on', async () => {
        handler = (_request, response) => response.end(LARGE);
        const unread = await get('/');
        unread.discard();
        unread.discard();
        for await (const _chunk of (await get('/')).body) break;
        expect(await textOf('/')).toHaveLength(LARGE.length);
      });
    });

    describe('a request', () => {
      it('carries method, headers as spelled and in order, and a body', async () => {
        handler = (request, response) => {
          const chunks: Buffer[] = [];
          request.on('data', (chunk: Buffer) => chunks.push(chunk));
          request.on('end', () => {
            const body = Buffer.concat(chunks).toString();
            response.end(JSON.stringify({ method: request.method, raw: request.rawHeaders, body }));
          });
        };
        const answer = JSON.parse(
          await textOf('/', {
            method: 'put',
            headers: { 'X-Second': '2', 'User-Agent': 'me', 'x-first': '1' },
            body: 'žluť',
          }),
        );
        expect(answer).toMatchObject({ method: 'PUT', body: 'žluť' });
        const names = answer.raw.filter((_: string, index: number) => index % 2 === 0);
        expect(names.filter((item: string) => /^(x-|user-agent)/i.test(item))).toEqual([
          ...(lacks.headerSpelling ? ['x-second', 'user-agent'] : ['X-Second', 'User-Agent']),
          'x-first',
        ]);
        expect(answer.raw.filter((item: string) => /^(host|user-agent)$/i.test(item))).toHaveLength(
          2,
        );
      });

      it('sends bytes as they are', async () => {
        handler = (request, response) => request.pipe(response);
        const body = Buffer.from([0, 255, 128, 10]);
        const response = await get('/', { method: 'POST', body });
        expect(Buffer.from(await response.bytes()).equals(body)).toBe(true);
      });

      it('turns credentials of the URL into an authorization header and shows them nowhere', async () => {
        handler = (request, response) => response.end(request.headers.authorization);
        const url = site.url.replace('//', '//user:p%40ss@');
        const response = await client.send({ url });
        const expected = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
        expect(Buffer.from(await response.bytes()).toString()).toBe(expected);
        expect(response.url).toBe(`${site.url}/`);
        const port = await refusedPort();
        const error = await client
          .send({ url: `http://user:p%40ss@127.0.0.1:${port}/` })
          .catch((reason) => reason);
        expect(error.url).toBe(`http://127.0.0.1:${port}/`);
        expect(`${error.message} ${error.stack}`).not.toContain('p%40ss');
      });

      it.each([
        ['a relative URL', { url: '/x' }],
        ['another scheme', { url: 'ftp://127.0.0.1/' }],
        ['a header with a line break', { headers: { a: 'b\r\nc: d' } }],
        ['the method CONNECT', { method: 'CONNECT' }],
      ])('with %s is refused as invalid', async (_what, options) => {
        handler = (_request, response) => response.end();
        await expect(get('/', options)).rejects.toMatchObject({
          name: 'HttpError',
          kind: 'invalid',
          code: 'TROUPE_HTTP_INVALID',
        });
      });
    });

    describe('decoding', () => {
      const html = Buffer.from(`<p>${'čaj '.repeat(500)}</p>`);
      const serve =
        (encoding: string, bytes: Uint8Array): SiteHandler =>
        (_request, response) => {
          response.setHeader('content-encoding', encoding);
          response.end(bytes);
        };

      it.each([
        ['gzip', gzipSync(html)],
        ['x-gzip', gzipSync(html)],
        ['deflate', deflateSync(html)],
        ['br', brotliCompressSync(html)],
        ['zstd', ZSTD_PAGE],
        ['identity', html],
        ['gzip, br', brotliCompressSync(gzipSync(html))],
        ['x-unknown', html],
      ])('undoes %s', async (encoding, bytes) => {
        handler = serve(encoding, bytes);
        const response = await get('/');
        expect(Buffer.from(await response.bytes()).toString()).toBe(html.toString());
        expect(response.headers['content-encoding']).toBe(encoding);
      });

      it('undoes a large body, whether streamed or not', async () => {
        handler = serve('gzip', gzipSync(LARGE));
        expect(await textOf('/')).toHaveLength(LARGE.length);
        let size = 0;
        for await (const chunk of (await get('/')).body) size += chunk.length;
        expect(size).toBe(LARGE.length);
      });

      it.each([
        ['gzip', gzipSync(html)],
        ['br', brotliCompressSync(html)],
        ['zstd', ZSTD_PAGE],
      ])('calls an incomplete %s body truncated', async (encoding, bytes) => {
        handler = serve(encoding, bytes.subarray(0, bytes.length - 9));
        await expect(textOf('/')).rejects.toMatchObject({ kind: 'truncated' });
      });

      it('calls a corrupt body truncated', async () => {
        handler = serve('gzip', Buffer.from('this is not gzip at all'));
        await expect(textOf('/')).rejects.toMatchObject({ kind: 'truncated' });
      });
    });

    describe('limits', () => {
      it('refuse a body over the cap by its content-length', async () => {
        handler = (_request, response) => {
          response.setHeader('content-length', '1000001');
          response.write('a');
        };
        const response = await get('/', { maxBodyBytes: 1_000_000 });
        await expect(response.bytes()).rejects.toMatchObject({ kind: 'too-large' });
        await isReleased();
      });

      it('refuse a body as it grows over the cap, and take one that just fits', async () => {
        handler = (_request, response) => {
          response.write(Buffer.alloc(1000));
          response.end('b');
        };
        await expect(textOf('/', { maxBodyBytes: 1000 })).rejects.toMatchObject({
          kind: 'too-large',
        });
        const read = async (): Promise<void> => {
          for await (const _chunk of (await get('/', { maxBodyBytes: 1000 })).body);
        };
        await expect(read()).rejects.toMatchObject({ kind: 'too-large' });
        expect(await textOf('/', { maxBodyBytes: 1001 })).toHaveLength(1001);
      });

      it('count after decompression', async () => {
        const bomb = gzipSync(Buffer.alloc(50_000_000));
        handler = (_request, response) => {
          response.setHeader('content-encoding', 'gzip');
          response.end(bomb);
        };
        await expect(textOf('/', { maxBodyBytes: 1_000_000 })).rejects.toMatchObject({
          kind: 'too-large',
        });
      });

      it('stop a body of 1 GB without taking memory for it', async () => {
        let poured: Poured | undefined;
        handler = (_request, response) => {
          poured = pour(response, 1_000_000_000);
        };
        const before = process.memoryUsage().arrayBuffers;
        await expect(textOf('/', { maxBodyBytes: 10_000_000 })).rejects.toMatchObject({
          kind: 'too-large',
        });
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
        await isReleased();
        expect(poured?.bytes).toBeLessThan(100_000_000);
      });

      it('do not let a body pile up that is not read yet', async () => {
        let poured: Poured | undefined;
        handler = (_request, response) => {
          poured = pour(response, 1_000_000_000);
        };
        const response = await get('/');
        await poured?.isStuck;
        expect(poured?.bytes).toBeLessThan(100_000_000);
        response.discard();
      });
    });

    describe('a body that ends early', () => {
      it.each([
        ['with a length', { 'content-length': '100' }],
        ['with chunks', {}],
      ])('%s is truncated', async (_what, headers) => {
        handler = (_request, response) => {
          response.writeHead(200, headers);
          response.write('half', () => response.socket?.destroy());
        };
        await expect(textOf('/')).rejects.toMatchObject({
          kind: 'truncated',
          code: 'TROUPE_HTTP_TRUNCATED',
        });
      });
    });

    describe('time', () => {
      it('is up when no answer begins', async () => {
        handler = () => {};
        await expect(get('/', { firstByteTimeoutMs: 50, ...atOnce })).rejects.toMatchObject({
          kind: 'first-byte-timeout',
        });
        await isReleased();
      });

      it('is up when no TLS connection comes about', async () => {
        await using silent = await listenLocally(createServer((socket) => socket.resume()));
        const error = await client
          .send({
            url: `https://127.0.0.1:${silent.port}/`,
            connectTimeoutMs: 50,
            firstByteTimeoutMs: lacks.connectTimeout ? 50 : 5000,
          })
          .catch((reason) => reason);
        expect(error.kind).toBe(lacks.connectTimeout ? 'first-byte-timeout' : 'connect-timeout');
        if (!lacks.release) await silent.idle();
      });

      it('is counted anew to the first byte of each hop', async () => {
        handler = (request, response) => {
          if (request.url === '/') response.writeHead(302, { location: '/next' }).end();
        };
        await expect(get('/', { firstByteTimeoutMs: 250, ...atOnce })).rejects.toMatchObject({
          kind: 'first-byte-timeout',
          url: `${site.url}/next`,
        });
      });

      it('is up in all for a body that only drips', async () => {
        handler = (_request, response) => drip(response);
        const response = await get('/', { totalTimeoutMs: 500 });
        await expect(response.bytes()).rejects.toMatchObject({ kind: 'total-timeout' });
        await isReleased();
      });

      it('is up in all for redirects without end', async () => {
        handler = (_request, response) => {
          response.writeHead(302, { location: `/${Math.random()}` }).end();
        };
        await expect(
          get('/', { totalTimeoutMs: 100, maxRedirects: Number.POSITIVE_INFINITY }),
        ).rejects.toMatchObject({ kind: 'total-timeout' });
      });

      it('is up for a body that nobody reads, and its connection is let go', async () => {
        handler = (_request, response) => pour(response, 100_000_000);
        await get('/', { totalTimeoutMs: 500 });
        await isReleased();
      });
    });

    describe('a signal', () => {
      it('that has fired already sends nothing', async () => {
        let requests = 0;
        handler = (_request, response) => {
          requests++;
          response.end();
        };
        const signal = AbortSignal.abort(new Error('enough'));
        const error = await get('/', { signal }).catch((reason) => reason);
        expect(error).toMatchObject({ kind: 'aborted', code: 'TROUPE_HTTP_ABORTED' });
        expect(error.cause).toMatchObject({ message: 'enough' });
        expect(requests).toBe(0);
      });

      it('ends the wait for an answer', async () => {
        const controller = new AbortController();
        handler = () => controller.abort();
        await expect(get('/', { signal: controller.signal })).rejects.toMatchObject({
          kind: 'aborted',
        });
        await isReleased();
      });

      it('ends the body', async () => {
        const controller = new AbortController();
        handler = (_request, response) => drip(response);
        const response = await get('/', { signal: controller.signal });
        const reading = response.bytes();
        controller.abort();
        await expect(reading).rejects.toMatchObject({ kind: 'aborted' });
        await isReleased();
      });
    });

    describe('a site that fails', () => {
      it('by refusing connections is to blame itself', async () => {
        const url = `http://127.0.0.1:${await refusedPort()}/`;
        const error = await client.send({ url }).catch((reason) => reason);
        expect(error).toBeInstanceOf(HttpError);
        expect(error).toMatchObject({ kind: 'target', code: 'TROUPE_HTTP_TARGET', url });
      });

      it('by having no address is to blame itself', async () => {
        await expect(client.send({ url: 'http://nowhere.invalid/' })).rejects.toMatchObject({
          kind: 'target',
        });
      });

      it('by cutting the connection before it answers is to blame itself', async () => {
        handler = (request) => request.socket.destroy();
        await expect(get('/')).rejects.toMatchObject({ kind: 'target' });
      });

      it('by not speaking HTTP is to blame itself', async () => {
        handler = (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
        await expect(get('/')).rejects.toMatchObject({ kind: 'target' });
      });
    });

    describe('a certificate', () => {
      let secure: LocalSite;
      beforeAll(async () => {
        secure = await openSite((_request, response) => response.end('safe'), {
          protocol: 'https',
        });
      });
      afterAll(() => secure.close());

      it('that nobody vouches for is the fault of the site', async () => {
        await expect(client.send({ url: secure.url })).rejects.toMatchObject({ kind: 'target' });
      });

      it('is not looked at with ignoreSslErrors', async () => {
        const response = await client.send({ url: secure.url, ignoreSslErrors: true });
        expect(Buffer.from(await response.bytes()).toString()).toBe('safe');
      });
    });

    it('speaks HTTP/2 where it may', async () => {
      const modern = await openSite(
        (request, response) => response.end(`version ${request.httpVersion}`),
        { protocol: 'h2' },
      );
      const response = await client.send({
        url: modern.url,
        ignoreSslErrors: true,
        useHttp2: true,
      });
      expect(Buffer.from(await response.bytes()).toString()).toBe('version 2.0');
      await client.close();
      await modern.close();
    });

    it('can be closed twice, ends what is in flight, and refuses what comes after', async () => {
      handler = (_request, response) => drip(response);
      const response = await get('/');
      const reading = response.bytes().catch((reason) => reason);
      await Promise.all([client.close(), client.close()]);
      expect(await reading).toMatchObject({ kind: 'aborted' });
      await isReleased();
      await expect(get('/')).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
    });
  });
}

interface Poured {
  /** Written so far. */
  readonly bytes: number;
  /** The reader took nothing for a while. */
  readonly isStuck: Promise<void>;
}

/** Writes so many bytes as fast as they are taken. */
function pour(response: ServerResponse, bytes: number): Poured {
  const block = Buffer.alloc(1_000_000);
  let written = 0;
  let stuck: () => void = () => {};
  const isStuck = new Promise<void>((resolve) => {
    stuck = resolve;
  });
  const write = (): void => {
    while (written < bytes && !response.destroyed) {
      written += block.length;
      if (!response.write(block)) {
        const timer = setTimeout(stuck, 100);
        response.once('drain', () => {
          clearTimeout(timer);
          write();
        });
        return;
      }
    }
    stuck();
    response.end();
  };
  write();
  return {
    get bytes() {
      return written;
    },
    isStuck,
  };
}

/** A body that comes one byte at a time and never ends. */
function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('.'), 20);
  response.once('close', () => clearInterval(timer));
  response.write('.');
}
