import { text } from 'node:stream/consumers';
import { CookieJar } from 'tough-cookie';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProxy } from '../../test/support/local-proxy.ts';
import { type LocalSite, openSite, type SiteHandler } from '../../test/support/local-site.ts';
import { SeededRandom } from '../core/random.ts';
import { browserHeaders } from './browser-headers.ts';
import type { CookieStore } from './http-client.ts';
import { requestAsBrowser } from './request-as-browser.ts';
import type { BrowserSession } from './request-as-browser-options.ts';
import { UndiciClient } from './undici-client.ts';

const FINGERPRINT = { browser: 'firefox', platform: 'linux', locale: 'de-DE' } as const;

function sessionWith(
  cookies: CookieStore,
  overrides: Partial<BrowserSession> = {},
): BrowserSession {
  return {
    fingerprint: FINGERPRINT,
    proxyInfo: null,
    getCookieString: (url) => cookies.getCookieString(url),
    setCookie: (raw, url) => cookies.setCookie(raw, url),
    ...overrides,
  };
}

describe('requestAsBrowser', () => {
  let site: LocalSite;
  let handler: SiteHandler;
  const echo: SiteHandler = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method: request.method, headers: request.headers, body }));
    });
  };
  beforeAll(async () => {
    site = await openSite((request, response) => handler(request, response));
  });
  afterAll(() => site.close());

  const ask = async (options: object = {}) => {
    handler = echo;
    const { body } = await requestAsBrowser<{
      method: string;
      headers: Record<string, string>;
      body: string;
    }>({ url: site.url, json: true, ...options });
    return body;
  };

  it('gives status, headers, final URL and the body as a text', async () => {
    handler = (request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/end' });
      else response.writeHead(404, { 'content-type': 'text/plain; charset=iso-8859-2' });
      response.end(Buffer.from([0xe8]));
    };
    const response = await requestAsBrowser({ url: `${site.url}/`, method: 'get' });
    expect(response).toMatchObject({ statusCode: 404, url: `${site.url}/end`, body: 'č' });
    expect(response.hops).toHaveLength(2);
    expect(response.request).toMatchObject({ url: `${site.url}/`, method: 'GET' });
  });

  it('is a browser, and each call another one', async () => {
    const random = new SeededRandom(1);
    const agents = new Set<string>();
    for (let call = 0; call < 12; call++) {
      const { headers } = await ask({ random });
      expect(headers['user-agent']).toMatch(/^Mozilla\/5\.0/);
      expect(headers['accept-language']).toMatch(/^en-US/);
      agents.add(headers['user-agent'] as string);
    }
    expect(agents.size).toBeGreaterThan(1);
  });

  it('takes language, country and a phone', async () => {
    const { headers } = await ask({
      languageCode: 'cs',
      countryCode: 'CZ',
      useMobileVersion: true,
    });
    expect(headers['accept-language']).toMatch(/^cs-CZ,cs;/);
    expect(headers['user-agent']).toContain('Mobile');
  });

  it('lets own headers win', async () => {
    const { headers } = await ask({
      headers: { 'USER-AGENT': 'mine', 'x-own': '1', accept: 'a/b' },
    });
    expect(headers).toMatchObject({ 'user-agent': 'mine', 'x-own': '1', accept: 'a/b' });
  });

  it('sends and reads JSON', async () => {
    const answer = await ask({ method: 'POST', payload: { a: [1, 'ž'] } });
    expect(answer.method).toBe('POST');
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['accept']).toBe('application/json');
    expect(JSON.parse(answer.body)).toEqual({ a: [1, 'ž'] });
  });

  it('sends texts and bytes as they are, and refuses other payloads without `json`', async () => {
    expect((await ask({ method: 'PUT', payload: 'a=b' })).body).toBe('a=b');
    expect((await ask({ method: 'PUT', payload: Buffer.from('c') })).body).toBe('c');
    await expect(
      requestAsBrowser({ url: site.url, method: 'POST', payload: { a: 1 } }),
    ).rejects.toMatchObject({ code: 'TROUPE_INVALID_OPTION' });
  });

  it('calls a body that is not JSON an error, unless the status tells enough', async () => {
    handler = (request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end('<p>no</p>');
    };
    await expect(requestAsBrowser({ url: `${site.url}/200`, json: true })).rejects.toMatchObject({
      code: 'TROUPE_HTTP_NOT_JSON',
    });
    const { body } = await requestAsBrowser({ url: `${site.url}/503`, json: true });
    expect(body).toBe('<p>no</p>');
  });

  it('gives bytes when it is not to decode', async () => {
    handler = (_request, response) => response.end(Buffer.from([0xff, 0x00]));
    const { body } = await requestAsBrowser<Buffer>({ url: site.url, decodeBody: false });
    expect([...body]).toEqual([0xff, 0x00]);
  });

  it('streams', async () => {
    handler = (_request, response) => response.end('a'.repeat(300_000));
    const { body, statusCode } = await requestAsBrowser<NodeJS.ReadableStream>({
      url: site.url,
      stream: true,
    });
    expect(statusCode).toBe(200);
    expect(await text(body)).toHaveLength(300_000);
    await site.idle();
  });

  it('rejects on an error status when asked to', async () => {
    handler = (_request, response) => {
      response.statusCode = 403;
      response.end('no');
    };
    expect((await requestAsBrowser({ url: site.url })).statusCode).toBe(403);
    await expect(requestAsBrowser({ url: site.url, throwHttpErrors: true })).rejects.toMatchObject({
      name: 'HttpStatusError',
      code: 'TROUPE_HTTP_STATUS',
      statusCode: 403,
    });
  });

  it('asks abortFunction before it reads the body', async () => {
    handler = (_request, response) => {
      response.setHeader('content-type', 'image/png');
      response.write('never ends');
    };
    const types: unknown[] = [];
    await expect(
      requestAsBrowser({
        url: site.url,
        abortFunction: ({ headers }) => {
          types.push(headers['content-type']);
          return true;
        },
      }),
    ).rejects.toMatchObject({ kind: 'aborted', message: expect.stringContaining('abortFunction') });
    expect(types).toEqual(['image/png']);
    await site.idle();
  });

  it('lets an error of abortFunction through', async () => {
    handler = (_request, response) => response.write('never ends');
    const abortFunction = (): boolean => {
      throw new TypeError('mine');
    };
    await expect(requestAsBrowser({ url: site.url, abortFunction })).rejects.toThrow(TypeError);
    await site.idle();
  });

  it('takes its time and no more', async () => {
    handler = () => {};
    await expect(requestAsBrowser({ url: site.url, timeoutSecs: 0.05 })).rejects.toMatchObject({
      kind: expect.stringMatching(/timeout/),
    });
  });

  it('does not follow redirects when it must not', async () => {
    handler = (_request, response) => response.writeHead(302, { location: '/' }).end();
    const { statusCode } = await requestAsBrowser({ url: site.url, followRedirect: false });
    expect(statusCode).toBe(302);
  });

  it('leaves brotli out when asked to', async () => {
    const { headers } = await ask({ useBrotli: false, session: sessionWith(new Jar()) });
    expect(headers['accept-encoding']).toBe('gzip, deflate');
  });

  it('goes through a proxy', async () => {
    await using proxy = await openProxy({ username: 'user', password: 'p@ss' });
    await ask({ proxyUrl: `http://user:p%40ss@127.0.0.1:${proxy.port}` });
    expect(proxy.seen).toHaveLength(1);
    await ask({ session: sessionWith(new Jar(), { proxyInfo: proxy.info }) });
    expect(proxy.seen).toHaveLength(2);
  });

  it('is the browser of its session, with its cookies', async () => {
    const jar = new Jar();
    const session = sessionWith(jar);
    handler = (_request, response) => response.writeHead(200, { 'set-cookie': 'a=1' }).end();
    await requestAsBrowser({ url: site.url, session });
    const { headers } = await ask({ session });
    expect(headers['cookie']).toBe('a=1');
    expect(headers['user-agent']).toBe(
      browserHeaders(FINGERPRINT, { url: site.url })['User-Agent'],
    );
  });

  it('takes a jar of tough-cookie', async () => {
    const cookieJar = new CookieJar();
    handler = (_request, response) =>
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2; Domain=elsewhere.example'] }).end();
    await requestAsBrowser({ url: site.url, cookieJar });
    expect((await ask({ cookieJar })).headers['cookie']).toBe('a=1');
  });

  it('borrows a client and leaves it open', async () => {
    await using client = new UndiciClient();
    const before = site.connectionsCount;
    for (let call = 0; call < 3; call++) {
      await ask({ client });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(site.connectionsCount).toBe(before + 1);
  });

  it('refuses unknown options', async () => {
    const options = { url: site.url, timeoutSeconds: 1 };
    await expect(requestAsBrowser(options as never)).rejects.toMatchObject({
      code: 'TROUPE_INVALID_OPTION',
      message: expect.stringContaining('timeoutSecs'),
    });
  });
});

class Jar implements CookieStore {
  #cookies: string[] = [];

  getCookieString(): string {
    return this.#cookies.join('; ');
  }

  setCookie(raw: string): void {
    this.#cookies.push(raw);
  }
}
