import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';

const MAX_DEPTH = 100;

/**
 * A deep copy of what JSON can hold, so that user data reads the same before and after a trip through a store:
 * `undefined` and functions are left out, objects with `toJSON` (dates) become what it returns.
 * A `__proto__` key is left out.
 *
 * @throws OptionError for bigints, and for cycles and nesting deeper than 100
 */
export function copyUserData(userData: object): Record<string, unknown> {
  return copyObject(userData as Record<string, unknown>, 'userData', 0);
}

function copyObject(
  source: Record<string, unknown>,
  path: string,
  depth: number,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(source)) {
    if (key === '__proto__') continue;
    const value = source[key];
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    copy[key] = isFlat(value) ? value : copyValue(value, `${path}.${key}`, depth + 1);
  }
  return copy;
}

function copyValue(value: unknown, path: string, depth: number): unknown {
  if (isFlat(value)) return value;
  if (typeof value === 'bigint') {
    throw new OptionError(path, expectedText(path, 'a value JSON can hold', value));
  }
  if (typeof value !== 'object') return null;
  if (depth > MAX_DEPTH) {
    throw new OptionError(
      'userData',
      `Expected \`userData\` to be free of cycles and nested at most ${MAX_DEPTH} deep`,
    );
  }
  if (Array.isArray(value)) return value.map((item) => copyValue(item, `${path}[]`, depth + 1));
  const object = value as Record<string, unknown>;
  if (typeof object['toJSON'] === 'function') {
    return copyValue(object['toJSON'](), path, depth + 1);
  }
  return copyObject(object, path, depth);
}

function isFlat(value: unknown): boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    value === null ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}
