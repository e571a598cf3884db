import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';

/**
 * The window of a page: from the start, and all there is, unless said otherwise.
 *
 * @throws OptionError when one of them is no whole number ≥ 0
 */
export function pageRange(options: { offset?: number; limit?: number }): {
  offset: number;
  limit: number;
} {
  const { offset = 0, limit = Number.MAX_SAFE_INTEGER } = options;
  return { offset: checked('offset', offset), limit: checked('limit', limit) };
}

function checked(option: string, value: number): number {
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(value) && value >= 0) return value;
  throw new OptionError(option, expectedText(option, 'an integer ≥ 0', value));
}
