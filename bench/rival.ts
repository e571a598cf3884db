import { createRequire } from 'node:module';
import path from 'node:path';

/** A package of the rival, from its own folder: it is no dependency of this one. */
export function rival<Package>(name: string): Package {
  return createRequire(path.resolve('bench/rival/package.json'))(name) as Package;
}
