import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bundle, bundle } from '../scripts/bundle.mjs';
import { ROOT } from './source-files.ts';
import { type LocalSite, openSite, type SiteHandler } from './support/local-site.ts';

const run = promisify(execFile);

// Those in folders need more than a site, and have tests of their own.
const examples = (await readdir(`${ROOT}examples`))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `examples/${name}`);
let built: Bundle;
let site: LocalSite;
let folder: string;

beforeAll(async () => {
  built = await bundle(examples);
  site = await openSite(bookShop);
  folder = await mkdtemp(path.join(tmpdir(), 'troupe-examples-'));
});

afterAll(async () => {
  await site.close();
  await built.remove();
  await rm(folder, { recursive: true, force: true });
});

it.each(examples)('%s runs to its end and shows something', async (example) => {
  const { stdout } = await run(process.execPath, [built.outputOf(example), `${site.url}/`], {
    cwd: folder,
    timeout: 30_000,
    env: { ...process.env, TROUPE_LOG_LEVEL: 'error' },
  });
  expect(stdout.trim()).not.toBe('');
});

/** Five pages of three books each, in the markup of books.toscrape.com; each page links to the next. */
const bookShop: SiteHandler = (request, response) => {
  const [, kind = '', key = ''] = request.url?.split('/') ?? [];
  response.statusCode = ['', 'page', 'book'].includes(kind) ? 200 : 404;
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('set-cookie', 'visitor=1; Path=/');
  response.end(kind === 'book' ? bookPage(key) : listPage(Number(key || 1)));
};

function listPage(page: number): string {
  const books = [1, 2, 3].map(
    (book) =>
      `<article class="product_pod"><h3><a href="/book/${page}-${book}">Book</a></h3></article>`,
  );
  const next = page < 5 ? `<li class="next"><a href="/page/${page + 1}">next</a></li>` : '';
  return `<title>Books, page ${page}</title><h1>Books</h1>${books.join('')}${next}`;
}

function bookPage(key: string): string {
  return `<title>Book ${key}</title><h1>Book ${key}</h1><p class="price_color">£5</p>`;
}
