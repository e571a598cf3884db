import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProxy } from '../../test/support/local-proxy.ts';
import { refusedPort } from '../../test/support/local-server.ts';
import { type LocalSite, openSite } from '../../test/support/local-site.ts';
import { browserHeaders } from './browser-headers.ts';
import { createFetch } from './create-fetch.ts';
import type { BrowserSession } from './request-as-browser-options.ts';
import { UndiciClient } from './undici-client.ts';

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

let site: LocalSite;
const client = new UndiciClient();
/** Kept open by a test that wants to see the start of a body before its end. */
let openResponse: ServerResponse | undefined;

beforeAll(async () => {
  site = await openSite((request, response) => void answer(request, response));
});

afterAll(async () => {
  await client.close();
  await site.close();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const { method, headers, rawHeaders } = request;
  switch (request.url) {
    case '/login':
      response.writeHead(302, {
        location: '/seen',
        'set-cookie': ['sid=1; Path=/', 'b=2; Path=/'],
      });
      response.end();
      return;
    case '/empty':
      response.writeHead(204).end();
      return;
    case '/slow':
      response.write('start');
      openResponse = response;
      return;
    case '/never':
      return;
    default:
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method, headers, rawHeaders, body } satisfies Seen));
  }
}

/** A session with nothing but a jar of one site. */
function person(proxyInfo: BrowserSession['proxyInfo'] = null): BrowserSession & {
  readonly jar: Map<string, string>;
} {
  const jar = new Map<string, string>();
  return {
    jar,
    proxyInfo,
    fingerprint: { browser: 'firefox', platform: 'windows', locale: 'de-DE' },
    getCookieString: () => [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
    setCookie: (raw) => {
      const [name = '', value = ''] = raw.split(';')[0]?.split('=') ?? [];
      jar.set(name, value);
    },
  };
}

async function seenOf(response: Response): Promise<Seen> {
  return (await response.json()) as Seen;
}

describe('createFetch()', () => {
  it('sends the browser’s headers, in its order, with the caller’s before them', async () => {
    const session = person();
    const fetchAs = createFetch(session, { client });
    const { rawHeaders } = await seenOf(
      await fetchAs(`${site.url}/seen`, { headers: { accept: 'text/plain', 'x-own': '1' } }),
    );
    const expected = browserHeaders(session.fingerprint, { url: site.url });
    const names = rawHeaders.filter((_, index) => index % 2 === 0);
    expect(names.filter((name) => name in expected)).toEqual(Object.keys(expected));
    expect(rawHeaders).toContain(expected['User-Agent']);
    expect(rawHeaders[rawHeaders.indexOf('Accept') + 1]).toBe('text/plain');
    expect(rawHeaders[rawHeaders.indexOf('X-Own') + 1]).toBe('1');
  });

  it('keeps the cookies of every hop, and says where it ended', async () => {
    const session = person();
    const response = await createFetch(session, { client })(new URL('/login', site.url));
    expect(response.redirected).toBe(true);
    expect(response.url).toBe(`${site.url}/seen`);
    expect(response.clone().url).toBe(response.url);
    expect((await seenOf(response)).headers.cookie).toBe('sid=1; b=2');
    expect([...session.jar.keys()]).toEqual(['sid', 'b']);
  });

  it('leaves cookies alone with `credentials: omit`', async () => {
    const session = person();
    session.jar.set('old', '1');
    const response = await createFetch(session, { client })(`${site.url}/login`, {
      credentials: 'omit',
    });
    expect((await seenOf(response)).headers.cookie).toBeUndefined();
    expect([...session.jar.keys()]).toEqual(['old']);
  });

  it('gives the redirect itself with `manual`, and fails at it with `error`', async () => {
    const fetchAs = createFetch(person(), { client });
    const response = await fetchAs(`${site.url}/login`, { redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toHaveLength(2);
    await expect(fetchAs(`${site.url}/login`, { redirect: 'error' })).rejects.toThrow(TypeError);
  });

  it('goes through the session’s proxy', async () => {
    await using proxy = await openProxy({ username: 'ann', password: 'p@ss' });
    const response = await createFetch(person(proxy.info), { client })(`${site.url}/seen`);
    expect(response.status).toBe(200);
    await response.text();
    expect(proxy.seen).toEqual([`GET ${site.url}/seen`]);
  });

  it.each([
    ['a text', 'hello', 'hello', /^text\/plain/],
    ['bytes', new TextEncoder().encode('bytes'), 'bytes', undefined],
    ['a form', new URLSearchParams({ a: 'b c' }), 'a=b+c', /^application\/x-www-form-urlencoded/],
    ['a stream', new Blob(['stre', 'am']).stream(), 'stream', undefined],
  ])('sends %s', async (_name, body, expected, type) => {
    const response = await createFetch(person(), { client })(`${site.url}/seen`, {
      method: 'POST',
      body,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit);
    const seen = await seenOf(response);
    expect(seen.body).toBe(expected);
    if (type) expect(seen.headers['content-type']).toMatch(type);
  });

  it('sends a multipart form, and takes a Request', async () => {
    const form = new FormData();
    form.set('name', 'Ann');
    const request = new Request(`${site.url}/seen`, { method: 'PUT', body: form });
    const seen = await seenOf(await createFetch(person(), { client })(request));
    expect(seen.method).toBe('PUT');
    expect(seen.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(seen.body).toContain('name="name"\r\n\r\nAnn');
  });

  it('gives the body as it comes, and none where there is none', async () => {
    const fetchAs = createFetch(person(), { client });
    const response = await fetchAs(`${site.url}/slow`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('start');
    openResponse?.end('end');
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('end');
    expect((await reader.read()).done).toBe(true);
    expect((await fetchAs(`${site.url}/empty`)).body).toBeNull();
    expect((await fetchAs(`${site.url}/seen`, { method: 'HEAD' })).body).toBeNull();
  });

  it('ends with the signal’s reason, before the answer and in the middle of it', async () => {
    const fetchAs = createFetch(person(), { client });
    const first = new AbortController();
    const pending = fetchAs(`${site.url}/never`, { signal: first.signal });
    const refused = expect(pending).rejects.toThrow('enough');
    first.abort(new Error('enough'));
    await refused;
    const second = new AbortController();
    const response = await fetchAs(`${site.url}/slow`, { signal: second.signal });
    const whole = expect(response.text()).rejects.toThrow('stop');
    second.abort(new Error('stop'));
    await whole;
    if (openResponse && !openResponse.closed) await once(openResponse, 'close');
  });

  it('fails as fetch does: a TypeError whose cause tells what happened', async () => {
    const fetchAs = createFetch(person(), { client });
    const port = await refusedPort();
    await expect(fetchAs(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: { code: 'TROUPE_HTTP_TARGET' },
    });
    await expect(fetchAs('not a url')).rejects.toThrow(TypeError);
  });

  it('refuses options it does not know', () => {
    expect(() => createFetch(person(), { timeout: 5 } as never)).toThrow(/`timeoutSecs`/);
  });
});
