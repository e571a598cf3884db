import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCli, type Cli } from '../support/cli-process.ts';
import { openProxy } from '../support/local-proxy.ts';
import { openPageTree } from '../support/page-tree.ts';

let cli: Cli;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  folder = await mkdtemp(path.join(os.tmpdir(), 'troupe-lab-'));
  await writeFile(
    path.join(folder, 'mine.json'),
    JSON.stringify({
      name: 'mine',
      durationSecs: 120,
      proxies: [{ count: 8 }, { count: 2, state: 'dead' }],
      site: { rateLimit: { perSec: 1, burst: 4, retryAfterSecs: 2 } },
      crawl: { slots: 12 },
    }),
  );
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('lab prints a table, and with --json numbers with intervals, the same each time', async () => {
  const args = ['lab', '--world', 'mine.json', '--policy', 'random,oracle-goodput', '--seeds', '3'];
  const table = await cli.run(args, { cwd: folder });
  expect(table.code).toBe(0);
  expect(table.stdout).toMatch(/^mine/m);
  expect(table.stdout).toMatch(/^ {2}oracle-goodput +\d+\.\d\d +± \d+\.\d\d +100\.0 ± 0\.0 %/m);
  const json = await cli.run([...args, '--json', '--html', 'page.html'], { cwd: folder });
  const again = await cli.run([...args, '--json'], { cwd: folder });
  expect(again.stdout).toBe(json.stdout);
  const { seeds, worlds } = JSON.parse(json.stdout);
  expect(seeds).toEqual([1, 2, 3]);
  expect(worlds[0].policies[1]).toMatchObject({ policy: 'oracle-goodput', ofOracle: { mean: 1 } });
  expect(await readFile(path.join(folder, 'page.html'), 'utf8')).toContain('<svg');
});

test('lab --list names worlds, policies and oracles', async () => {
  const { code, stdout } = await cli.run(['lab', '--list']);
  expect(code).toBe(0);
  for (const name of ['bans-without-429', 'fifty-proxies', 'backoff', 'oracle-waste']) {
    expect(stdout).toContain(name);
  }
});

test.each<[string, string[], string[]]>([
  ['an unknown world', ['--world', 'mars'], ['no world `mars`', 'mixed']],
  ['an unknown policy', ['--policy', 'random,best'], ['no policy `best`', 'adaptive']],
  ['a file that is not there', ['--world', 'none.json'], ['none.json cannot be read']],
  ['no seeds', ['--seeds', '0'], ['--seeds', '≥ 1']],
  ['a log that is none', ['fit', 'mine.json'], ['mine.json:1', 'at']],
])('%s is wrong usage', async (_, args, said) => {
  const { code, stderr, stdout } = await cli.run(['lab', ...args], { cwd: folder });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  for (const text of said) expect(stderr).toContain(text);
});

test('Ctrl-C ends the lab at once with 130', async () => {
  const run = cli.start(['lab', '--seeds', '500']);
  await run.printed('Simulating 64000 crawls');
  run.child.kill('SIGINT');
  const { code, stdout } = await run.ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
});

test('a crawl logs its outcomes without secrets, and a world is fitted to them', async () => {
  await using tree = await openPageTree({ pages: 40 });
  await using proxy = await openProxy({ username: 'somebody', password: 'hunter2' });
  await writeFile(path.join(folder, 'proxies.txt'), `${proxy.info.url}\n`);
  const crawled = await cli.run(
    [
      'crawl',
      tree.startUrl,
      '--proxies',
      'proxies.txt',
      '--outcome-log',
      'log.jsonl',
      '-o',
      'a.csv',
    ],
    { cwd: folder },
  );
  expect(crawled.code).toBe(0);
  const log = await readFile(path.join(folder, 'log.jsonl'), 'utf8');
  expect(log).not.toMatch(/hunter2|somebody/);
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThanOrEqual(40);
  expect(lines[0]).toEqual({
    at: expect.any(Number),
    proxy: new URL(proxy.info.url).host,
    origin: new URL(tree.startUrl).origin,
    kind: 'ok',
    status: 200,
    latencyMs: expect.any(Number),
  });
  const fitted = await cli.run(['lab', 'fit', 'log.jsonl', '--json'], { cwd: folder });
  expect(fitted.code).toBe(0);
  const { output, world } = JSON.parse(fitted.stdout);
  expect(world.proxies).toMatchObject([{ count: 1 }]);
  const tried = await cli.run(
    ['lab', '--world', `./${output}`, '--policy', 'random', '--seeds', '1'],
    { cwd: folder },
  );
  expect(tried.code).toBe(0);
});
