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

const examples = (await readdir(`${ROOT}examples`)).map((name) => `examples/${name}`);
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

/** Ten pages of three books each; each page links to the next. */
const bookShop: SiteHandler = (request, response) => {
  const number = Number(/^\/page\/(\d+)$/.exec(request.url ?? '')?.[1] ?? 1);
  const isKnown = request.url === '/' || /^\/page\/([1-9]|10)$/.test(request.url ?? '');
  const books = [1, 2, 3].map(
    (book) => `<article class="book"><h3>Book ${number}.${book}</h3><b>${book}.50</b></article>`,
  );
  const next = number < 10 ? `<a class="next" href="/page/${number + 1}">next</a>` : '';
  response.statusCode = isKnown ? 200 : 404;
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('set-cookie', 'visitor=1; Path=/');
  response.end(`<title>Books, page ${number}</title><h1>Books</h1>${books.join('')}${next}`);
};
