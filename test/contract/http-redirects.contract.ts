import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CookieStore, HttpClient, HttpRequest } from '../../src/http/http-client.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import type { HttpClientContract } from './http-client.contract.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * How every client goes from one hop to the next. The site answers `/<status>?to=<location>` with that redirect,
 * `/302/self` with one to itself unless there is a cookie, and everything else with 200.
 */
export function describeRedirects({ name, create }: HttpClientContract): void {
  describe(`${name}: redirects`, () => {
    const seen: Seen[] = [];
    let site: LocalSite;
    /** The same server by another name: another origin. */
    let otherOrigin: string;
    let client: HttpClient;
    let setCookie: string[] = [];

    beforeAll(async () => {
      site = await openSite((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on('end', () => {
          seen.push({ method: request.method, url: request.url, headers: request.headers, body });
          const url = new URL(request.url ?? '', site.url);
          const isSelf = url.pathname === '/302/self';
          const isLoggedIn = isSelf && request.headers.cookie !== undefined;
          const status = isLoggedIn ? 200 : Number(/^\/(\d{3})/.exec(url.pathname)?.[1] ?? 200);
          const location = isSelf ? '/302/self' : url.searchParams.get('to');
          if (location !== null)
            response.setHeader('location', Buffer.from(location).toString('latin1'));
          if (setCookie.length > 0) response.setHeader('set-cookie', setCookie);
          response.statusCode = status;
          // As a text it would take the header into its own encoding.
          response.end(Buffer.from(`body of ${request.url}`));
        });
      });
      otherOrigin = site.url.replace('127.0.0.1', 'localhost');
    });
    afterAll(() => site.close());
    beforeEach(() => {
      client = create();
      seen.length = 0;
      setCookie = [];
    });
    afterEach(() => client.close());

    const send = async (path: string, options: Partial<HttpRequest> = {}) => {
      const response = await client.send({ url: site.url + path, ...options });
      return { response, body: Buffer.from(await response.bytes()).toString() };
    };

    it.each([
      [301, 'GET', 'GET'],
      [301, 'POST', 'GET'],
      [302, 'POST', 'GET'],
      [303, 'POST', 'GET'],
      [301, 'PUT', 'PUT'],
      [302, 'DELETE', 'DELETE'],
      [303, 'PUT', 'GET'],
      [303, 'HEAD', 'HEAD'],
      [302, 'HEAD', 'HEAD'],
      [307, 'POST', 'POST'],
      [308, 'PUT', 'PUT'],
    ])('%i turns %s into %s', async (status, method, expected) => {
      const hasBody = method === 'POST' || method === 'PUT';
      await send(`/${status}?to=/end`, {
        method,
        headers: { 'content-type': 'text/x-thing', accept: 'a/b' },
        ...(hasBody ? { body: 'payload' } : {}),
      });
      expect(seen[1]).toMatchObject({ method: expected, url: '/end' });
      expect(seen[1]?.headers.accept).toBe('a/b');
      const keepsBody = hasBody && expected !== 'GET';
      expect(seen[1]?.body).toBe(keepsBody ? 'payload' : '');
      if (hasBody && !keepsBody) expect(seen[1]?.headers['content-type']).toBeUndefined();
    });

    it('tell every hop and the final URL', async () => {
      const { response, body } = await send('/301?to=/302%3Fto%3D/end');
      expect(response.url).toBe(`${site.url}/end`);
      expect(body).toBe('body of /end');
      expect(response.hops.map(({ url, statusCode }) => [url, statusCode])).toEqual([
        [`${site.url}/301?to=/302%3Fto%3D/end`, 301],
        [`${site.url}/302?to=/end`, 302],
        [`${site.url}/end`, 200],
      ]);
    });

    it('keep the fragment unless the location has one', async () => {
      expect((await send('/302?to=/end#part')).response.url).toBe(`${site.url}/end#part`);
      expect((await send('/302?to=/end%23other#part')).response.url).toBe(`${site.url}/end#other`);
    });

    it('resolve relative, protocol-relative and UTF-8 locations', async () => {
      expect((await send('/302/a/b?to=../c')).response.url).toBe(`${site.url}/302/c`);
      const other = otherOrigin.replace('http:', '');
      expect((await send(`/302?to=${other}/x`)).response.url).toBe(`${otherOrigin}/x`);
      expect((await send('/302?to=/%C5%BE')).response.url).toBe(`${site.url}/%C5%BE`);
    });

    it('are the answer when they are not to be followed', async () => {
      const { response, body } = await send('/302?to=/end', { followRedirects: false });
      expect(response.statusCode).toBe(302);
      expect(body).toContain('body of /302');
      expect(response.hops).toHaveLength(1);
    });

    it.each([
      ['without a location', '/302'],
      ['with an empty location', '/302?to='],
      ['with a location that is no URL', '/302?to=http://['],
      ['with a status that does not redirect', '/300?to=/end'],
      ['with 304', '/304?to=/end'],
    ])('%s are the answer itself', async (_what, path) => {
      const { response } = await send(path);
      expect(response.url).toBe(site.url + path);
      expect(seen).toHaveLength(1);
    });

    it.each(['ftp://x/', 'javascript:alert(1)', 'mailto:a@b'])('to %s fail', async (location) => {
      await expect(send(`/302?to=${location}`)).rejects.toMatchObject({
        kind: 'redirects',
        code: 'TROUPE_HTTP_REDIRECTS',
      });
    });

    it('in a loop fail at once', async () => {
      await expect(send('/302/self')).rejects.toMatchObject({ kind: 'redirects' });
      expect(seen.length).toBeLessThanOrEqual(2);
    });

    it('to the same URL are followed when a cookie has changed in between', async () => {
      let cookie = '';
      const cookies: CookieStore = {
        getCookieString: () => cookie,
        setCookie: (raw) => {
          cookie = raw;
        },
      };
      setCookie = ['in=1'];
      const { response } = await send('/302/self', { cookies });
      expect(response.statusCode).toBe(200);
      expect(response.hops).toHaveLength(2);
    });

    it('beyond the maximum fail, and as many as the maximum do not', async () => {
      const chain = (length: number): string =>
        length === 0 ? '/end' : `/302?to=${encodeURIComponent(chain(length - 1))}`;
      expect((await send(chain(3), { maxRedirects: 3 })).response.hops).toHaveLength(4);
      await expect(send(chain(3), { maxRedirects: 2 })).rejects.toMatchObject({
        kind: 'redirects',
      });
      await expect(send(chain(1), { maxRedirects: 0 })).rejects.toMatchObject({
        kind: 'redirects',
      });
    });

    describe('and credentials', () => {
      const headers = {
        Authorization: 'Bearer secret',
        Cookie: 'own=1',
        'Proxy-Authorization': 'Basic x',
        'X-Kept': 'yes',
      };

      it('stay within an origin', async () => {
        await send('/302?to=/end', { headers });
        expect(seen[1]?.headers).toMatchObject({
          authorization: 'Bearer secret',
          cookie: 'own=1',
          'x-kept': 'yes',
        });
      });

      it('do not cross to another origin, nor come back', async () => {
        const back = encodeURIComponent(`${site.url}/end`);
        await send(`/302?to=${otherOrigin}/302%3Fto%3D${encodeURIComponent(back)}`, { headers });
        expect(seen).toHaveLength(3);
        for (const { headers: sent } of seen.slice(1)) {
          expect(sent['x-kept']).toBe('yes');
          expect(sent.authorization).toBeUndefined();
          expect(sent.cookie).toBeUndefined();
          expect(sent['proxy-authorization']).toBeUndefined();
        }
      });

      it('of the URL do not cross either', async () => {
        const url = site.url.replace('//', '//user:pass@');
        await (await client.send({ url: `${url}/302?to=${otherOrigin}/end` })).bytes();
        expect(seen[0]?.headers.authorization).toBeDefined();
        expect(seen[1]?.headers.authorization).toBeUndefined();
      });
    });

    describe('and cookies', () => {
      it('set by a hop are stored with its URL before the next hop reads them', async () => {
        const calls: string[] = [];
        const cookies: CookieStore = {
          getCookieString: (url) => {
            calls.push(`get ${url}`);
            return calls.length > 1 ? 'a=1; b=2' : '';
          },
          setCookie: (raw, url) => calls.push(`set ${raw} ${url}`),
        };
        setCookie = ['a=1; Path=/', 'b=2'];
        const path = `/302?to=${otherOrigin}/end`;
        const { response } = await send(path, { cookies });
        expect(calls).toEqual([
          `get ${site.url}${path}`,
          `set a=1; Path=/ ${site.url}${path}`,
          `set b=2 ${site.url}${path}`,
          `get ${otherOrigin}/end`,
          `set a=1; Path=/ ${otherOrigin}/end`,
          `set b=2 ${otherOrigin}/end`,
        ]);
        expect(seen[0]?.headers.cookie).toBeUndefined();
        expect(seen[1]?.headers.cookie).toBe('a=1; b=2');
        expect(response.hops.map((hop) => hop.setCookie)).toEqual([setCookie, setCookie]);
      });

      it('of the store follow those of the caller', async () => {
        const cookies: CookieStore = { getCookieString: () => 'stored=1', setCookie: () => {} };
        await send('/', { cookies, headers: { Cookie: 'own=1' } });
        expect(seen[0]?.headers.cookie).toBe('own=1; stored=1');
      });
    });
  });
}
