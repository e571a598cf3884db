import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Rolldown } from 'tsdown';
import { luaText } from '../../scripts/lua-text.mjs';

const cache = fileURLToPath(new URL('../../node_modules/.cache/troupe-fixtures/', import.meta.url));

/** They bring programs of their own, find their files by where they lie, or are too large to be worth it. */
const ALWAYS_IMPORTED = /^(?:libsql|impit|playwright-core|puppeteer-core)(?:\/|$)/;

export interface BundleSettings {
  /** Whether packages stay imports, as those do always that cannot be taken in. @default false */
  readonly isImportingPackages?: boolean;
}

const bundles = new Map<string, Promise<string>>();

/**
 * Turns a TypeScript file and what it imports into JavaScript, for a process of its own: the oldest Node we support
 * cannot run TypeScript. Packages are taken in, as a process that finds one file instead of hundreds is up in three
 * quarters of the time. Made once in a thread; named by content, so tests that run at once may ask for the same one.
 *
 * @returns the path of an `.mjs` file
 */
export function bundleFixture(entryTsPath: string, settings: BundleSettings = {}): Promise<string> {
  const { isImportingPackages = false } = settings;
  const key = `${isImportingPackages} ${entryTsPath}`;
  const found = bundles.get(key);
  if (found) return found;
  const made = makeBundle(entryTsPath, isImportingPackages);
  bundles.set(key, made);
  return made;
}

async function makeBundle(entryTsPath: string, isImportingPackages: boolean): Promise<string> {
  const isPackage = (id: string): boolean => !id.startsWith('.') && !id.startsWith('/');
  const { output } = await Rolldown.build({
    input: entryTsPath,
    platform: 'node',
    plugins: [luaText],
    external: (id) => (isImportingPackages ? isPackage(id) : ALWAYS_IMPORTED.test(id)),
    transform: { target: 'node20.19' },
    output: {
      entryFileNames: `${basename(entryTsPath, '.ts')}.mjs`,
      chunkFileNames: '[name]-[hash].mjs',
    },
    write: false,
    logLevel: 'silent',
  });
  const files = output.map((file) => ({
    name: file.fileName,
    content: file.type === 'chunk' ? file.code : file.source,
  }));
  const contentHash = createHash('sha256');
  for (const { name, content } of files) contentHash.update(name).update(content);
  const folder = join(cache, contentHash.digest('hex').slice(0, 16));
  await writeAtOnce(folder, files);
  return join(folder, files[0]?.name as string);
}

/** The folder appears whole or not at all; whoever comes second finds it there. */
async function writeAtOnce(
  folder: string,
  files: readonly { name: string; content: string | Uint8Array }[],
): Promise<void> {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'draft-'));
  for (const { name, content } of files) {
    await mkdir(dirname(join(draft, name)), { recursive: true });
    await writeFile(join(draft, name), content);
  }
  try {
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
