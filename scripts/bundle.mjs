import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
// Inside the repository, so that the packages a bundle imports are found from there.
const CACHE = path.join(ROOT, 'node_modules/.cache/troupe');

/**
 * Bundles TypeScript files that Node 20 cannot run as they are. Packages stay imports;
 * `troupe` and its subpaths become the sources.
 *
 * @param {string[]} files paths from the repository's root
 * @returns {Promise<import('./bundle.d.mts').Bundle>}
 */
export async function bundle(files) {
  await mkdir(CACHE, { recursive: true });
  const outDir = await mkdtemp(path.join(CACHE, 'bundle-'));
  const names = new Map(files.map((file) => [file, file.replace(/\.ts$/, '')]));
  await build({
    config: false,
    cwd: ROOT,
    entry: Object.fromEntries([...names].map(([file, name]) => [name, file])),
    alias: {
      'troupe/cheerio': path.join(ROOT, 'src/cheerio.ts'),
      'troupe/puppeteer': path.join(ROOT, 'src/puppeteer.ts'),
      'troupe/playwright': path.join(ROOT, 'src/playwright.ts'),
      'troupe/lab': path.join(ROOT, 'src/lab.ts'),
      troupe: path.join(ROOT, 'src/index.ts'),
    },
    deps: { skipNodeModulesBundle: true },
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    fixedExtension: true,
    outDir,
    clean: false,
    dts: false,
    logLevel: 'error',
  });
  return {
    outputOf: (file) => path.join(outDir, `${names.get(file)}.mjs`),
    remove: () => rm(outDir, { recursive: true, force: true }),
  };
}
