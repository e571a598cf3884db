import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Rolldown } from 'tsdown';
import { luaText } from '../../scripts/lua-text.mjs';

const cache = fileURLToPath(new URL('../../node_modules/.cache/troupe-fixtures/', import.meta.url));

/**
 * Turns a TypeScript file and what it imports from this repository into JavaScript, for a process of its own:
 * the oldest Node we support cannot run TypeScript. Packages stay imports, resolved from our `node_modules`.
 * Bundles are named by content, so tests that run at once may ask for the same one.
 *
 * @returns the path of an `.mjs` file
 */
export async function bundleFixture(entryTsPath: string): Promise<string> {
  const { output } = await Rolldown.build({
    input: entryTsPath,
    platform: 'node',
    plugins: [luaText],
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
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
