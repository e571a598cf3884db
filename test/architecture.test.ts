import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** What may be used only in the one file that wraps it, so that tests and simulations can replace it. */
const WRAPPED = [
  { use: 'setTimeout', only: 'src/core/clock.ts' },
  { use: 'setInterval', only: 'src/core/clock.ts' },
  { use: 'Date.now', only: 'src/core/clock.ts' },
  { use: 'new Date()', only: 'src/core/clock.ts' },
  { use: 'performance.now', only: 'src/core/clock.ts' },
  { use: 'AbortSignal.timeout', only: 'src/core/clock.ts' },
  { use: 'timers', only: 'src/core/clock.ts' },
  { use: 'Math.random', only: 'src/core/random.ts' },
] as const;

const MOST_LINES = 500;

describe('the sources', () => {
  const files = sourceFiles();

  it('take time and randomness only from the clock and the random source', () => {
    const found = files.flatMap(({ path, text }) => usesOf(path, text));
    const strays = found.filter(({ use, path }) =>
      WRAPPED.some((wrapped) => wrapped.use === use && wrapped.only !== path),
    );
    expect(strays).toEqual([]);
    expect(found).toContainEqual(expect.objectContaining({ use: 'Date.now' }));
    expect(found).toContainEqual(expect.objectContaining({ use: 'Math.random' }));
  });

  it(`hold one idea a file: none is longer than ${MOST_LINES} lines`, () => {
    const long = files.filter(({ text }) => text.split('\n').length > MOST_LINES);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('name files and folders in kebab-case', () => {
    const odd = files.filter(({ path }) => !/^src\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(path));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });
});

describe('finding uses of what is wrapped', () => {
  it('sees calls, values handed on and imports, but no comments, texts or fixed dates', () => {
    const uses = (text: string): string[] => usesOf('a.ts', text).map(({ use }) => use);
    expect(uses('const t = Date.now();')).toEqual(['Date.now']);
    expect(uses('const next = Math.random;')).toEqual(['Math.random']);
    expect(uses('globalThis.setTimeout(f, 1);')).toEqual(['setTimeout']);
    expect(uses('setInterval(f, 1); new Date();')).toEqual(['setInterval', 'new Date()']);
    expect(uses("import { setTimeout } from 'node:timers/promises';")).toEqual(['timers']);
    expect(uses("// Date.now()\nconst a = 'Math.random'; new Date(5); clock.setTimer(f);")).toEqual(
      [],
    );
    expect(uses('socket.setTimeout(5); class A { setInterval() {} }')).toEqual([]);
  });
});

interface Use {
  readonly path: string;
  readonly line: number;
  readonly use: string;
}

function usesOf(path: string, text: string): Use[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const uses: Use[] = [];
  const visit = (node: ts.Node): void => {
    const use = useAt(node);
    if (use) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      uses.push({ path, line: line + 1, use });
      if (ts.isImportDeclaration(node)) return;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

function useAt(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node)) {
    return /^(node:)?timers(\/promises)?$/.test((node.moduleSpecifier as ts.StringLiteral).text)
      ? 'timers'
      : undefined;
  }
  if (ts.isNewExpression(node)) {
    const isNow = node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0;
    return isNow ? 'new Date()' : undefined;
  }
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.getText().replace(/^globalThis\./, '');
    return WRAPPED.find(({ use }) => use === name)?.use;
  }
  if (ts.isIdentifier(node) && (node.text === 'setTimeout' || node.text === 'setInterval')) {
    // Named by its parent: a method, a property or a member, not the global function.
    return (node.parent as { name?: ts.Node }).name === node ? undefined : node.text;
  }
  return undefined;
}
