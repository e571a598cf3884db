import { OptionError, TroupeError } from '../../core/errors.ts';
import { LabFileError } from '../lab-file-error.ts';
import { loadFile } from '../load-module.ts';
import { BUILT_IN_WORLDS } from './built-in.ts';
import { resolveWorld } from './resolve-world.ts';
import type { ResolvedWorld } from './world.ts';

/**
 * A world by its name, or from a file.
 *
 * @throws OptionError when there is no such world, or the file's is none; LabFileError
 */
export async function findWorld(nameOrFile: string): Promise<ResolvedWorld> {
  const builtIn = BUILT_IN_WORLDS.find(({ world }) => world.name === nameOrFile);
  if (builtIn) return builtIn.world;
  if (!isFileName(nameOrFile)) {
    const names = BUILT_IN_WORLDS.map(({ world }) => world.name).join(', ');
    throw new OptionError(
      'world',
      `There is no world \`${nameOrFile}\`; expected ${names}, or a .json or .ts file`,
    );
  }
  const content = await loadFile(nameOrFile);
  try {
    return resolveWorld(content, nameOrFile);
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    throw new LabFileError(nameOrFile, `${nameOrFile} is no world: ${error.message}`, {
      cause: error,
    });
  }
}

/** Names have no dots and no slashes. */
export function isFileName(text: string): boolean {
  return /[./\\]/.test(text);
}
