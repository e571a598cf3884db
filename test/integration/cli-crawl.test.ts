import { mkdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LocalWorld } from '../../src/lab/local/local-world.ts';
import { bundleCli, type Cli } from '../support/cli-process.ts';
import { openPageTree, type PageTree, pageNumbers } from '../support/page-tree.ts';

let cli: Cli;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  folder = await mkdtemp(path.join(os.tmpdir(), 'troupe-cli-'));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let tree: PageTree;

beforeEach(async () => {
  tree = await openPageTree({ pages: 13 });
  return () => tree.close();
});

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function urlsOf(items: readonly Record<string, unknown>[]): string[] {
  return items.map(({ url }) => String(url));
}

const ALL = Array.from({ length: 13 }, (_, index) => index + 1);

test('items go to standard output as JSON lines, messages to standard error', async () => {
  const { code, stdout, stderr } = await cli.run(['crawl', tree.startUrl]);
  expect(code).toBe(0);
  const items = jsonLines(stdout);
  expect(items).toHaveLength(13);
  expect(pageNumbers(urlsOf(items))).toEqual(ALL);
  expect(items[0]).toEqual({ url: tree.startUrl, title: 'Page 1', status: 200, depth: 0 });
  expect(items.find(({ url }) => String(url).endsWith('/13'))).toMatchObject({ depth: 2 });
  expect(stderr).toMatch(/^13 pages in [\d.]+ s \([\d.]+ pages\/s\), 13 attempts, 0 failed$/m);
  expect(stderr).not.toContain('\u001b');
});

test('a crawl that is done leaves nothing behind without --storage', async () => {
  const temporary = await mkdtemp(path.join(folder, 'tmp-'));
  const { code } = await cli.run(['crawl', tree.startUrl], { env: { TMPDIR: temporary } });
  expect(code).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
});

test('-o writes JSON lines or CSV, and nothing goes to standard output', async () => {
  const jsonl = path.join(folder, 'new', 'out.jsonl');
  const csv = path.join(folder, 'out.csv');
  const toJsonl = await cli.run(['crawl', tree.startUrl, '-o', jsonl]);
  const toCsv = await cli.run(['crawl', tree.startUrl, '--select', 'h=h1', '--output', csv]);
  expect([toJsonl.code, toCsv.code, toJsonl.stdout, toCsv.stdout]).toEqual([0, 0, '', '']);
  expect(jsonLines(await readFile(jsonl, 'utf8'))).toHaveLength(13);
  const rows = (await readFile(csv, 'utf8')).trimEnd().split('\r\n');
  expect(rows).toHaveLength(14);
  expect(rows.slice(0, 2)).toEqual(['url,h', `${tree.startUrl},"Head, ""1"""`]);
  expect(toJsonl.stderr).toContain(`13 items in ${jsonl}`);
});

test('--select makes the columns: text, attribute, lists, nothing found', async () => {
  const selects = ['head=h1', 'next=a.next@href', 'all[]=a.next', 'none=.none'];
  const args = selects.flatMap((select) => ['--select', select]);
  const { code, stdout } = await cli.run(['crawl', tree.startUrl, '--max-depth', '0', ...args]);
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toEqual([
    {
      url: tree.startUrl,
      head: 'Head, "1"',
      next: '/page/2',
      all: ['to 2', 'to 3', 'to 4'],
      none: null,
    },
  ]);
});

test('--max-depth, --max-requests and --glob bound the crawl', async () => {
  const [deep, few, matching] = await Promise.all([
    cli.run(['crawl', tree.startUrl, '--max-depth', '1']),
    cli.run(['crawl', tree.startUrl, '--max-requests', '5']),
    cli.run(['crawl', tree.startUrl, '--glob', '**/page/2', '--glob', '**/page/{5,6}']),
  ]);
  expect(pageNumbers(urlsOf(jsonLines(deep.stdout)))).toEqual([1, 2, 3, 4]);
  expect(jsonLines(few.stdout)).toHaveLength(5);
  expect(pageNumbers(urlsOf(jsonLines(matching.stdout)))).toEqual([1, 2, 5, 6]);
  expect([deep.code, few.code, matching.code]).toEqual([0, 0, 0]);
});

test('--json prints the statistics as one object', async () => {
  const output = path.join(folder, 'stats.jsonl');
  const { code, stdout } = await cli.run(['crawl', tree.startUrl, '-o', output, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    isFinished: true,
    itemsCount: 13,
    output,
    requestsFinished: 13,
    requestsFailed: 0,
    outcomes: { ok: 13, blocked: 0 },
    resume: null,
  });
});

test('items that cannot be written are kept until they can', async () => {
  const cwd = await mkdtemp(path.join(folder, 'run-'));
  await using slow = await openPageTree({
    pages: 4,
    // By the time the crawl ends a folder stands where the file should go.
    answer: () => {
      mkdirSync(path.join(cwd, 'out.jsonl'), { recursive: true });
      return false;
    },
  });
  const args = ['crawl', slow.startUrl, '-o', 'out.jsonl'];
  const { code, stderr } = await cli.run(args, { cwd, env: { TMPDIR: cwd } });
  expect(code).toBe(1);
  expect(stderr).toContain('error: Could not write out.jsonl');
  const storage = /--storage (\S+) --resume/.exec(stderr)?.[1] as string;
  await rm(path.join(cwd, 'out.jsonl'), { recursive: true });
  expect((await cli.run([...args, '--storage', storage, '--resume'], { cwd })).code).toBe(0);
  expect(jsonLines(await readFile(path.join(cwd, 'out.jsonl'), 'utf8'))).toHaveLength(4);
  expect(await readdir(cwd)).toEqual(['out.jsonl']);
});

test('requests that fail for good are told of and end with 1; the other pages are there', async () => {
  await using broken = await openPageTree({
    pages: 4,
    answer: (url, response) => {
      if (url !== '/page/3') return false;
      response.writeHead(403).end();
      return true;
    },
  });
  const { code, stdout, stderr } = await cli.run(['crawl', broken.startUrl]);
  expect(code).toBe(1);
  expect(pageNumbers(urlsOf(jsonLines(stdout)))).toEqual([1, 2, 4]);
  expect(stderr).toMatch(/^failed: .*\/page\/3/m);
  expect(stderr).toContain('1 failed');
});

test('a link to something that is no page is left out and no failure', async () => {
  await using mixed = await openPageTree({
    pages: 4,
    answer: (url, response) => {
      if (url !== '/page/3') return false;
      response.writeHead(200, { 'content-type': 'image/png' }).end('png');
      return true;
    },
  });
  const { code, stdout, stderr } = await cli.run(['crawl', mixed.startUrl]);
  expect(code).toBe(0);
  expect(pageNumbers(urlsOf(jsonLines(stdout)))).toEqual([1, 2, 4]);
  expect(stderr).toContain('1 left out: not pages');
});

test('--robots leaves out what robots.txt forbids', async () => {
  await using polite = await openPageTree({
    pages: 13,
    answer: (url, response) => {
      if (url !== '/robots.txt') return false;
      response.end('User-agent: *\nDisallow: /page/2\n');
      return true;
    },
  });
  const { code, stdout } = await cli.run(['crawl', polite.startUrl, '--robots']);
  expect(code).toBe(0);
  // The prefix /page/2 stands for itself here, as no page has a number above 13.
  expect(pageNumbers(urlsOf(jsonLines(stdout)))).toEqual([1, 3, 4, 8, 9, 10, 11, 12, 13]);
  expect(polite.askedPages()).not.toContain(2);
});

test('--block-title takes a page with such a title for a refusal', async () => {
  let refusals = 0;
  await using guarded = await openPageTree({
    pages: 4,
    answer: (url, response) => {
      if (url !== '/page/2' || refusals >= 2) return false;
      refusals++;
      response.setHeader('content-type', 'text/html');
      response.end('<title>ACCESS denied</title>');
      return true;
    },
  });
  const output = path.join(folder, 'guarded.jsonl');
  const args = ['--block-title', 'access denied', '-o', output, '--json'];
  const { code, stdout } = await cli.run(['crawl', guarded.startUrl, ...args]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    requestsFinished: 4,
    outcomes: { ok: 4, blocked: 2 },
    sessionsRetiredByReason: { blocked: 2 },
  });
});

test('--concurrency 1 never has two requests open', async () => {
  let open = 0;
  let most = 0;
  await using counting = await openPageTree({
    pages: 13,
    answer: (_url, response) => {
      most = Math.max(most, ++open);
      response.once('close', () => open--);
      return false;
    },
  });
  const { code } = await cli.run(['crawl', counting.startUrl, '--concurrency', '1']);
  expect(code).toBe(0);
  expect(most).toBe(1);
});

test.each([
  ['--rpm', '1200'],
  ['--delay', '0.05'],
])('%s %s spaces requests by 50 ms', async (option, value) => {
  const times: number[] = [];
  await using timed = await openPageTree({
    pages: 13,
    answer: () => {
      times.push(performance.now());
      return false;
    },
  });
  const { code } = await cli.run(['crawl', timed.startUrl, option, value]);
  expect(code).toBe(0);
  expect(times).toHaveLength(13);
  // 550 ms as they leave; the first ones may arrive late, having waited for what is loaded lazily.
  expect((times[12] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(300);
});

test('--proxies sends all requests through the proxies of the file', async () => {
  await using world = await LocalWorld.open({ pagesCount: 20, proxiesCount: 1 });
  const file = path.join(folder, 'proxies.txt');
  await writeFile(file, `# the only one\n\n${world.proxyUrls[0]}\n`);
  const { code, stdout } = await cli.run(['crawl', world.startUrl, '--proxies', file]);
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toHaveLength(20);
  const { proxies, servedCount } = world.report();
  expect(servedCount).toBe(20);
  expect(proxies[0]).toMatchObject({ hits: 20 });
});

test('a reader that has seen enough ends the crawl quietly', async () => {
  const temporary = await mkdtemp(path.join(folder, 'tmp-'));
  await using endless = await openPageTree({ pages: 1_000_000, branches: 5 });
  const { child, ended } = cli.start(['crawl', endless.startUrl], { env: { TMPDIR: temporary } });
  child.stdout?.once('data', () => child.stdout?.destroy());
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(await readdir(temporary)).toEqual([]);
});
