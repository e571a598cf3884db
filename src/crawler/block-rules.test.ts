import { expect, test } from 'vitest';
import { type BlockRules, blockCheck, type CheckedPage } from './block-rules.ts';

const BLOCK_PAGE: CheckedPage = {
  response: {
    url: 'http://site/',
    statusCode: 200,
    headers: { server: 'shield', via: ['a', 'b'] },
  },
  body: '<html><head><TITLE lang=en> Access denied </TITLE></head><body>Robot?</body></html>',
  $: (selector) => ({ length: selector === '#captcha' ? 1 : 0 }),
};
const GOOD_PAGE: CheckedPage = { ...BLOCK_PAGE, body: '<title>Shoes</title>', $: () => [] };

async function kindOf(
  rules: BlockRules<CheckedPage>,
  page = BLOCK_PAGE,
): Promise<string | undefined> {
  return (await blockCheck(rules)(page, page))?.outcome.kind;
}

test('a block page is known by its title, text, element or header', async () => {
  expect(await kindOf({ title: /^access denied$/i })).toBe('blocked');
  expect(await kindOf({ body: /robot/i })).toBe('blocked');
  expect(await kindOf({ selector: '#captcha' })).toBe('blocked');
  expect(await kindOf({ header: { Server: /shield/ } })).toBe('blocked');
  expect(await kindOf({ header: { via: /b/ } })).toBe('blocked');
});

test('other pages pass', async () => {
  const rules = [{ title: /denied/i }, { body: /robot/i }, { selector: '#captcha' }];
  expect(await kindOf(rules, GOOD_PAGE)).toBeUndefined();
  expect(await kindOf({ header: { 'x-blocked': /./ } })).toBeUndefined();
  expect(await kindOf({})).toBeUndefined();
});

test('all conditions of a rule must hold, and any rule of a list', async () => {
  expect(await kindOf({ title: /denied/i, body: /absent/ })).toBeUndefined();
  expect(await kindOf([{ title: /absent/ }, { body: /robot/i }])).toBe('blocked');
});

test('a function may say why, or give another verdict', async () => {
  const error = await blockCheck<CheckedPage>(() => 'a captcha')(BLOCK_PAGE, BLOCK_PAGE);
  expect(error?.message).toBe('http://site/ is a block page: a captcha');
  expect(error?.code).toBe('TROUPE_BLOCKED');
  expect(await kindOf(async () => true)).toBe('blocked');
  expect(await kindOf(() => ({ kind: 'throttled', retryAfterSecs: 3 }))).toBe('throttled');
  expect(await kindOf(() => ({ kind: 'ok' }))).toBeUndefined();
  expect(await kindOf(() => {})).toBeUndefined();
  expect(await kindOf(() => false)).toBeUndefined();
});
