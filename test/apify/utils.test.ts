import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as Apify from '../../src/apify/names.ts';
import { loadCheerio } from '../../src/crawler/cheerio-page.ts';
import { openProxy } from '../support/local-proxy.ts';
import { type LocalSite, openSite } from '../support/local-site.ts';
import { withActorFolder } from './actor-folder.ts';

withActorFolder();

const { utils } = Apify;

describe('requestAsBrowser', () => {
  let site: LocalSite;
  const seen: {
    url: string | undefined;
    method: string | undefined;
    headers: Record<string, unknown>;
    body: string;
  }[] = [];

  beforeAll(async () => {
    site = await openSite((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen.push({ url: request.url, method: request.method, headers: request.headers, body });
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
        if (pathname === '/moved')
          return void response.writeHead(302, { location: '/there' }).end();
        response.statusCode = Number(searchParams.get('status') ?? 200);
        response.setHeader('content-type', searchParams.get('type') ?? 'text/html');
        response.end(searchParams.get('body') ?? '<title>hi</title>');
      });
    });
  });

  afterAll(() => site.close());

  it('gives status, headers, the URL after redirects and the body as a text', async () => {
    const response = await utils.requestAsBrowser({ url: `${site.url}/moved` });
    expect(response).toMatchObject({
      statusCode: 200,
      url: `${site.url}/there`,
      body: '<title>hi</title>',
      headers: { 'content-type': 'text/html' },
    });
    expect(seen.at(-1)?.headers['user-agent']).toMatch(/Mozilla/);
    expect(
      await utils.requestAsBrowser({ url: `${site.url}/moved`, followRedirect: false }),
    ).toMatchObject({ statusCode: 302 });
  });

  it('gives errors their status, and throws only where that is asked for', async () => {
    expect(await utils.requestAsBrowser({ url: `${site.url}/?status=404` })).toMatchObject({
      statusCode: 404,
    });
    await expect(
      utils.requestAsBrowser({ url: `${site.url}/?status=404`, throwHttpErrors: true }),
    ).rejects.toMatchObject({ statusCode: 404 });
  });

  it('parses JSON where that is asked for; else its text shows the fields too', async () => {
    const url = `${site.url}/?type=application/json&body={"blocked":true,"length":1}`;
    expect((await utils.requestAsBrowser({ url, json: true })).body).toEqual({
      blocked: true,
      length: 1,
    });
    expect((await utils.requestAsBrowser({ url, responseType: 'json' })).body).toEqual({
      blocked: true,
      length: 1,
    });
    const { body } = await utils.requestAsBrowser({ url });
    expect(body.blocked).toBe(true);
    expect(JSON.parse(body)).toEqual({ blocked: true, length: 1 });
    expect(body).toHaveLength(27);
    expect(`${body}`).toBe('{"blocked":true,"length":1}');
    expect(body.includes('"blocked"')).toBe(true);
    const list = await utils.requestAsBrowser({
      url: `${site.url}/?type=application/json&body=[1]`,
    });
    expect(`${list.body}`).toBe('[1]');
    expect(
      await utils.requestAsBrowser({ url: `${site.url}/?body={"blocked":true}` }),
    ).toMatchObject({ body: '{"blocked":true}' });
  });

  it('gives bytes or a stream, and ends early by abortFunction', async () => {
    const url = `${site.url}/`;
    expect((await utils.requestAsBrowser({ url, responseType: 'buffer' })).body).toBeInstanceOf(
      Buffer,
    );
    const { body } = await utils.requestAsBrowser({ url, stream: true });
    expect(body).toBeInstanceOf(Readable);
    expect(await text(body)).toBe('<title>hi</title>');
    const abortFunction = vi.fn(({ statusCode }: { statusCode: number }) => statusCode === 200);
    await expect(utils.requestAsBrowser({ url, abortFunction })).rejects.toMatchObject({
      code: 'TROUPE_HTTP_ABORTED',
    });
    expect(abortFunction).toHaveBeenCalledOnce();
  });

  it('sends what it is told: method, body, headers, languages, an encoded URL, through a proxy', async () => {
    await using proxy = await openProxy({ username: 'u', password: 'p' });
    await utils.requestAsBrowser({
      url: `${site.url}/ä`,
      forceUrlEncoding: true,
      method: 'POST',
      body: 'hello',
      proxyUrl: proxy.info.url,
      headers: { 'X-Own': '1', Cookie: '' },
      languageCode: 'de',
      countryCode: 'AT',
      useMobileVersion: true,
      useInsecureHttpParser: false,
      useHttp2: false,
      ignoreSslErrors: false,
    });
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/%C3%A4', body: 'hello' });
    expect(seen.at(-1)?.headers).toMatchObject({
      'x-own': '1',
      'accept-language': expect.stringContaining('de-AT'),
      'user-agent': expect.stringMatching(/Mobile/),
    });
    expect(seen.at(-1)?.headers).not.toHaveProperty('cookie');
    expect(proxy.seen).toHaveLength(1);
  });

  it('takes a Request as its options', async () => {
    await utils.requestAsBrowser(
      new Apify.Request({
        url: `${site.url}/r`,
        method: 'PUT',
        payload: 'p',
        headers: { a: 'b' },
        userData: { x: 1 },
      }),
    );
    expect(seen.at(-1)).toMatchObject({ method: 'PUT', url: '/r', body: 'p', headers: { a: 'b' } });
  });

  it('refuses options it does not have', async () => {
    await expect(
      utils.requestAsBrowser({ url: site.url, headerGeneratorOptions: {} } as never),
    ).rejects.toThrow('headerGeneratorOptions');
    await expect(utils.requestAsBrowser({ url: site.url, nonsense: 1 } as never)).rejects.toThrow(
      'Unknown option `nonsense`',
    );
    await expect(
      utils.requestAsBrowser({ url: site.url, headers: { a: 1 } } as never),
    ).rejects.toThrow('`headers.a`');
  });
});

describe('enqueueLinks', () => {
  const html =
    '<a href="/a">a</a><a href="https://s.example/b#x">b</a><a class="x" href="/c?n=1">c</a><a href="mailto:x">m</a><a href="/a">a</a>';

  it('adds the links of a parsed page, each once, resolved', async () => {
    const $ = (await loadCheerio())(html);
    const requestQueue = await Apify.openRequestQueue();
    const added = await utils.enqueueLinks({ $, requestQueue, baseUrl: 'https://s.example/' });
    expect(added.map(({ request }) => request.url)).toEqual([
      'https://s.example/a',
      'https://s.example/b#x',
      'https://s.example/c?n=1',
    ]);
    expect(
      (
        await utils.enqueueLinks({ $, requestQueue, baseUrl: 'https://s.example/', selector: '.x' })
      ).map((info) => info.wasAlreadyPresent),
    ).toEqual([true]);
    await expect(utils.enqueueLinks({ $, requestQueue })).rejects.toThrow(
      'the link `/a` is relative',
    );
  });

  it('chooses by pseudo-URLs, whose templates go into the requests, then transforms, up to a limit', async () => {
    const $ = (await loadCheerio())(html);
    const requestQueue = await Apify.openRequestQueue();
    const added = await utils.enqueueLinks({
      $,
      requestQueue,
      baseUrl: 'https://s.example/',
      pseudoUrls: [{ purl: 'https://S.example/[(a|b).*]', userData: { kind: 'ab' } }, /\/c/],
      transformRequestFunction: (request) => {
        if (request.url.endsWith('/a')) return false;
        request.userData['seen'] = true;
        return request;
      },
    });
    expect(added.map(({ request }) => [request.url, request.userData])).toEqual([
      ['https://s.example/b#x', { kind: 'ab', seen: true }],
      ['https://s.example/c?n=1', { seen: true }],
    ]);
    const none = await utils.enqueueLinks({
      $,
      requestQueue,
      baseUrl: 'https://s.example/',
      pseudoUrls: [],
      limit: 2,
    });
    expect(none).toHaveLength(2);
  });

  it('needs a queue, and one of page and $', async () => {
    const requestQueue = await Apify.openRequestQueue();
    await expect(utils.enqueueLinks({ requestQueue })).rejects.toThrow(
      'Expected one of `page` and `$`, got neither',
    );
    await expect(utils.enqueueLinks({ $: {} } as never)).rejects.toThrow('Expected `requestQueue`');
  });
});

describe('PseudoUrl', () => {
  it('matches the whole URL whatever its case; brackets hold regular expressions', () => {
    const purl = new Apify.PseudoUrl('http://www.example.com/pages/[(\\w|-)*]', {
      userData: { a: 1 },
    });
    expect(
      [
        'http://www.example.com/pages/',
        'http://WWW.example.com/pages/my-page',
        'http://www.example.com/pages/x/y',
      ].map((url) => purl.matches(url)),
    ).toEqual([true, true, false]);
    expect(
      new Apify.PseudoUrl('http://a.example/?do[\\x5B]load[\\x5D]=1').matches(
        'http://a.example/?do[load]=1',
      ),
    ).toBe(true);
    expect(new Apify.PseudoUrl('http://a.example/[[a-z]+]').matches('http://a.example/bc')).toBe(
      true,
    );
    expect(new Apify.PseudoUrl(/A/g).matches('http://a.example/A')).toBe(true);
    const request = purl.createRequest({
      url: 'http://www.example.com/pages/x',
      userData: { b: 2 },
    });
    expect(request.userData).toEqual({ a: 1, b: 2 });
    expect(() => new Apify.PseudoUrl('http://a.example/[a')).toThrow('a bracket is not closed');
    expect(() => new Apify.PseudoUrl('http://a.example/[*]')).toThrow('is no regular expression');
    expect(() => new Apify.PseudoUrl(5 as never)).toThrow('Expected `purl`');
  });
});

describe('log', () => {
  it('has the documented levels, prefixes and data, and hides secrets', () => {
    const written: string[] = [];
    const spy = vi
      .spyOn(process.stderr, 'write')
      .mockImplementation((line) => written.push(String(line)) > 0);
    const { log } = utils;
    expect(log.LEVELS).toEqual({
      OFF: 0,
      ERROR: 1,
      SOFT_FAIL: 2,
      WARNING: 3,
      INFO: 4,
      DEBUG: 5,
      PERF: 6,
    });
    const own = log.child({ prefix: 'My actor', level: log.LEVELS.INFO });
    own.debug('not shown');
    own.info('shown', { proxy: 'http://u:secret@p.example:1' });
    const child = own.child({ prefix: 'Crawler', data: { n: 1 } });
    child.setLevel(log.LEVELS.ERROR);
    child.warning('not shown');
    child.error('bad', { m: 2 });
    child.exception(new Error('Not good!'));
    child.setOptions({ prefix: 'New', level: log.LEVELS.DEBUG, data: {} });
    child.debug('now');
    spy.mockRestore();
    expect(child.getLevel()).toBe(5);
    expect(child.getOptions()).toEqual({ level: 5, prefix: 'New', data: {} });
    expect(written.slice(0, 2)).toEqual([
      expect.stringMatching(/^INFO {2}My actor: shown \{"proxy"/),
      'ERROR My actor:Crawler: bad {"n":1,"m":2}\n',
    ]);
    expect(written[2]).toContain('ERROR My actor:Crawler: Not good!');
    expect(written.at(-1)).toBe('DEBUG New: now\n');
    expect(written.join('')).not.toContain('secret');
    expect(() => log.setLevel(9)).toThrow('Expected `level` to be one of `log.LEVELS`');
    expect(() => log.setOptions({ logger: {} } as never)).toThrow('Unknown option `logger`');
  });

  it('begins at the level the environment names', () => {
    const levelFor = (value: string): number => {
      process.env['APIFY_LOG_LEVEL'] = value;
      return new (utils.log.constructor as new () => typeof utils.log)().getLevel();
    };
    expect(['DEBUG', 'warning', '1', 'nonsense'].map(levelFor)).toEqual([5, 3, 1, 4]);
  });
});

describe('the rest', () => {
  it('sleeps, and not at all for what is no positive number', async () => {
    for (const millis of [0, -1, undefined, Number.NaN]) await utils.sleep(millis);
    const before = performance.now();
    await utils.sleep(20);
    expect(performance.now() - before).toBeGreaterThan(15);
  });

  it('finds URLs in texts', () => {
    const string = 'a http://a.example/x?y=1, http://b.example:80. (https://ü.example/ä)';
    expect(utils.extractUrls({ string })).toEqual([
      'http://a.example/x?y=1',
      'http://b.example:80',
      'https://ü.example/ä',
    ]);
    expect(
      utils.extractUrls({ string: 'http://a.example/x,y', urlRegExp: utils.URL_WITH_COMMAS_REGEX }),
    ).toEqual(['http://a.example/x,y']);
  });

  it('says of names that only the platform serves that it is so', async () => {
    for (const promise of [Apify.call('a/b'), Apify.callTask('a/b'), Apify.metamorph('a/b')]) {
      await expect(promise).rejects.toMatchObject({
        code: 'TROUPE_PLATFORM_ONLY',
        message: expect.stringContaining('is a service of the Apify platform'),
      });
    }
    expect(() => Apify.newClient()).toThrow('Apify.newClient() is a service of the Apify platform');
    expect(await Apify.addWebhook({})).toBeUndefined();
    process.env['APIFY_IS_AT_HOME'] = '1';
    await expect(Apify.addWebhook({})).rejects.toThrow(Apify.PlatformOnlyError);
    expect(Apify.isAtHome()).toBe(true);
  });

  it('says of names that have no counterpart what to use instead', async () => {
    for (const promise of [
      Apify.launchPuppeteer(),
      Apify.launchPlaywright(),
      Apify.getMemoryInfo(),
    ]) {
      await expect(promise).rejects.toMatchObject({ code: 'TROUPE_NOT_IN_FACADE' });
    }
    for (const name of ['puppeteer', 'playwright', 'social', 'htmlToText', 'isDocker']) {
      expect(() => (utils as unknown as Record<string, unknown>)[name]).toThrow(
        `Apify.utils.${name} is not part of troupe/apify`,
      );
    }
  });

  it('reads the environment', () => {
    expect(Apify.getEnv()).toMatchObject({ actorId: null, startedAt: null, memoryMbytes: null });
    Object.assign(process.env, {
      APIFY_ACTOR_ID: 'a',
      APIFY_STARTED_AT: '2030-01-01T00:00:00Z',
      APIFY_MEMORY_MBYTES: '512',
      APIFY_TIMEOUT_AT: 'x',
    });
    expect(Apify.getEnv()).toMatchObject({
      actorId: 'a',
      startedAt: new Date('2030-01-01T00:00:00Z'),
      memoryMbytes: 512,
      timeoutAt: null,
    });
    expect(Apify.isAtHome()).toBe(false);
  });
});
