import { existsSync, readFileSync } from 'node:fs';
import { filesUnder, ROOT, type SourceFile } from './source-files.ts';

export interface CodeBlock {
  /** Where it stands, such as `README.md:12`. */
  readonly where: string;
  readonly code: string;
  /** The file the block says it is a copy of: `<!-- examples/name.ts -->` on the line before. */
  readonly copyOf?: string;
}

export interface Link {
  readonly where: string;
  readonly target: string;
}

const TOP_PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'THIRD-PARTY-LICENSES.md',
  'bench/README.md',
];

/** Every page of documentation in the repository. */
export function pages(): SourceFile[] {
  const top = TOP_PAGES.filter((path) => existsSync(`${ROOT}${path}`));
  return [
    ...top.map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') })),
    ...filesUnder('docs', /\.md$/),
  ];
}

/** The `ts` code blocks of a page. */
export function codeBlocks({ path, text }: SourceFile): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  for (const match of text.matchAll(/(?:<!-- (?<copyOf>\S+) -->\n)?^```ts\n(?<code>.*?)^```$/gms)) {
    const { code = '', copyOf } = match.groups ?? {};
    blocks.push({ where: `${path}:${lineAt(text, match.index)}`, code, ...(copyOf && { copyOf }) });
  }
  return blocks;
}

/** The code of the `@example` tags in a source file's doc comments. */
export function exampleBlocks({ path, text }: SourceFile): CodeBlock[] {
  return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap((comment) => {
    const lines = comment[0].replace(/\*\/$/, '').replaceAll(/^[ \t]*\* ?/gm, '');
    const code = lines.split(/^@example.*$/m)[1]?.split(/^@\w/m)[0];
    return code === undefined ? [] : [{ where: `${path}:${lineAt(text, comment.index)}`, code }];
  });
}

/** Links of a page, those inside code left out. */
export function links({ path, text }: SourceFile): Link[] {
  const prose = text.replaceAll(/^```.*?^```$|`[^`\n]*`/gms, (code) =>
    code.replaceAll(/[^\n]/g, ' '),
  );
  return [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map((match) => ({
    where: `${path}:${lineAt(text, match.index)}`,
    target: match.groups?.['target'] ?? '',
  }));
}

/** The anchors a page's headings get on the web. */
export function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
