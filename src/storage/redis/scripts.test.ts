import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Script } from './script.ts';
import * as scripts from './scripts.ts';

const NAMED = Object.entries(scripts).map(([name, script]): [string, Script] => [
  `${name.toLowerCase().replaceAll('_', '-')}.lua`,
  script,
]);

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

  it('says what it does and what it returns', () => {
    expect(header).toMatch(/^-- [A-Z][^\n]+\.\n/);
    expect(header).toMatch(/\n-- Returns /);
  });
});

function numbersOf(header: string, list: 'KEYS' | 'ARGV'): string[] {
  const lines = header.matchAll(new RegExp(`^-- ${list}\\[(\\d+…?)\\]`, 'gm'));
  return [...lines].map(([, number]) => number as string);
}

function namesOf(header: string, list: 'KEYS' | 'ARGV'): string[] {
  const lines = header.matchAll(new RegExp(`^-- ${list}\\[\\d+…?\\] ([^:]+):`, 'gm'));
  return [...lines].flatMap(([, names]) => (names as string).split(', '));
}
