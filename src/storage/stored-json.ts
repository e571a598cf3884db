import { messageOf, TroupeError } from '../core/errors.ts';

/**
 * The JSON text of a value.
 *
 * @throws TroupeError `TROUPE_NOT_JSON` for what JSON cannot hold: functions, `undefined`, cycles, bigints, NaN
 */
export function jsonOf(value: unknown, what: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TroupeError('TROUPE_NOT_JSON', `${what} cannot be stored as JSON: it is ${value}`);
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new TroupeError(
      'TROUPE_NOT_JSON',
      `${what} cannot be stored as JSON: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (text !== undefined) return text;
  throw new TroupeError(
    'TROUPE_NOT_JSON',
    `${what} cannot be stored as JSON: it is ${typeof value}`,
  );
}

/**
 * The JSON text of one dataset row.
 *
 * @throws TroupeError `TROUPE_NOT_JSON` when the item is no object or cannot be JSON
 */
export function itemJsonOf(item: unknown): string {
  const text = jsonOf(item, 'A dataset item');
  if (text.startsWith('{')) return text;
  const kind = item === null ? 'null' : Array.isArray(item) ? 'an array' : `a ${typeof item}`;
  throw new TroupeError('TROUPE_NOT_JSON', `A dataset item must be an object, got ${kind}`);
}
