import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';

/** A store's name or a record's key: any text but the empty one and the NUL character, which SQLite would cut the text at. */
export function checkedName(option: 'name' | 'key', value: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw new OptionError(option, expectedText(option, 'a non-empty string without NUL', value));
}
