import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import * as Apify from '../../src/apify/names.ts';
import { ROOT } from '../source-files.ts';

/** Of the engine, or of Troupe's own: their names are the new ones. */
const NEW = ['Request', 'NotInFacadeError', 'PlatformOnlyError'];

const documented = [
  ...Object.keys(Apify).filter((name) => name !== 'utils'),
  ...Object.keys(Apify.utils)
    .filter((name) => !/REGEX/.test(name))
    .map((name) => `utils.${name}`),
];

it('holds every name that actors use', () => {
  const wanted =
    'main openSessionPool openRequestQueue openRequestList openDataset openKeyValueStore pushData getInput getValue ' +
    'setValue createProxyConfiguration BasicCrawler CheerioCrawler PuppeteerCrawler PlaywrightCrawler Session ' +
    'SessionPool ProxyConfiguration Request RequestList RequestQueue PseudoUrl utils.requestAsBrowser ' +
    'utils.enqueueLinks utils.log utils.sleep events call newClient';
  expect(documented).toEqual(expect.arrayContaining(wanted.split(' ')));
});

it('has a row for each name in the table of old and new names', () => {
  const page = readFileSync(`${ROOT}docs/apify.md`, 'utf8');
  const rows = [...page.matchAll(/^\| `Apify\.([\w.]+)(?:\(\))?` \|/gm)].map((match) => match[1]);
  const ofTroupe = NEW.filter((name) => name !== 'Request');
  expect(documented.filter((name) => !rows.includes(name) && !ofTroupe.includes(name))).toEqual([]);
  expect(rows.filter((name) => !documented.includes(name as string))).toEqual([]);
  expect(new Set(rows).size).toBe(rows.length);
});

it('says the new name in the doc comment of each old one', () => {
  const exported = exportsOf('src/apify/names.ts');
  expect(exported.map(({ name }) => name).sort()).toEqual(Object.keys(Apify).sort());
  const silent = exported.filter(
    ({ name, path: file }) => !NEW.includes(name) && !/New names?:/.test(commentOf(file, name)),
  );
  expect(silent).toEqual([]);
});

interface Exported {
  readonly name: string;
  readonly path: string;
}

/** The values a file exports from others. */
function exportsOf(entry: string): Exported[] {
  return parsed(entry).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return [];
    const from = (statement.moduleSpecifier as ts.StringLiteral).text;
    const { elements } = statement.exportClause as ts.NamedExports;
    return elements
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .map(({ name }) => ({ name: name.text, path: path.join(path.dirname(entry), from) }));
  });
}

function commentOf(file: string, name: string): string {
  const source = parsed(file);
  const declaration = source.statements.find((statement) => {
    const declared = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations[0]
      : (statement as ts.DeclarationStatement);
    return declared?.name?.getText(source) === name;
  });
  if (!declaration) return '';
  return source.text.slice(declaration.getFullStart(), declaration.getStart(source));
}

function parsed(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(`${ROOT}${file}`, 'utf8'), ts.ScriptTarget.Latest);
}
