import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCli, type Cli, type CliRun } from '../support/cli-process.ts';
import { openPageTree, type PageTree, pageNumbers } from '../support/page-tree.ts';

let cli: Cli;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  folder = await mkdtemp(path.join(os.tmpdir(), 'troupe cli-'));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const PAGES = 40;
const ALL = Array.from({ length: PAGES }, (_, index) => index + 1);

/** A site that holds every answer back after so many, until it is told to go on. */
async function openGatedTree(
  openPages: number,
): Promise<PageTree & { readonly isHolding: Promise<void>; release(): void }> {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let hold = (): void => {};
  const isHolding = new Promise<void>((resolve) => {
    hold = resolve;
  });
  let count = 0;
  const tree = await openPageTree({
    pages: PAGES,
    gate: () => {
      if (++count <= openPages) return undefined;
      hold();
      return gate;
    },
  });
  return Object.assign(tree, { isHolding, release });
}

async function pagesIn(file: string): Promise<{ count: number; pages: number[] }> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const urls = lines.map((line) => JSON.parse(line).url as string);
  return { count: urls.length, pages: pageNumbers(urls) };
}

/** Runs the command the interrupted crawl printed, as a shell would. */
async function resume(stderr: string, cwd: string): Promise<{ code: number; stderr: string }> {
  const command = /To go on from here:\n {2}(.*)\n/.exec(stderr)?.[1];
  expect(command).toBeDefined();
  const shell = spawn('sh', ['-c', command as string], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [message, [code]] = await Promise.all([text(shell.stderr), once(shell, 'close')]);
  return { code: code as number, stderr: message };
}

async function interruptAt(
  run: CliRun,
  tree: { readonly isHolding: Promise<void> },
  signal: 'SIGINT' | 'SIGTERM',
): Promise<void> {
  await tree.isHolding;
  run.child.kill(signal);
  await run.printed('Finishing what is in flight');
}

test.each([
  ['SIGINT', 130, []],
  ['SIGTERM', 143, ['--storage', 'state of crawl']],
] as const)(
  '%s finishes what is in flight, ends with %i and prints the command that goes on',
  async (signal, expectedCode, args) => {
    await using tree = await openGatedTree(10);
    const cwd = await mkdtemp(path.join(folder, 'run-'));
    const settings = { cwd, env: { TMPDIR: cwd } };
    const run = cli.start(['crawl', tree.startUrl, '-o', "it's.jsonl", ...args], settings);
    await interruptAt(run, tree, signal);
    tree.release();
    const { code, stderr } = await run.ended;
    expect(code).toBe(expectedCode);
    const output = path.join(cwd, "it's.jsonl");
    const before = await pagesIn(output);
    expect(before.count).toBe(before.pages.length);
    expect(before.pages).toEqual(tree.askedPages());
    expect(before.count).toBeLessThan(PAGES);

    const after = await resume(stderr, cwd);
    expect(after).toMatchObject({ code: 0 });
    expect(await pagesIn(output)).toEqual({ count: PAGES, pages: ALL });
    // Each page was fetched once, over both runs.
    expect(tree.asked).toHaveLength(PAGES);
    if (args.length === 0) expect(await readdir(cwd)).toEqual(["it's.jsonl"]);
  },
);

test('a second Ctrl-C ends at once; resumed, the result has each page once', async () => {
  await using tree = await openGatedTree(10);
  const cwd = await mkdtemp(path.join(folder, 'run-'));
  const args = ['crawl', tree.startUrl, '-o', 'out.jsonl', '--storage', 'state'];
  const run = cli.start(args, { cwd });
  await interruptAt(run, tree, 'SIGINT');
  run.child.kill('SIGINT');
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  expect(await readdir(cwd)).toEqual(['state']);
  tree.release();
  expect(await resume(stderr, cwd)).toMatchObject({ code: 0 });
  expect(await pagesIn(path.join(cwd, 'out.jsonl'))).toEqual({ count: PAGES, pages: ALL });
});

test('--max-requests counts over both runs', async () => {
  await using tree = await openGatedTree(6);
  const cwd = await mkdtemp(path.join(folder, 'run-'));
  const args = ['crawl', tree.startUrl, '-o', 'out.jsonl', '--max-requests', '20'];
  const run = cli.start([...args, '--concurrency', '2'], { cwd, env: { TMPDIR: cwd } });
  await interruptAt(run, tree, 'SIGINT');
  tree.release();
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  expect(await resume(stderr, cwd)).toMatchObject({ code: 0 });
  expect((await pagesIn(path.join(cwd, 'out.jsonl'))).count).toBe(20);
});

test('an unfinished crawl is not overwritten, a finished one makes room for the next', async () => {
  await using tree = await openGatedTree(10);
  const cwd = await mkdtemp(path.join(folder, 'run-'));
  const args = ['crawl', tree.startUrl, '-o', 'out.jsonl', '--storage', 'state'];
  const run = cli.start(args, { cwd });
  await interruptAt(run, tree, 'SIGINT');
  tree.release();
  await run.ended;

  const refused = await cli.run(args, { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--storage 'state' holds an unfinished crawl: add --resume");

  expect((await cli.run([...args, '--resume'], { cwd })).code).toBe(0);
  const again = await cli.run([...args, '--json'], { cwd });
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ requestsFinished: PAGES, itemsCount: PAGES });
});

test('a request that failed before the interruption still counts after it', async () => {
  await using tree = await openPageTree({
    pages: 4,
    answer: (url, response) => {
      if (url !== '/page/2') return false;
      response.writeHead(403).end();
      return true;
    },
  });
  const cwd = await mkdtemp(path.join(folder, 'run-'));
  const args = ['crawl', tree.startUrl, '-o', 'out.jsonl', '--storage', 'state'];
  expect((await cli.run(args, { cwd })).code).toBe(1);
  const resumed = await cli.run([...args, '--resume'], { cwd });
  expect(resumed.code).toBe(1);
  expect(await pagesIn(path.join(cwd, 'out.jsonl'))).toEqual({ count: 3, pages: [1, 3, 4] });
});
