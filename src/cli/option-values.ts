import { InvalidArgumentError } from 'commander';
import { globToRegExp } from '../crawler/url-glob.ts';

/** Turns an option's text into its value. What it throws reaches the user with the option's name and the text in front. */
export type ValueParser<T> = (text: string) => T;

export function wholeNumber(min: number): ValueParser<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`Expected a whole number ≥ ${min}.`);
  };
}

/** Seconds, fractions allowed. */
export function seconds(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number of seconds ≥ 0, such as 0.5.');
}

/** A pattern for whole URLs. */
export function glob(text: string): string {
  if (text.startsWith('/')) {
    throw new InvalidArgumentError(
      `A glob is compared with whole URLs: write **${text} or put the site in front.`,
    );
  }
  try {
    if (text !== '') globToRegExp(text);
  } catch {
    throw new InvalidArgumentError('Expected a glob such as https://example.com/products/**.');
  }
  if (text === '') throw new InvalidArgumentError('Expected a glob that is not empty.');
  return text;
}

/** Case does not count. */
export function pattern(text: string): RegExp {
  try {
    if (text !== '') return new RegExp(text, 'i');
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression: ${(error as Error).message}.`);
  }
  throw new InvalidArgumentError('Expected a regular expression that is not empty.');
}

export function webUrl(text: string): string {
  if (/^https?:\/\/[^/]/i.test(text) && URL.canParse(text)) return text;
  const guess = `https://${text}`;
  const isHostAlone = !text.includes('://') && /^[\w.-]+\.[a-z]{2,}(?:[:/?#]|$)/i.test(text);
  const hint = isHostAlone && URL.canParse(guess) ? ` Did you mean ${guess}?` : '';
  throw new InvalidArgumentError(`Expected an http or https URL.${hint}`);
}

/** Names with commas between them. */
export function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('Expected names with commas between them.');
}

/** For an option that may be given several times. */
export function collect<T>(parse: ValueParser<T>): (text: string, earlier?: readonly T[]) => T[] {
  return (text, earlier = []) => [...earlier, parse(text)];
}
