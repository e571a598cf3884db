import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { bundleCli, type Cli } from '../support/cli-process.ts';
import { openPageTree, type PageTree } from '../support/page-tree.ts';

let cli: Cli;
let tree: PageTree;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  tree = await openPageTree({ pages: 1 });
  folder = await mkdtemp(path.join(os.tmpdir(), 'troupe-cli-'));
  await writeFile(path.join(folder, 'empty.txt'), '# nothing\n');
  await writeFile(path.join(folder, 'bad.txt'), 'http://a.test:1\nftp://u:secret@b.test:2\n');
  await mkdir(path.join(folder, 'dir.csv'));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await tree.close();
  await rm(folder, { recursive: true, force: true });
});

const URL_ARG = 'http://127.0.0.1:1/';

test.each<[string, string[], string[]]>([
  ['no URL', [], ['URL']],
  ['a URL without a scheme', ['example.com'], ['example.com', 'https://example.com']],
  ['a URL of another scheme', ['ftp://example.com'], ['ftp://example.com', 'http or https']],
  [
    'no number',
    [URL_ARG, '--max-requests', 'many'],
    ['--max-requests', 'many', 'whole number ≥ 1'],
  ],
  ['a number too small', [URL_ARG, '--max-requests', '0'], ['--max-requests', '0', '≥ 1']],
  ['a negative depth', [URL_ARG, '--max-depth', '-1'], ['--max-depth', '-1']],
  ['no number of seconds', [URL_ARG, '--delay', '1m'], ['--delay', '1m', 'seconds']],
  ['a bad concurrency', [URL_ARG, '--concurrency', '1.5'], ['--concurrency', '1.5']],
  ['a bad rate', [URL_ARG, '--rpm', 'x'], ['--rpm', 'x']],
  ['a broken expression', [URL_ARG, '--block-title', '('], ['--block-title', 'regular expression']],
  ['a broken glob', [URL_ARG, '--glob', '[z-a]'], ['--glob', '[z-a]']],
  ['a glob of a path', [URL_ARG, '--glob', '/a/*'], ['--glob', '**/a/*']],
  ['a column without selector', [URL_ARG, '--select', 'title'], ['--select', 'NAME=CSS']],
  ['a broken selector', [URL_ARG, '--select', 'a=p['], ['--select', 'a=p[', 'CSS selector']],
  ['a column twice', [URL_ARG, '--select', 'a=p', '--select', 'a=b'], ['--select', "'a'"]],
  ['no proxy file', [URL_ARG, '--proxies', 'none.txt'], ['--proxies', 'none.txt', 'ENOENT']],
  ['an empty proxy file', [URL_ARG, '--proxies', 'empty.txt'], ['--proxies', 'empty.txt', 'empty']],
  ['a bad proxy', [URL_ARG, '--proxies', 'bad.txt'], ['--proxies', 'line 2', 'u:***@b.test']],
  ['an unknown format', [URL_ARG, '-o', 'out.xml'], ['-o', 'out.xml', '.csv']],
  ['a folder to write to', [URL_ARG, '-o', 'dir.csv'], ['-o', 'dir.csv', 'directory']],
  ['a file as a folder', [URL_ARG, '-o', 'bad.txt/out.csv'], ['-o', 'bad.txt/out.csv']],
  ['--json without -o', [URL_ARG, '--json'], ['--json', '-o <FILE>']],
  ['--resume without --storage', [URL_ARG, '--resume'], ['--resume', '--storage']],
  ['nothing to resume', [URL_ARG, '--storage', 'none', '--resume'], ['none', '--resume']],
  ['a file as storage', [URL_ARG, '--storage', 'bad.txt'], ['--storage', 'bad.txt']],
  ['an unknown option', [URL_ARG, '--max-request', '5'], ['--max-request', '--max-requests']],
])('%s is wrong usage: code 2 and a message that names it', async (_name, args, expected) => {
  const { code, stdout, stderr } = await cli.run(['crawl', ...args], { cwd: folder });
  expect(stderr).toMatch(/^error: /);
  for (const text of expected) expect(stderr).toContain(text);
  expect(stderr).not.toContain('secret');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect([code, stdout]).toEqual([2, '']);
});

test('wrong usage leaves nothing behind', async () => {
  const temporary = await mkdtemp(path.join(folder, 'tmp-'));
  const settings = { cwd: temporary, env: { TMPDIR: temporary } };
  await cli.run(['crawl', URL_ARG, '--select', 'a=p['], settings);
  await cli.run(['crawl', URL_ARG, '--storage', 'none', '--resume'], settings);
  expect(await readdir(temporary)).toEqual([]);
});

test('an unknown command is wrong usage', async () => {
  const { code, stderr } = await cli.run(['crawll']);
  expect(code).toBe(2);
  expect(stderr).toContain("unknown command 'crawll'");
});

test('without a command the help is shown and the usage is wrong', async () => {
  const { code, stderr } = await cli.run([]);
  expect(code).toBe(2);
  expect(stderr).toContain('troupe crawl');
});

test('--version prints the version of the package', async () => {
  expect(await cli.run(['--version'])).toEqual({
    code: 0,
    stdout: `${manifest.version}\n`,
    stderr: '',
  });
});

test.each([
  [['--help'], ['troupe crawl', 'troupe demo', 'Exit codes']],
  [
    ['crawl', '--help'],
    ['--select <NAME=CSS[@attr]>', 'Examples:', '--resume'],
  ],
  [
    ['help', 'demo'],
    ['--seed <N>', 'Examples:'],
  ],
])('%j explains itself with examples', async (args, expected) => {
  const { code, stdout, stderr } = await cli.run(args);
  expect([code, stderr]).toEqual([0, '']);
  for (const text of expected) expect(stdout).toContain(text);
  expect(stdout).not.toContain('local-world');
});

test('a site that refuses connections is a failure, not wrong usage', async () => {
  const { code, stdout, stderr } = await cli.run(['crawl', 'http://127.0.0.1:1/']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^failed: .*127\.0\.0\.1:1/m);
});
