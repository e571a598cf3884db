import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../core/errors.ts';
import { LabFileError } from './lab-file-error.ts';

/** What is used of the TypeScript compiler. */
interface Compiler {
  transpileModule(
    source: string,
    options: { readonly compilerOptions: Readonly<Record<string, unknown>> },
  ): { readonly outputText: string };
}

/**
 * The value a file holds: a JSON file's content, or the default export of a JavaScript or TypeScript module.
 *
 * @throws LabFileError
 */
export async function loadFile(file: string): Promise<unknown> {
  const full = path.resolve(file);
  const source = await read(full, file);
  try {
    if (/\.json$/i.test(file)) return JSON.parse(source);
    const module = /\.[cm]?ts$/i.test(file)
      ? await importTypeScript(full, source)
      : await import(pathToFileURL(full).href);
    if (module.default !== undefined) return module.default;
  } catch (error) {
    if (error instanceof LabFileError) throw error;
    throw new LabFileError(file, `${file} cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  throw new LabFileError(file, `${file} has no default export`);
}

async function read(full: string, file: string): Promise<string> {
  try {
    return await readFile(full, 'utf8');
  } catch (error) {
    throw new LabFileError(file, `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Node takes TypeScript as it is from version 22.18 on; before that, the compiler of the file's own project is asked. */
async function importTypeScript(full: string, source: string): Promise<{ default?: unknown }> {
  if ((process.features as { typescript?: unknown }).typescript) {
    return await import(pathToFileURL(full).href);
  }
  const { outputText } = compilerNear(full).transpileModule(source, {
    compilerOptions: { module: 99, target: 9, verbatimModuleSyntax: true },
  });
  // Beside the source, so that what it imports is found.
  const compiled = path.join(path.dirname(full), `.troupe-${randomUUID()}.mjs`);
  await writeFile(compiled, outputText, { flag: 'wx', mode: 0o600 });
  try {
    return await import(pathToFileURL(compiled).href);
  } finally {
    await rm(compiled, { force: true });
  }
}

function compilerNear(full: string): Compiler {
  try {
    return createRequire(full)('typescript') as Compiler;
  } catch (error) {
    const file = path.basename(full);
    throw new LabFileError(
      full,
      `${file} is TypeScript, which Node ${process.versions.node} cannot read: install \`typescript\` beside it, or write it in JavaScript or JSON`,
      { cause: error },
    );
  }
}
