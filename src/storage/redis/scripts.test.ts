import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Script } from './script.ts';
import * as scripts from './scripts.ts';

const NAMED = Object.entries(scripts).map(([name, script]): [string, Script] => [
  `${name.toLowerCase().replaceAll('_', '-')}.lua`,
  script,
]);

/** What Redis 6.2 lets scripts use, besides Lua's own: not `redis.setresp`, `os` and what came with 7.0. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  redis: ['call', 'pcall', 'error_reply', 'status_reply', 'sha1hex', 'log'],
  cjson: ['encode', 'decode'],
  cmsgpack: ['pack', 'unpack'],
  struct: ['pack', 'unpack', 'size'],
  bit: [
    'band',
    'bor',
    'bxor',
    'bnot',
    'lshift',
    'rshift',
    'arshift',
    'rol',
    'ror',
    'tobit',
    'tohex',
  ],
  string: [
    'byte',
    'char',
    'find',
    'format',
    'gmatch',
    'gsub',
    'len',
    'lower',
    'match',
    'rep',
    'sub',
    'upper',
  ],
  table: ['concat', 'insert', 'remove', 'sort'],
  math: [
    'abs',
    'ceil',
    'exp',
    'floor',
    'fmod',
    'huge',
    'log',
    'log10',
    'max',
    'min',
    'modf',
    'pow',
    'sqrt',
  ],
};
const FUNCTIONS = [
  'assert',
  'error',
  'ipairs',
  'next',
  'pairs',
  'pcall',
  'select',
  'tonumber',
  'tostring',
  'type',
  'unpack',
];
const KEYWORDS = [
  'and',
  'elseif',
  'function',
  'if',
  'in',
  'local',
  'not',
  'or',
  'return',
  'until',
  'while',
];

describe.each(NAMED)('%s', (file, script) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const header = text.slice(0, text.indexOf('\n\n'));

  it('is the script that is sent', () => {
    expect(script.text.endsWith(text)).toBe(true);
  });

  it('names in its header the keys and arguments that are passed, in this order', () => {
    expect(namesOf(header, 'KEYS')).toEqual(script.keys);
    expect(namesOf(header, 'ARGV')).toEqual([...script.args, ...script.each]);
  });

  it('numbers them without a gap, and marks where those of each item begin', () => {
    expect(numbersOf(header, 'KEYS')).toEqual(script.keys.map((_, index) => `${index + 1}`));
    const count = script.args.length + (script.each.length > 0 ? 1 : 0);
    const numbers = Array.from({ length: count }, (_, index) => `${index + 1}`);
    if (script.each.length > 0) numbers[count - 1] += '…';
    expect(numbersOf(header, 'ARGV')).toEqual(numbers);
  });

  it('reads all its keys, and none that is not passed', () => {
    const code = text.slice(header.length);
    const used = [...code.matchAll(/KEYS\[(\d+)\]/g)].map(([, number]) => Number(number));
    const numbers = [...new Set(used)].sort((a, b) => a - b);
    expect(numbers).toEqual(script.keys.map((_, index) => index + 1));
  });

  it('uses only what Redis 6.2 lets scripts use', () => {
    expect(foreignTo(script.text)).toEqual([]);
  });

  it('says what it does and what it returns', () => {
    expect(header).toMatch(/^-- [A-Z][^\n]+\.\n/);
    expect(header).toMatch(/\n-- Returns /);
  });
});

describe('what Redis 6.2 does not let scripts use', () => {
  it.each([
    ['#!lua flags=no-writes\nreturn 1', '#!'],
    ['return redis.acl_check_cmd("GET", KEYS[1])', 'redis.acl_check_cmd'],
    ['if os.clock() > 1 then return end', 'os.clock'],
    ["redis.setresp(3) return redis.call('HGETALL', KEYS[1])", 'redis.setresp'],
    ['return table.unpack({ 1 })', 'table.unpack'],
    ['return server.call("GET", KEYS[1])', 'server.call'],
    ['local f = load("return 1") return f()', 'load'],
  ])('is seen in %j', (text, found) => {
    expect(foreignTo(text)).toEqual([found]);
  });
});

/** Names that a script uses and neither declares nor may expect. */
function foreignTo(text: string): string[] {
  if (text.startsWith('#!')) return ['#!'];
  const code = text.replaceAll(/--.*|'[^'\n]*'|"[^"\n]*"/g, '');
  const declarations = [
    /\b(?:local(?: function)?|for) ([\w, ]+)/g,
    /\bfunction [\w.]*\(([\w, ]*)\)/g,
  ];
  const own = new Set(
    declarations.flatMap((pattern) =>
      [...code.matchAll(pattern)].flatMap(([, names = '']) => names.split(/\W+/)),
    ),
  );
  const members = [...code.matchAll(/(?<![.\w])([a-z]\w*)\.(\w+)/g)]
    .filter(([, owner = '', name = '']) => !own.has(owner) && !LIBRARIES[owner]?.includes(name))
    .map(([member]) => member);
  const called = [...code.matchAll(/(?<![.\w])([a-z]\w*)\(/gi)]
    .map(([, name = '']) => name)
    .filter((name) => !own.has(name) && !FUNCTIONS.includes(name) && !KEYWORDS.includes(name));
  return [...new Set([...members, ...called])];
}

function numbersOf(header: string, list: 'KEYS' | 'ARGV'): string[] {
  const lines = header.matchAll(new RegExp(`^-- ${list}\\[(\\d+…?)\\]`, 'gm'));
  return [...lines].map(([, number]) => number as string);
}

function namesOf(header: string, list: 'KEYS' | 'ARGV'): string[] {
  const lines = header.matchAll(new RegExp(`^-- ${list}\\[\\d+…?\\] ([^:]+):`, 'gm'));
  return [...lines].flatMap(([, names]) => (names as string).split(', '));
}
