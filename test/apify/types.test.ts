import type { Page as PlaywrightPage } from 'playwright-core';
import type { HTTPResponse, Page as PuppeteerPage } from 'puppeteer-core';
import { expect, expectTypeOf, it } from 'vitest';
import * as Apify from '../../src/apify/names.ts';

interface Input {
  startUrls: { url: string }[];
}

it('types what an actor written in TypeScript names', () => {
  // Never called: it is compiled, under the strictest settings.
  const actor = async (): Promise<void> => {
    const input: Input | null = await Apify.getInput<Input>();
    const loose: { token?: string } = (await Apify.getInput()) as never;
    const requestQueue: Apify.RequestQueue = await Apify.openRequestQueue();
    const requestList = await Apify.openRequestList('start', input?.startUrls ?? []);
    const proxyConfiguration = await Apify.createProxyConfiguration({ groups: ['A'] });
    const options: Apify.CheerioCrawlerOptions = {
      requestQueue,
      requestList,
      proxyConfiguration,
      sessionPoolOptions: { maxPoolSize: 100 },
      handlePageFunction: async ({
        request,
        $,
        body,
        json,
        response,
        session,
        proxyInfo,
        crawler,
        autoscaledPool,
      }) => {
        expectTypeOf(request).toEqualTypeOf<Apify.Request>();
        expectTypeOf(session).toEqualTypeOf<Apify.Session>();
        expectTypeOf(crawler).toEqualTypeOf<Apify.CheerioCrawler>();
        expectTypeOf(proxyInfo.url).toBeString();
        expectTypeOf(response.statusCode).toBeNumber();
        expectTypeOf($('title').text()).toBeString();
        await Apify.utils.enqueueLinks({ $, requestQueue, pseudoUrls: ['https://a.example/[.*]'] });
        await Apify.pushData({ body, json, token: loose.token });
        await autoscaledPool.abort();
      },
      handleFailedRequestFunction: ({ request, error }) =>
        Apify.utils.log.exception(error, request.url),
    };
    await new Apify.CheerioCrawler(options).run();
    new Apify.PuppeteerCrawler({
      requestList,
      gotoFunction: async ({ page, request }) => page.goto(request.url),
      handlePageFunction: async ({ page, response }) => {
        expectTypeOf(page).toEqualTypeOf<PuppeteerPage>();
        expectTypeOf(response).toEqualTypeOf<HTTPResponse>();
      },
    });
    new Apify.PlaywrightCrawler({
      requestList,
      handlePageFunction: async ({ page }) => expectTypeOf(page).toEqualTypeOf<PlaywrightPage>(),
    });
    const sessionPool = await Apify.openSessionPool({ maxPoolSize: 100 });
    sessionPool.getSession().markBad();
    (await sessionPool.getSession()).markGood();
    expectTypeOf(sessionPool.getSession('id')).toEqualTypeOf<Apify.Session | undefined>();
    const dataset = await Apify.openDataset();
    await dataset.forEach((item: { id: string }) => void item.id);
    // @ts-expect-error a handler is needed
    new Apify.BasicCrawler({ requestQueue });
    // @ts-expect-error an option that does not exist
    new Apify.SessionPool({ size: 1 });
  };
  expect(actor).toBeTypeOf('function');
});
