import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BasicCrawler } from '../../src/crawler/basic-crawler.ts';
import { CheerioCrawler, type CheerioCrawlerOptions } from '../../src/crawler/cheerio-crawler.ts';
import { HttpCrawler } from '../../src/crawler/http-crawler.ts';
import { ProxyConfiguration } from '../../src/proxy/proxy-configuration.ts';
import type { RequestSource } from '../../src/queue/request-source.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { openProxy } from '../support/local-proxy.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { QUIET } from './crawler-harness.ts';

let site: LocalSite;
let seen: IncomingMessage[];

const TYPES: Record<string, [type: string, body: string | Buffer]> = {
  '/page': [
    'text/html',
    '<base href="/folder/"><title>Page</title><a href="a">a</a><a class=x href="b">b</a>',
  ],
  '/plain': ['text/plain', 'words'],
  '/data.json': ['application/json; charset=utf-8', '{"n":1}'],
  '/broken.json': ['application/json', '{"n":'],
  '/feed.xml': ['application/xml', '<rss><link>http://x/</link><item/><item/></rss>'],
  '/latin': ['text/html; charset=iso-8859-1', Buffer.from('<title>caf\xe9</title>', 'latin1')],
  '/unnamed': ['text/html', Buffer.from('<title>caf\xe9 \xb9</title>', 'latin1')],
  '/image.png': ['image/png', Buffer.from([0x89, 0x50])],
  '/untyped': ['', '<title>untyped</title>'],
  '/large': ['text/html', Buffer.alloc(100_000, 'x')],
};

beforeAll(async () => {
  site = await openSite((request, response) => {
    seen.push(request);
    const url = request.url as string;
    if (url === '/login') {
      response.writeHead(302, { 'set-cookie': 'user=troupe; Path=/', location: '/home' });
      response.end();
      return;
    }
    if (url === '/echo') {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ method: request.method, body, headers: request.headers }));
      });
      return;
    }
    if (url === '/zipped') {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
      response.end(gzipSync('<title>zipped</title>'));
      return;
    }
    const [type, body] = TYPES[url] ?? ['text/html', `<title>${url}</title>`];
    if (type) response.setHeader('content-type', type);
    response.end(body);
  });
});

beforeEach(() => {
  seen = [];
});

afterAll(() => site.close());

function crawler(options: CheerioCrawlerOptions): CheerioCrawler {
  return new CheerioCrawler({ storage: new MemoryStorage(), log: QUIET, ...options });
}

/** Crawls one page and gives what the handler made of it, or the error it failed with. */
async function read<T>(
  source: RequestSource,
  requestHandler: (
    context: Parameters<NonNullable<CheerioCrawlerOptions['requestHandler']>>[0],
  ) => T,
  options: CheerioCrawlerOptions = {},
): Promise<Awaited<T> | Error> {
  let result: Awaited<T> | Error | undefined;
  await crawler({
    ...options,
    requestHandler: async (context) => {
      result = await requestHandler(context);
    },
    failedRequestHandler: (_context, error) => {
      result = error;
    },
  }).run([source]);
  return result as Awaited<T> | Error;
}

test('a charset can be suggested for pages that name none, or forced on all', async () => {
  const titleOf = (path: string, options: CheerioCrawlerOptions = {}): Promise<string | Error> =>
    read(`${site.url}${path}`, ({ $ }) => $('title').text(), options);
  expect(await titleOf('/unnamed')).toBe('café ¹');
  expect(await titleOf('/unnamed', { suggestResponseEncoding: 'iso-8859-2' })).toBe('café š');
  expect(await titleOf('/latin', { suggestResponseEncoding: 'koi8-r' })).toBe('café');
  expect(await titleOf('/latin', { forceResponseEncoding: 'koi8-r' })).toBe('cafИ');
  expect(() => crawler({ forceResponseEncoding: 'latin-99' })).toThrow(
    'Expected `forceResponseEncoding` to be an encoding such as `windows-1250`',
  );
});

test('HTML comes parsed, with its response', async () => {
  const page = await read(
    `${site.url}/page`,
    ({ $, response, body, contentType, json, request }) => ({
      title: $('title').text(),
      status: response.statusCode,
      type: response.headers['content-type'],
      isText: typeof body,
      contentType,
      json,
      loadedUrl: request.loadedUrl,
    }),
  );
  expect(page).toEqual({
    title: 'Page',
    status: 200,
    type: 'text/html',
    isText: 'string',
    contentType: { type: 'text/html', encoding: 'utf-8' },
    json: undefined,
    loadedUrl: `${site.url}/page`,
  });
});

test('charsets and compression are undone', async () => {
  expect(await read(`${site.url}/latin`, ({ $ }) => $('title').text())).toBe('café');
  expect(await read(`${site.url}/zipped`, ({ $ }) => $('title').text())).toBe('zipped');
  expect(await read(`${site.url}/untyped`, ({ $ }) => $('title').text())).toBe('untyped');
});

test('JSON comes parsed, XML in XML mode, plain text as it is', async () => {
  expect(await read(`${site.url}/data.json`, ({ json, $ }) => [json, $])).toEqual([
    { n: 1 },
    undefined,
  ]);
  const feed = await read(`${site.url}/feed.xml`, ({ $ }) => [$('link').text(), $('item').length]);
  expect(feed).toEqual(['http://x/', 2]);
  expect(await read(`${site.url}/plain`, ({ body }) => body)).toBe('words');
  expect(await read(`${site.url}/broken.json`, ({ json }) => json)).toMatchObject({
    code: 'TROUPE_BAD_JSON',
  });
});

test('other content types fail at once unless they are wanted', async () => {
  const url = `${site.url}/image.png`;
  expect(await read(url, () => 'handled')).toMatchObject({
    code: 'TROUPE_UNSUPPORTED_CONTENT_TYPE',
    message: expect.stringContaining('image/png'),
  });
  expect(seen.length).toBe(1);
  const bytes = await read(url, ({ body }) => body, { additionalMimeTypes: ['image/*'] });
  expect(bytes).toEqual(Buffer.from([0x89, 0x50]));
});

test('a page over the cap fails at once', async () => {
  const error = await read(`${site.url}/large`, () => 'handled', { maxBodyBytes: 50_000 });
  expect(error).toMatchObject({ code: 'TROUPE_HTTP_TOO_LARGE' });
  expect(seen.length).toBe(1);
});

test('links are relative to the base element, and found by any selector', async () => {
  await read(`${site.url}/page`, ({ request, enqueueLinks }) => {
    if (request.crawlDepth === 0) return enqueueLinks();
    return undefined;
  });
  expect(seen.map(({ url }) => url)).toEqual(['/page', '/folder/a', '/folder/b']);
  const result = await read(
    `${site.url}/page`,
    ({ enqueueLinks }) => enqueueLinks({ selector: 'a.x' }),
    {
      maxRequestsPerCrawl: 1,
    },
  );
  expect(result).toMatchObject({
    processedRequests: [{ uniqueKey: `${site.url}/folder/b`, wasAlreadyPresent: false }],
  });
});

test('links may be given, filtered and changed', async () => {
  await read(`${site.url}/start`, ({ request, enqueueLinks }) => {
    if (request.crawlDepth > 0) return undefined;
    return enqueueLinks({
      urls: ['/p/1', '/p/2', '/q/3', 'http://localhost/x'],
      globs: ['**/p/*'],
      exclude: [/2$/],
      transformRequestFunction: (made) => {
        made.url += '?changed';
        return made;
      },
    });
  });
  expect(seen.map(({ url }) => url)).toEqual(['/start', '/p/1?changed']);
});

test('cookies set on the way of a redirect go out with the session’s next requests', async () => {
  const crawling = crawler({
    sessionPoolOptions: { maxPoolSize: 1 },
    maxConcurrency: 1,
    requestHandler: async ({ enqueueLinks, request }) => {
      if (request.crawlDepth === 0) await enqueueLinks({ urls: ['/next'] });
    },
  });
  await crawling.run([`${site.url}/login`]);
  expect(seen.map(({ url, headers }) => [url, headers.cookie])).toEqual([
    ['/login', undefined],
    ['/home', 'user=troupe'],
    ['/next', 'user=troupe'],
  ]);
});

test('without persistCookiesPerSession no cookie is kept', async () => {
  await crawler({
    persistCookiesPerSession: false,
    requestHandler: async ({ sendRequest }) => {
      await sendRequest({ url: '/next' });
    },
  }).run([`${site.url}/login`]);
  expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined, undefined]);
});

test('sendRequest goes out as the same session: proxy, cookies and headers', async () => {
  await using proxy = await openProxy();
  const answer = await read(
    `${site.url}/login`,
    async ({ sendRequest, proxyInfo }) => {
      const response = await sendRequest({ url: '/echo', method: 'POST', json: { a: 1 } });
      return { ...response.json<{ method: string; body: string }>(), proxy: proxyInfo?.port };
    },
    { proxyConfiguration: new ProxyConfiguration({ proxyUrls: [proxy.info.url] }) },
  );
  expect(answer).toMatchObject({ method: 'POST', body: '{"a":1}', proxy: proxy.port });
  const [login, , echo] = seen;
  expect(echo?.headers.cookie).toBe('user=troupe');
  expect(echo?.headers['content-type']).toBe('application/json');
  expect(echo?.headers['user-agent']).toBe(login?.headers['user-agent']);
  expect(login?.headers['user-agent']).toMatch(/Mozilla/);
  expect(proxy.seen.length).toBe(3);
});

test('hooks come before and after navigation, and the first may change it', async () => {
  const order: string[] = [];
  const title = await read(
    `${site.url}/echo`,
    ({ json }) => (json as { headers: Record<string, string> }).headers['x-hook'],
    {
      preNavigationHooks: [
        ({ request }, options) => {
          order.push(`before ${request.url === options.url}`);
          options.headers['X-Hook'] = 'set';
        },
      ],
      postNavigationHooks: [({ response }) => order.push(`after ${response.statusCode}`)],
    },
  );
  expect(title).toBe('set');
  expect(order).toEqual(['before true', 'after 200']);
});

test('method, payload and headers of a request are sent', async () => {
  const echo = await read(
    { url: `${site.url}/echo`, method: 'POST', payload: 'x=1', headers: { 'X-Own': 'yes' } },
    ({ json }) => json,
  );
  expect(echo).toMatchObject({ method: 'POST', body: 'x=1', headers: { 'x-own': 'yes' } });
});

test('skipNavigation calls the handler without a page', async () => {
  const page = await read({ url: `${site.url}/page`, skipNavigation: true }, ({ response }) =>
    String(response),
  );
  expect(page).toBe('undefined');
  expect(seen.length).toBe(0);
});

test('statuses can be added to the errors and taken from them', async () => {
  await using picky = await openSite((request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.end('x');
  });
  const status = (code: number, options: CheerioCrawlerOptions): Promise<number | Error> =>
    read(`${picky.url}/${code}`, ({ response }) => response.statusCode, {
      maxRequestRetries: 0,
      maxSessionRotations: 0,
      ...options,
    });
  expect(await status(404, {})).toBe(404);
  expect(await status(404, { additionalHttpErrorStatusCodes: [404] })).toMatchObject({
    code: 'TROUPE_BAD_STATUS',
  });
  expect(await status(500, { ignoreHttpErrorStatusCodes: [500] })).toBe(500);
  expect(await status(418, { blockedStatusCodes: [418] })).toMatchObject({
    code: 'TROUPE_ROTATIONS_EXHAUSTED',
  });
});

test('HttpCrawler gives the body unparsed and needs the links it is to follow', async () => {
  const titles: unknown[] = [];
  const http = new HttpCrawler({
    storage: new MemoryStorage(),
    log: QUIET,
    requestHandler: async ({ body, json, request, enqueueLinks }) => {
      titles.push(json ?? body);
      if (request.crawlDepth === 0) await enqueueLinks({ urls: ['/data.json'] });
    },
  });
  await http.run([`${site.url}/plain`]);
  expect(titles).toEqual(['words', { n: 1 }]);
  expect(() => new HttpCrawler({ checkResponse: { selector: 'a' } })).toThrow('selector');
});

test('BasicCrawler gives a session and its proxy, and fetches nothing itself', async () => {
  await using proxy = await openProxy();
  const proxyConfiguration = new ProxyConfiguration({ proxyUrls: [proxy.info.url] });
  for (const useSessionPool of [true, false]) {
    let result: unknown[] = [];
    const basic = new BasicCrawler({
      storage: new MemoryStorage(),
      log: QUIET,
      proxyConfiguration,
      useSessionPool,
      requestHandler: async ({ session, proxyInfo, sendRequest, getKeyValueStore }) => {
        const { statusCode, body } = await sendRequest();
        await (await getKeyValueStore()).setValue('body', body);
        result = [session !== undefined, proxyInfo?.port, statusCode, body];
      },
    });
    await basic.run([`${site.url}/plain`]);
    expect(result).toEqual([useSessionPool, proxy.port, 200, 'words']);
  }
});

test('requests added by a handler are one link deeper', async () => {
  const depths: number[] = [];
  await crawler({
    maxCrawlDepth: 2,
    requestHandler: async ({ request, addRequests }) => {
      depths.push(request.crawlDepth);
      await addRequests([`${site.url}/depth${request.crawlDepth + 1}`]);
    },
  }).run([`${site.url}/depth0`]);
  expect(depths).toEqual([0, 1, 2]);
});

test('rows can go to a dataset by name', async () => {
  const pages = crawler({
    requestHandler: ({ pushData }) => pushData({ n: 1 }, 'others'),
  });
  await pages.run([`${site.url}/page`]);
  expect(await (await pages.getDataset('others')).itemCount()).toBe(1);
  expect((await pages.getData()).total).toBe(0);
});
