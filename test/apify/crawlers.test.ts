import { describe, expect, it } from 'vitest';
import * as Apify from '../../src/apify/names.ts';
import { openProxy } from '../support/local-proxy.ts';
import { type LocalSite, openSite, type SiteHandler } from '../support/local-site.ts';
import { withActorFolder } from './actor-folder.ts';

withActorFolder();

type Seen = {
  method: string | undefined;
  url: string;
  headers: Record<string, unknown>;
  body: string;
};

/** A site whose paths say what comes back; `hang` never answers. */
async function openCrawlSite(): Promise<LocalSite & { seen: Seen[] }> {
  const seen: Seen[] = [];
  const handler: SiteHandler = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (pathname === '/favicon.ico') return void response.writeHead(204).end();
      seen.push({ method: request.method, url: request.url ?? '', headers: request.headers, body });
      if (pathname === '/hang') return;
      response.statusCode = Number(searchParams.get('status') ?? 200);
      response.setHeader('content-type', searchParams.get('type') ?? 'text/html');
      response.setHeader('set-cookie', 'visitor=1; Path=/');
      response.end(searchParams.get('body') ?? `<title>${pathname}</title><a href="/a">a</a>`);
    });
  };
  return Object.assign(await openSite(handler), { seen });
}

const listOf = (...urls: (string | Apify.RequestOptions)[]): Promise<Apify.RequestList> =>
  Apify.openRequestList(null, urls as string[]);

describe('every crawler', () => {
  it('needs a list or a queue, a handler, and no option it does not know', async () => {
    const requestList = await listOf('http://a.example/');
    const handleRequestFunction = (): void => {};
    expect(() => new Apify.BasicCrawler({ handleRequestFunction })).toThrow(
      'Expected `requestList` or `requestQueue` in BasicCrawler, got neither',
    );
    expect(() => new Apify.BasicCrawler({ requestList } as never)).toThrow(
      'Expected `handleRequestFunction` to be a function',
    );
    expect(
      () =>
        new Apify.BasicCrawler({
          requestList,
          handleRequestFunction,
          handleRequestTimeout: 5,
        } as never),
    ).toThrow(
      'Unknown option `handleRequestTimeout` in BasicCrawler; did you mean `handleRequestTimeoutSecs`?',
    );
    expect(
      () => new Apify.BasicCrawler({ requestList: {} as never, handleRequestFunction }),
    ).toThrow('Expected `requestList`');
    expect(
      () =>
        new Apify.BasicCrawler({
          requestList,
          handleRequestFunction,
          autoscaledPoolOptions: { isFinishedFunction: () => true },
        }),
    ).toThrow('autoscaledPoolOptions.isFinishedFunction');
    expect(
      () =>
        new Apify.CheerioCrawler({
          requestList,
          handlePageFunction: () => {},
          useSessionPool: false,
          persistCookiesPerSession: true,
        }),
    ).toThrow('Cannot use `persistCookiesPerSession`');
  });

  it('gives its handler the documented context, and the pool and proxies it works with', async () => {
    await using site = await openCrawlSite();
    await using proxy = await openProxy();
    const proxyConfiguration = await Apify.createProxyConfiguration({
      proxyUrls: [proxy.info.url],
    });
    let context: Apify.HandleRequestInputs | undefined;
    const crawler: Apify.BasicCrawler = new Apify.BasicCrawler({
      requestList: await listOf(`${site.url}/`),
      proxyConfiguration,
      autoscaledPoolOptions: {
        maxConcurrency: 7,
        desiredConcurrency: 3,
        loggingIntervalSecs: null,
      },
      handleRequestFunction: async (inputs) => {
        context = inputs;
        expect(inputs.crawler).toBe(crawler);
        expect(inputs.autoscaledPool).toBe(crawler.autoscaledPool);
        expect(inputs.autoscaledPool.currentConcurrency).toBe(1);
        await expect(inputs.autoscaledPool.pause()).rejects.toThrow(Apify.NotInFacadeError);
        expect(() => inputs.autoscaledPool.resume()).toThrow(Apify.NotInFacadeError);
        expect(() => Object.assign(inputs.autoscaledPool, { maxConcurrency: 5 })).toThrow(
          'pass `maxConcurrency` to the crawler',
        );
        const { body } = await Apify.utils.requestAsBrowser({
          url: inputs.request.url,
          proxyUrl: inputs.proxyInfo.url,
        });
        expect(body).toContain('<title>/');
      },
    });
    expect(await crawler.run()).toBeUndefined();
    expect(context?.request).toBeInstanceOf(Apify.Request);
    expect(context?.session).toBeInstanceOf(Apify.Session);
    expect(context?.session.usageCount).toBe(1);
    expect(context?.proxyInfo).toMatchObject({
      url: proxy.info.url,
      groups: [],
      sessionId: context?.session.id,
    });
    expect(crawler.autoscaledPool).toMatchObject({ minConcurrency: 1, maxConcurrency: 7 });
    expect(crawler.sessionPool?.usableSessionsCount).toBe(1);
    expect(crawler.stats).toMatchObject({ requestsFinished: 1 });
    expect(crawler.proxyConfiguration).toBe(proxyConfiguration);
    expect(proxy.seen).toHaveLength(1);
  });

  it('retries three times, then tells handleFailedRequestFunction; user errors cost the session nothing', async () => {
    await using site = await openCrawlSite();
    let tries = 0;
    let failed: unknown;
    const crawler = new Apify.BasicCrawler({
      requestList: await listOf(`${site.url}/`),
      handleRequestFunction: () => {
        tries++;
        throw new TypeError('mine');
      },
      handleFailedRequestFunction: ({ request, error, session, crawler: own }) => {
        failed = [
          request.retryCount,
          error.message,
          session.errorScore,
          own === crawler,
          request.errorMessages.length,
        ];
      },
    });
    await crawler.run();
    expect(tries).toBe(4);
    expect(failed).toEqual([3, 'mine', 0, true, 4]);
  });

  it('has no session without a pool, and a proxy only where there are proxies', async () => {
    await using site = await openCrawlSite();
    let seen: unknown;
    const crawler = new Apify.CheerioCrawler({
      requestList: await listOf(`${site.url}/?status=403`),
      useSessionPool: false,
      handlePageFunction: ({ session, proxyInfo, response }) => {
        seen = [session, proxyInfo, response.statusCode];
      },
    });
    await crawler.run();
    expect(seen).toEqual([undefined, undefined, 403]);
    expect(crawler.sessionPool).toBeUndefined();

    await using proxy = await openProxy();
    const proxyConfiguration = await Apify.createProxyConfiguration({
      proxyUrls: [proxy.info.url],
    });
    await new Apify.CheerioCrawler({
      requestList: await listOf(`${site.url}/`),
      useSessionPool: false,
      proxyConfiguration,
      handlePageFunction: ({ proxyInfo }) => {
        seen = proxyInfo;
      },
    }).run();
    expect(seen).toMatchObject({ url: proxy.info.url, groups: [] });
    expect(proxy.seen).toHaveLength(1);
  });

  it('puts a list into the queue where both are given, each URL once, and keeps to maxRequestsPerCrawl', async () => {
    await using site = await openCrawlSite();
    const requestQueue = await Apify.openRequestQueue();
    await requestQueue.addRequest({ url: `${site.url}/1` });
    const requestList = await listOf(`${site.url}/1`, `${site.url}/2`, `${site.url}/3`);
    const handled: string[] = [];
    const options = {
      requestList,
      requestQueue,
      handleRequestFunction: ({ request }: Apify.HandleRequestInputs) =>
        void handled.push(request.url),
    };
    await new Apify.BasicCrawler({ ...options, maxRequestsPerCrawl: 2 }).run();
    expect(handled).toHaveLength(2);
    expect(await requestList.isFinished()).toBe(true);
    await new Apify.BasicCrawler(options).run();
    expect(handled.sort()).toEqual([1, 2, 3].map((n) => `${site.url}/${n}`));
  });

  it('ends early by autoscaledPool.abort(), and goes on from there', async () => {
    const requestQueue = await Apify.openRequestQueue();
    for (let n = 0; n < 5; n++) await requestQueue.addRequest({ url: `http://a.example/${n}` });
    let handled = 0;
    const crawler = new Apify.BasicCrawler({
      requestQueue,
      maxConcurrency: 1,
      handleRequestFunction: async ({ autoscaledPool }) => {
        handled++;
        if (handled === 2) await autoscaledPool.abort();
      },
    });
    await crawler.run();
    expect(handled).toBe(2);
    await crawler.run();
    expect(handled).toBe(5);
  });

  it('marks the session bad when its handler meets a timeout', async () => {
    await using site = await openCrawlSite();
    const scores: number[] = [];
    const crawler = new Apify.BasicCrawler({
      requestList: await listOf(`${site.url}/hang`),
      maxRequestRetries: 0,
      handleRequestFunction: ({ request }) =>
        Apify.utils.requestAsBrowser({ url: request.url, timeoutSecs: 0.1 }),
      handleFailedRequestFunction: ({ session }) =>
        void scores.push(session.errorScore, session.usageCount),
    });
    await crawler.run();
    expect(scores).toEqual([1, 1]);
  });
});

describe('CheerioCrawler', () => {
  const crawl = async (
    source: string | Apify.RequestOptions,
    options: Partial<Apify.CheerioCrawlerOptions> = {},
  ): Promise<{ error?: Error; pool: Apify.SessionPool; got: unknown }> => {
    let error: Error | undefined;
    let got: unknown;
    const handlePageFunction: Apify.CheerioHandlePage = ({
      $,
      body,
      json,
      contentType,
      response,
      request,
    }) => {
      got = {
        title: $?.('title').text(),
        body,
        json,
        type: contentType.type,
        status: response.statusCode,
        tries: request.retryCount,
      };
    };
    const crawler = new Apify.CheerioCrawler({
      requestList: await listOf(source),
      handlePageFunction,
      handleFailedRequestFunction: (inputs) => {
        error = inputs.error;
      },
      ...options,
    });
    await crawler.run();
    return { ...(error ? { error } : {}), pool: crawler.sessionPool as Apify.SessionPool, got };
  };

  it('gives pages parsed, with the documented kinds of body and json', async () => {
    await using site = await openCrawlSite();
    expect((await crawl(`${site.url}/x`)).got).toMatchObject({
      title: '/x',
      json: null,
      type: 'text/html',
      status: 200,
    });
    const json = await crawl(`${site.url}/?type=application/json&body={"n":1}`, {
      additionalMimeTypes: ['application/json'],
    });
    expect(json.got).toMatchObject({
      title: undefined,
      json: { n: 1 },
      body: Buffer.from('{"n":1}'),
    });
    const xml = await crawl(`${site.url}/?type=application/xml&body=<title>t</title>`, {
      additionalMimeTypes: ['application/*'],
    });
    expect(xml.got).toMatchObject({ title: 't', body: '<title>t</title>' });
  });

  it('leaves out other content types at once, unless they are asked for', async () => {
    await using site = await openCrawlSite();
    for (const type of ['application/json', 'text/plain', 'image/png']) {
      const { error } = await crawl(`${site.url}/?type=${type}&body=1`);
      expect(error?.message).toContain(`has the content type ${type}`);
    }
    expect(site.seen).toHaveLength(3);
    expect(
      (await crawl(`${site.url}/?type=image/png`, { additionalMimeTypes: ['*/*'] })).error,
    ).toBeUndefined();
  });

  it.each([401, 403, 429])('retires the session on %i, spending a retry', async (status) => {
    await using site = await openCrawlSite();
    const { error, pool } = await crawl(`${site.url}/?status=${status}`, { maxRequestRetries: 2 });
    expect(error).toMatchObject({ code: 'TROUPE_BLOCKED' });
    expect(error?.message).toContain(`received status ${status}`);
    expect(site.seen).toHaveLength(3);
    expect(pool.retiredSessionsCount).toBe(3);
  });

  it('hands 404 to the handler, and tries 500 again without blaming the session', async () => {
    await using site = await openCrawlSite();
    expect((await crawl(`${site.url}/?status=404`)).got).toMatchObject({ status: 404 });
    const { error, pool } = await crawl(`${site.url}/?status=500`, { maxRequestRetries: 1 });
    expect(error).toMatchObject({ code: 'TROUPE_BAD_STATUS' });
    expect(
      [pool.retiredSessionsCount, ...pool.sessions.map((s) => s.errorScore)].every((n) => n === 0),
    ).toBe(true);
  });

  it('marks the session bad after requestTimeoutSecs', async () => {
    await using site = await openCrawlSite();
    const { pool, error } = await crawl(`${site.url}/hang`, {
      requestTimeoutSecs: 0.1,
      maxRequestRetries: 0,
    });
    expect(error).toMatchObject({ code: expect.stringMatching(/^TROUPE_HTTP_\w+_TIMEOUT$/) });
    expect(pool.sessions.map(({ errorScore, usageCount }) => [errorScore, usageCount])).toEqual([
      [1, 1],
    ]);
  });

  it('ends a handler after handlePageTimeoutSecs', async () => {
    await using site = await openCrawlSite();
    const { error } = await crawl(`${site.url}/`, {
      handlePageTimeoutSecs: 0.05,
      maxRequestRetries: 0,
      handlePageFunction: () => new Promise(() => {}),
    });
    expect(error?.message).toBe('The requestHandler timed out after 0.05 s');
  });

  it('lets prepareRequestFunction and hooks change the request', async () => {
    await using site = await openCrawlSite();
    const calls: unknown[] = [];
    await crawl(
      { url: `${site.url}/x`, headers: { 'x-own': '1' } },
      {
        prepareRequestFunction: ({ request, session }) => {
          request.headers['x-prepared'] = session.id;
        },
        preNavigationHooks: [
          ({ request, crawler }, options) => {
            calls.push([request.url, options.timeoutSecs, crawler instanceof Apify.CheerioCrawler]);
            Object.assign(options, {
              method: 'POST',
              payload: 'hello',
              url: `${site.url}/ä b`,
              forceUrlEncoding: true,
            });
            options.headers['x-hook'] = '2';
          },
        ],
        postNavigationHooks: [
          ({ response, $ }) => void calls.push([response.statusCode, typeof $]),
        ],
        postResponseFunction: ({ response }) => void calls.push(response.statusCode),
      },
    );
    expect(calls).toEqual([[`${site.url}/x`, 30, true], 200, [200, 'function']]);
    expect(site.seen[0]).toMatchObject({ method: 'POST', url: '/%C3%A4%20b', body: 'hello' });
    expect(site.seen[0]?.headers).toMatchObject({
      'x-own': '1',
      'x-hook': '2',
      'x-prepared': expect.stringMatching(/^session_/),
    });
    const { error } = await crawl(`${site.url}/`, {
      maxRequestRetries: 0,
      preNavigationHooks: [(_context, options) => Object.assign(options, { proxyUrl: 'x' })],
    });
    expect(error?.message).toContain('cannot set `proxyUrl` for one request');
  });

  it('keeps cookies per session, unless it is told not to', async () => {
    await using site = await openCrawlSite();
    const options = { sessionPoolOptions: { maxPoolSize: 1 }, maxConcurrency: 1 };
    const two = async (own: object): Promise<unknown[]> => {
      site.seen.length = 0;
      const requestList = await listOf(`${site.url}/1`, `${site.url}/2`);
      await new Apify.CheerioCrawler({
        requestList,
        handlePageFunction: () => {},
        ...options,
        ...own,
      }).run();
      return site.seen.map(({ headers }) => headers['cookie']);
    };
    expect(await two({ sessionPoolOptions: { maxPoolSize: 1, persistStateKey: 'a' } })).toEqual([
      undefined,
      'visitor=1',
    ]);
    expect(
      await two({
        persistCookiesPerSession: false,
        sessionPoolOptions: { maxPoolSize: 1, persistStateKey: 'b' },
      }),
    ).toEqual([undefined, undefined]);
  });

  it('accepts certificates nobody has signed, unless it is told not to', async () => {
    await using site = await openSite(
      (_request, response) =>
        void response.setHeader('content-type', 'text/html').end('<title>safe</title>'),
      { protocol: 'https' },
    );
    expect((await crawl(site.url)).got).toMatchObject({ title: 'safe' });
    expect(
      (await crawl(site.url, { ignoreSslErrors: false, maxRequestRetries: 0 })).error,
    ).toMatchObject({ code: 'TROUPE_HTTP_TARGET' });
  });

  it('decodes pages as it is told', async () => {
    await using site = await openSite(
      (_request, response) =>
        void response
          .setHeader('content-type', 'text/html')
          .end(Buffer.from('<title>\xb9</title>', 'latin1')),
    );
    expect((await crawl(site.url, { suggestResponseEncoding: 'iso-8859-2' })).got).toMatchObject({
      title: 'š',
    });
    expect((await crawl(site.url, { forceResponseEncoding: 'koi8-r' })).got).toMatchObject({
      title: '╧',
    });
  });

  it('retires and marks by `checkResponse` what the example on the page means by titles', async () => {
    await using site = await openCrawlSite();
    const checkResponse: Apify.CheerioCrawlerOptions['checkResponse'] = ({ $ }) => {
      const title = $('title').text();
      if (title === 'Blocked') return true;
      return title.startsWith('Not sure') ? { kind: 'timeout' } : false;
    };
    const options = { checkResponse, maxRequestRetries: 0 };
    const blocked = await crawl(`${site.url}/?body=<title>Blocked</title>`, {
      ...options,
      sessionPoolOptions: { persistStateKey: 'blocked' },
    });
    expect(blocked.pool.retiredSessionsCount).toBeGreaterThan(0);
    expect(blocked.pool.usableSessionsCount).toBe(0);
    const unsure = await crawl(`${site.url}/?body=<title>Not sure</title>`, {
      ...options,
      sessionPoolOptions: { persistStateKey: 'unsure' },
    });
    expect(unsure.pool.sessions.map(({ errorScore }) => errorScore)).toEqual([1]);
  });
});

describe.each([
  ['PuppeteerCrawler', Apify.PuppeteerCrawler],
  ['PlaywrightCrawler', Apify.PlaywrightCrawler],
] as const)('%s', (name, Kind) => {
  it('opens pages by gotoFunction or by itself, around its hooks; 403 retires, 500 is a page', {
    timeout: 60_000,
  }, async () => {
    await using site = await openCrawlSite();
    const calls: unknown[] = [];
    const statuses: unknown[] = [];
    const crawler = new (Kind as typeof Apify.PuppeteerCrawler)({
      requestList: await listOf(`${site.url}/?status=500`, `${site.url}/?status=403`),
      maxRequestRetries: 0,
      maxConcurrency: 1,
      navigationTimeoutSecs: 20,
      browserPoolOptions: { maxOpenPagesPerBrowser: 1, retireBrowserAfterPageCount: 5 },
      preNavigationHooks: [
        ({ crawler: own }, gotoOptions) => void calls.push(own === crawler, gotoOptions.timeout),
      ],
      gotoFunction: ({ page, request }, gotoOptions) => page.goto(request.url, gotoOptions),
      postNavigationHooks: [({ response }) => void calls.push(response.status())],
      handlePageFunction: async ({ page, response, session }) => {
        statuses.push(response.status(), await page.title(), session instanceof Apify.Session);
      },
      handleFailedRequestFunction: ({ error, session, page }) => {
        statuses.push((error as { code?: string }).code, session.retiredReason, typeof page.goto);
      },
    });
    await crawler.run();
    expect(calls).toEqual([true, 20_000, 500, true, 20_000, 403]);
    expect(statuses).toEqual([500, '/', true, 'TROUPE_BLOCKED', 'blocked', 'function']);
  });

  it('refuses what belongs elsewhere', async () => {
    const requestList = await listOf('http://a.example/');
    const make = (launchContext: object): unknown =>
      new (Kind as typeof Apify.PuppeteerCrawler)({
        requestList,
        handlePageFunction: () => {},
        launchContext,
      } as never);
    expect(() => make({ proxyUrl: 'http://u:secret@p.example:1' })).toThrow(
      `\`launchContext.proxyUrl\` is not allowed in ${name}: use the option \`proxyConfiguration\``,
    );
    expect(() => make({ stealth: true })).toThrow('`launchContext.stealth`');
    expect(() => make({ userAgent: 'x' })).toThrow('`launchContext.userAgent`');
    expect(() => make({ other: 1 })).toThrow('Unknown option `launchContext.other`');
    expect(make({ stealth: false, useChrome: false })).toBeInstanceOf(Kind);
  });
});
