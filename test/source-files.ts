import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** From the repository's root, such as `src/core/clock.ts`. */
  readonly path: string;
  readonly text: string;
}

export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

/** Every file of a folder, however deep, whose path passes the filter; in order of path. */
export function filesUnder(folder: string, filter: RegExp): SourceFile[] {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((path) => filter.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }));
}

/** What ships: `src/` without its tests. */
export function sourceFiles(): SourceFile[] {
  return filesUnder('src', /(?<!\.test)\.ts$/);
}
