import { expect, test } from 'vitest';
import { createRouter } from './router.ts';

interface Context {
  readonly request: { readonly label?: string };
  readonly seen: string[];
}

function context(label?: string): Context {
  return { request: label === undefined ? {} : { label }, seen: [] };
}

test('a request goes to the handler of its label', async () => {
  const router = createRouter<Context>({ list: ({ seen }) => seen.push('list') });
  router.addHandler('detail', ({ seen }) => seen.push('detail'));
  const page = context('detail');
  await router(page);
  expect(page.seen).toEqual(['detail']);
});

test('requests without a label or with an unknown one go to the default handler', async () => {
  const router = createRouter<Context>();
  router.addDefaultHandler(({ seen }) => seen.push('default'));
  for (const page of [context(), context('unknown')]) {
    await router(page);
    expect(page.seen).toEqual(['default']);
  }
});

test('middlewares run first, in order, and may end the page', async () => {
  const router = createRouter<Context>();
  router.addDefaultHandler(({ seen }) => seen.push('handler'));
  router.use(({ seen }) => seen.push('first'));
  router.use(async ({ seen, request }) => {
    seen.push('second');
    if (request.label === 'stop') throw new Error('not this one');
  });
  const page = context();
  await router(page);
  expect(page.seen).toEqual(['first', 'second', 'handler']);
  const stopped = context('stop');
  await expect(router(stopped)).rejects.toThrow('not this one');
  expect(stopped.seen).toEqual(['first', 'second']);
});

test('a missing route is an error that names the label', async () => {
  const router = createRouter<Context>();
  await expect(router(context('detail'))).rejects.toMatchObject({
    code: 'TROUPE_MISSING_ROUTE',
    message: expect.stringContaining('"detail"'),
  });
});

test('a second handler for the same label is refused', () => {
  const router = createRouter<Context>({ list: () => {} });
  expect(() => router.addHandler('list', () => {})).toThrow('"list"');
  router.addDefaultHandler(() => {});
  expect(() => router.addDefaultHandler(() => {})).toThrow('without a label');
});
