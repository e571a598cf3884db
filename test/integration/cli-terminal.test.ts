import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCli, type Cli } from '../support/cli-process.ts';
import { openPageTree } from '../support/page-tree.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await bundleCli();
});

afterAll(() => cli[Symbol.asyncDispose]());

/** What the command shows when its output is a terminal; made by script(1) of util-linux. */
async function runInTerminal(command: string, env: Record<string, string> = {}): Promise<string> {
  const child = spawn('script', ['-qec', `stty cols 70; ${command}`, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [shown] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return shown;
}

function canMakeTerminals(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
}

const CLEAR_LINE = '\r\u001b[2K';

test.runIf(canMakeTerminals())('a terminal gets a live line that is gone at the end', async () => {
  await using tree = await openPageTree({ pages: 13 });
  const command = `'${process.execPath}' '${cli.script}' crawl ${tree.startUrl}`;
  const shown = await runInTerminal(command);
  expect(shown).toContain(CLEAR_LINE);
  expect(shown).toContain('░');
  expect(shown).toContain('\u001b[32m');
  // What is left on the screen: 13 items and the summary, no trace of the live line.
  const lines = shown
    .split(/\r?\n/)
    .map((line) => stripVTControlCharacters(line.split(CLEAR_LINE).at(-1) ?? ''));
  expect(lines.filter((line) => line.startsWith('{"url"'))).toHaveLength(13);
  expect(lines.filter((line) => /[█░]/.test(line))).toEqual([]);
  expect(lines.some((line) => line.startsWith('13 pages in'))).toBe(true);
});

test.runIf(canMakeTerminals())('NO_COLOR takes the colours away', async () => {
  await using tree = await openPageTree({ pages: 2 });
  const command = `'${process.execPath}' '${cli.script}' crawl ${tree.startUrl}`;
  const shown = await runInTerminal(command, { NO_COLOR: '1' });
  expect(shown).toContain('░');
  expect(shown.replaceAll(CLEAR_LINE, '')).not.toContain('\u001b');
});
