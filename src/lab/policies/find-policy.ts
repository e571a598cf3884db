import { OptionError } from '../../core/errors.ts';
import type { SelectionPolicy } from '../../session/selection.ts';
import { LabFileError } from '../lab-file-error.ts';
import { loadFile } from '../load-module.ts';
import { isFileName } from '../worlds/find-world.ts';
import { BUILT_IN_POLICIES } from './built-in.ts';
import type { Policy, PoolPolicy } from './policy.ts';

/**
 * A policy by its name, or from a file: a `PoolPolicy`, or a `SelectionPolicy`, which then serves all runs.
 *
 * @throws OptionError when there is no such policy; LabFileError
 */
export async function findPolicy(nameOrFile: string): Promise<Policy> {
  const builtIn = BUILT_IN_POLICIES.find(({ name }) => name === nameOrFile);
  if (builtIn) return builtIn;
  if (!isFileName(nameOrFile)) {
    const names = BUILT_IN_POLICIES.map(({ name }) => name).join(', ');
    throw new OptionError(
      'policy',
      `There is no policy \`${nameOrFile}\`; expected ${names}, or a .js or .ts file`,
    );
  }
  const found = asPolicy(await loadFile(nameOrFile));
  if (found) return found;
  throw new LabFileError(
    nameOrFile,
    `${nameOrFile} is no policy: expected a \`name\`, and \`open(scene)\` or \`pick(candidates)\``,
  );
}

/** `undefined` for what is neither kind of policy. */
function asPolicy(value: unknown): PoolPolicy | undefined {
  const given = value as Partial<PoolPolicy & SelectionPolicy> | null;
  if (typeof given?.name !== 'string' || given.name === '') return undefined;
  if (typeof given.open === 'function') return given as PoolPolicy;
  if (typeof given.pick !== 'function') return undefined;
  return { name: given.name, open: () => ({ pool: { selection: given as SelectionPolicy } }) };
}
