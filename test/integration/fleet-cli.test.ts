import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleCli, type Cli, type CliRun } from '../support/cli-process.ts';
import { openPageTree, type PageTree, pageNumbers } from '../support/page-tree.ts';
import { RedisServer } from '../support/redis-server.ts';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const PAGES = 60;
const ALL = Array.from({ length: PAGES }, (_, index) => index + 1);
const CONCURRENCY = 2;

let cli: Cli;
let server: RedisServer;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  server = await RedisServer.start(['--requirepass', 'pa55word']);
  folder = await mkdtemp(path.join(os.tmpdir(), 'troupe-fleet-'));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function storageUrl(prefix: string): string {
  return `${server.url.replace('//', '//:pa55word@')}?prefix=${prefix}`;
}

test('the same command twice is one crawl, which both work on and each has the items of', async () => {
  let open = (): void => {};
  const bothHaveBegun = new Promise<void>((resolve) => {
    open = resolve;
  });
  let asked = 0;
  await using tree = await openPageTree({
    pages: PAGES,
    // More links than the first of them claims ahead.
    branches: PAGES,
    gate: () => {
      asked++;
      if (asked === 1) return undefined;
      // One alone has no more than so many in flight.
      if (asked > 1 + CONCURRENCY) open();
      return bothHaveBegun;
    },
  });
  const command = (output: string): string[] => [
    ...['crawl', tree.startUrl, '-o', path.join(folder, output), '--json'],
    ...['--concurrency', `${CONCURRENCY}`, '--storage', storageUrl('two')],
  ];
  const runs = ['one.jsonl', 'two.jsonl'].map((output) => cli.start(command(output)));
  const ends = await Promise.all(runs.map(({ ended }) => ended));
  const finished = ends.map(({ code, stdout, stderr }) => {
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).not.toContain('pa55word');
    return JSON.parse(stdout).requestsFinished as number;
  });
  expect(Math.min(...finished)).toBeGreaterThan(0);
  expect(finished.reduce((sum, count) => sum + count)).toBe(PAGES);
  expect(tree.asked).toHaveLength(PAGES);
  for (const output of ['one.jsonl', 'two.jsonl']) {
    const lines = (await readFile(path.join(folder, output), 'utf8')).trimEnd().split('\n');
    const urls = lines.map((line) => JSON.parse(line).url as string);
    expect(urls).toHaveLength(PAGES);
    expect(pageNumbers(urls)).toEqual(ALL);
  }

  const late = await cli.run(command('late.jsonl'));
  expect(late.code).toBe(2);
  expect(late.stderr).toContain('holds a finished crawl: add --resume to have its items');
  expect(late.stderr).not.toContain('pa55word');
  const resumed = await cli.run([...command('late.jsonl'), '--resume']);
  expect(resumed.code).toBe(0);
  expect(tree.asked).toHaveLength(PAGES);
  expect(await readFile(path.join(folder, 'late.jsonl'), 'utf8')).toBe(
    await readFile(path.join(folder, 'one.jsonl'), 'utf8'),
  );
});

test('interrupted, it prints the command that goes on without the password', async () => {
  const held = new Promise<void>(() => {});
  let isHeld = (): void => {};
  const holding = new Promise<void>((resolve) => {
    isHeld = resolve;
  });
  await using tree = await openPageTree({
    pages: PAGES,
    gate: (page) => {
      if (page.endsWith('/1')) return undefined;
      isHeld();
      return held;
    },
  });
  const run = cli.start(['crawl', tree.startUrl, '--storage', storageUrl('interrupted')]);
  await holding;
  run.child.kill('SIGINT');
  await run.printed('Finishing what is in flight');
  run.child.kill('SIGINT');
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('To go on from here:');
  expect(stderr).toMatch(/redis:\/\/:\*\*\*@127\.0\.0\.1/);
  expect(stderr).not.toContain('pa55word');
});

describe('interrupted while the server is away', () => {
  /** A crawl that has just met the outage. */
  async function crawlIntoOutage(own: RedisServer, tree: PageTree): Promise<CliRun> {
    const storage = own.url.replace('//', '//:pa55word@');
    const run = cli.start(['crawl', tree.startUrl, '--storage', storage]);
    await run.printed('Waiting for it, up to 60 s');
    run.child.kill('SIGINT');
    await run.printed('Finishing what is in flight');
    return run;
  }

  async function withOutage(act: (own: RedisServer, run: CliRun) => Promise<void>): Promise<void> {
    const own = await RedisServer.start([...DURABLE, '--requirepass', 'pa55word']);
    try {
      let asked = 0;
      await using tree = await openPageTree({
        pages: PAGES,
        gate: () => (++asked === PAGES / 3 ? own.kill() : undefined),
      });
      await act(own, await crawlIntoOutage(own, tree));
    } finally {
      await own.stop();
    }
  }

  test('it saves and ends when the server is back', async () => {
    await withOutage(async (own, run) => {
      await own.restart();
      const { code, stderr, stdout } = await run.ended;
      expect(code).toBe(130);
      expect(stderr).toContain(`${own.url} cannot be reached`);
      expect(stderr).toContain('To go on from here:');
      expect(stderr + stdout).not.toContain('pa55word');
    });
  });

  test('a second time, it ends at once, with the reason and the command that goes on', async () => {
    await withOutage(async (own, run) => {
      run.child.kill('SIGINT');
      const { code, stderr, stdout } = await run.ended;
      expect(code).toBe(130);
      expect(stderr).toContain(`${own.url} cannot be reached`);
      expect(stderr).toContain('To go on from here:');
      expect(stderr + stdout).not.toContain('pa55word');
    });
  });
});

test.each([
  ['a URL that is none', 'redis://', '--storage cannot be used', 2],
  ['a server that is not there', 'redis://:pa55word@127.0.0.1:1', 'cannot be reached', 1],
])('says what is wrong with %s', async (_what, url, message, expectedCode) => {
  const { code, stderr } = await cli.run(['crawl', 'http://127.0.0.1:1/', '--storage', url]);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('pa55word');
  expect(code).toBe(expectedCode);
});
