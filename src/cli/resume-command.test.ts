import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Invocation, quoted, resumeCommand } from './resume-command.ts';

function invocation(args: string[], script = '/usr/bin/troupe', env = {}): Invocation {
  return { argv: ['/usr/bin/node', script, ...args], env, cwd: () => '/home/me' };
}

test('the command is the same one with --storage and --resume', () => {
  expect(resumeCommand(invocation(['crawl', 'http://a.test/', '--rpm', '5']), '/x/state')).toBe(
    'troupe crawl http://a.test/ --rpm 5 --storage /x/state --resume',
  );
});

test.each([
  [['crawl', 'http://a.test/', '--storage', 'dir', '--resume']],
  [['crawl', '--resume', 'http://a.test/', '--storage', 'dir']],
])('what is there already is not repeated', (args) => {
  expect(resumeCommand(invocation(args), 'dir')).toBe(
    'troupe crawl http://a.test/ --storage dir --resume',
  );
});

test('options go before a lone --', () => {
  expect(resumeCommand(invocation(['crawl', '--storage=d', '--', 'http://a.test/']), 'd')).toBe(
    'troupe crawl --storage=d --resume -- http://a.test/',
  );
});

test('the program is named as it was called', () => {
  const args = ['crawl', 'http://a.test/', '--storage=d'];
  const tail = 'crawl http://a.test/ --storage=d --resume';
  expect(resumeCommand(invocation(args, '/home/me/dist/cli.js'), 'd')).toBe(
    `node dist/cli.js ${tail}`,
  );
  expect(resumeCommand(invocation(args, '/x/troupe', { npm_command: 'exec' }), 'd')).toBe(
    `npx troupe ${tail}`,
  );
});

test('a shell reads quoted words back unchanged', () => {
  const words = ['plain', '', 'a b', "it's", '$HOME', 'a&b?c=1', '*.html', '!x', 'ü\n"', '~', '#'];
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quoted).join(' ')}`]);
  expect(printed.toString().split('\0').slice(0, -1)).toEqual(words);
});
