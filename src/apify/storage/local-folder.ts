import path from 'node:path';
import { OptionError } from '../../core/errors.ts';
import { expectedText } from '../../core/options.ts';
import { variable } from '../environment.ts';
import { PlatformOnlyError } from '../errors.ts';

/** Options of everything that can be opened. */
export interface OpenOptions {
  /** Only the platform has such a storage. @default false */
  readonly forceCloud?: boolean;
}

/** `APIFY_LOCAL_STORAGE_DIR`, else `./apify_storage`. Absolute. */
export function localFolder(): string {
  return path.resolve(variable('APIFY_LOCAL_STORAGE_DIR') ?? 'apify_storage');
}

/** The folder of a store. @throws OptionError when the name would lead out of its place */
export function folderOf(kind: 'key_value_stores' | 'datasets', name: string): string {
  return path.join(localFolder(), kind, name);
}

/**
 * The name to open: the given one, else the variable's, else `default`.
 *
 * @throws OptionError, PlatformOnlyError
 */
export function nameToOpen(
  given: string | null | undefined,
  name: `APIFY_DEFAULT_${string}`,
  options: OpenOptions,
): string {
  if (options.forceCloud) throw new PlatformOnlyError('The option `forceCloud`');
  const wanted = given ?? variable(name) ?? 'default';
  if (typeof wanted === 'string' && /^[\w.~ -]{1,100}$/.test(wanted) && !/^\.+$/.test(wanted)) {
    return wanted;
  }
  const expectation = 'a name of at most 100 letters, digits, `.`, `_`, `~`, `-` and spaces';
  throw new OptionError('name', expectedText('name', expectation, given));
}
