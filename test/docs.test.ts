import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { anchors, type CodeBlock, codeBlocks, exampleBlocks, links, pages } from './markdown.ts';
import { ROOT, sourceFiles } from './source-files.ts';

const EXPORTS = {
  troupe: exportsOf(`${ROOT}src/index.ts`),
  'troupe/cheerio': exportsOf(`${ROOT}src/cheerio.ts`),
  'troupe/puppeteer': exportsOf(`${ROOT}src/puppeteer.ts`),
  'troupe/playwright': exportsOf(`${ROOT}src/playwright.ts`),
  'troupe/lab': exportsOf(`${ROOT}src/lab.ts`),
  'troupe/redis': exportsOf(`${ROOT}src/redis.ts`),
};
const NAME = /^TROUPE_[A-Z0-9_]+$/;

describe('docs/errors.md', () => {
  const page = readFileSync(`${ROOT}docs/errors.md`, 'utf8');
  const rows = [...page.matchAll(/^\| `(TROUPE_[A-Z0-9_]+)` \|/gm)].map((match) => match[1] ?? '');
  const { codes, variables } = namesInSources();

  it('has a row for each error code in the sources', () => {
    expect(codes.size).toBeGreaterThan(0);
    expect([...codes].filter((code) => !rows.includes(code))).toEqual([]);
  });

  it('has no row for a code that no longer exists', () => {
    expect(rows.filter((row) => !codes.has(row))).toEqual([]);
  });

  it('is sorted and names each code once', () => {
    expect(rows).toEqual([...new Set(rows)].sort());
  });

  it('is where the codes named in comments lead to', () => {
    const named = sourceFiles().flatMap(({ path: file, text }) =>
      [...text.matchAll(/`(TROUPE_[A-Z0-9_]+)`/g)].map((match) => ({ file, name: match[1] ?? '' })),
    );
    expect(named.filter(({ name }) => !codes.has(name) && !variables.has(name))).toEqual([]);
  });
});

describe('the documentation', () => {
  const all = pages();

  it('names each environment variable the sources read', () => {
    const text = all.map((page) => page.text).join('\n');
    const { variables } = namesInSources();
    expect([...variables].filter((name) => !text.includes(`\`${name}`))).toEqual([]);
  });

  it('holds code that type-checks against the sources', { timeout: 120_000 }, () => {
    const blocks = [
      ...all.flatMap(codeBlocks),
      ...sourceFiles().flatMap(exampleBlocks).map(withImports),
    ];
    expect(typeErrors(blocks)).toEqual([]);
  });

  it('copies examples to the letter', () => {
    const copies = all.flatMap(codeBlocks).filter((block) => block.copyOf);
    for (const { where, code, copyOf } of copies) {
      expect(`${where}\n${code}`).toBe(`${where}\n${readFileSync(`${ROOT}${copyOf}`, 'utf8')}`);
    }
  });

  it('has no link that leads nowhere', () => {
    const broken = all.flatMap((page) =>
      links(page).filter(({ target }) => !/^[a-z]+:/.test(target) && !leadsTo(page.path, target)),
    );
    expect(broken).toEqual([]);
  });

  it('points only at sources that exist', () => {
    const paths = all
      .filter((page) => page.path === 'ARCHITECTURE.md' || page.path.startsWith('docs/'))
      .flatMap(({ text }) => [
        ...text.matchAll(/`((?:src|test|bench|examples|scripts)\/[^`*…]*)`/g),
      ])
      .map((match) => match[1] ?? '');
    expect(paths.filter((file) => !existsSync(`${ROOT}${file}`))).toEqual([]);
  });

  it('holds no path of the machine it was written on', () => {
    const found = all.flatMap(({ path: file, text }) =>
      [...text.matchAll(/(?<![\w.])\/(?:home|root|work|Users|tmp)\/\S*/g)].map(
        (match) => `${file}: ${match[0]}`,
      ),
    );
    expect(found).toEqual([]);
  });
});

describe('checking code blocks', () => {
  it('finds a wrong type, a missing export and broken syntax', () => {
    const block = (code: string): CodeBlock => ({ where: 'page.md:1', code });
    expect(typeErrors([block('const a: number = "text";')])).toHaveLength(1);
    expect(typeErrors([block("import { Nonsense } from 'troupe'; new Nonsense();")])).toHaveLength(
      1,
    );
    expect(typeErrors([block('const = 5;')])).not.toEqual([]);
    expect(typeErrors([block('await Promise.resolve(1);')])).toEqual([]);
  });
});

/**
 * Texts that are nothing but a name are error codes, unless they index something: that is how
 * environment variables are read.
 */
function namesInSources(): { codes: Set<string>; variables: Set<string> } {
  const codes = new Set<string>();
  const variables = new Set<string>();
  for (const { path: file, text } of sourceFiles()) {
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node) && NAME.test(node.text)) {
        (ts.isElementAccessExpression(node.parent) ? variables : codes).add(node.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return { codes, variables };
}

/** Examples in comments leave out the imports of what the package exports. */
function withImports(block: CodeBlock): CodeBlock {
  const words = new Set(block.code.match(/\w+/g));
  const imports = Object.entries(EXPORTS).map(([name, exported]) => {
    const used = exported.filter((candidate) => words.has(candidate));
    return `import { ${used.join(', ')} } from '${name}';`;
  });
  return { ...block, code: `${imports.join(' ')}${block.code}` };
}

function exportsOf(entry: string): string[] {
  const source = ts.createSourceFile(entry, readFileSync(entry, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) &&
    statement.exportClause &&
    ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map((element) => element.name.text)
      : [],
  );
}

/** Parsed once, however often blocks are compiled. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Compiles the blocks as modules in the repository's root, under the repository's own settings. */
function typeErrors(blocks: readonly CodeBlock[]): string[] {
  const files = new Map(
    blocks.map((block, index) => [
      path.join(ROOT, `code-block-${index}.ts`),
      { ...block, code: `${block.code}\nexport {};\n` },
    ]),
  );
  const config = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, ROOT);
  const lenient = {
    ...options,
    noUnusedLocals: false,
    isolatedDeclarations: false,
    declaration: false,
  };
  const host = ts.createCompilerHost(lenient);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists.call(host, file);
  host.readFile = (file) => files.get(file)?.code ?? readFile.call(host, file);
  host.getSourceFile = (file, version, ...rest) => {
    const block = files.get(file);
    if (block) return ts.createSourceFile(file, block.code, version);
    if (!parsed.has(file)) parsed.set(file, getSourceFile.call(host, file, version, ...rest));
    return parsed.get(file);
  };
  const program = ts.createProgram([...files.keys()], lenient, host);
  return [...files].flatMap(([file, { where }]) => {
    const source = program.getSourceFile(file);
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return found.map(({ start = 0, messageText }) => {
      const line = source?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${where}, line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

function leadsTo(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const found = file === '' ? from : path.join(path.dirname(from), file);
  if (!existsSync(`${ROOT}${found}`)) return false;
  return anchor === undefined || anchors(readFileSync(`${ROOT}${found}`, 'utf8')).has(anchor);
}
