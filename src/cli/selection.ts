import { InvalidArgumentError } from 'commander';

/** One column of the result: what to take from a page. */
export interface Selection {
  readonly name: string;
  readonly css: string;
  /** The attribute to take instead of the text. */
  readonly attribute: string | null;
  /** All matches as a list, rather than the first. */
  readonly isList: boolean;
}

/** The part of a loaded document that selecting needs; cheerio's `$` is one. */
export type SelectableDocument = (css: string) => Iterable<unknown> & {
  eq(index: number): SelectedElement;
  readonly length: number;
};

interface SelectedElement {
  text(): string;
  attr(name: string): string | undefined;
}

/** Reads `NAME=CSS`, `NAME=CSS@attr` and, for all matches, `NAME[]=CSS`. */
export function parseSelection(text: string): Selection {
  const match = /^([^=[\]]+)(\[\])?=(.*?)(?:@([\w:.-]+))?$/s.exec(text);
  const [, name = '', list, css = '', attribute] = match ?? [];
  if (name.trim() === '' || css.trim() === '') {
    throw new InvalidArgumentError(
      'Expected NAME=CSS, NAME=CSS@attribute or NAME[]=CSS, such as title=h1.',
    );
  }
  return {
    name: name.trim(),
    css: css.trim(),
    attribute: attribute ?? null,
    isList: list !== undefined,
  };
}

/** What a page has for each column: text with its white space folded, `null` where nothing matches, lists for `NAME[]`. */
export function select(
  $: SelectableDocument,
  selections: readonly Selection[],
): Record<string, string | null | string[]> {
  return Object.fromEntries(
    selections.map((selection) => [selection.name, valueIn($, selection)] as const),
  );
}

function valueIn($: SelectableDocument, selection: Selection): string | null | string[] {
  const matches = $(selection.css);
  if (!selection.isList) return matches.length === 0 ? null : textOf(matches.eq(0), selection);
  const values: string[] = [];
  for (let index = 0; index < matches.length; index++) {
    const value = textOf(matches.eq(index), selection);
    if (value !== null) values.push(value);
  }
  return values;
}

function textOf(element: SelectedElement, { attribute }: Selection): string | null {
  if (attribute !== null) return element.attr(attribute) ?? null;
  return element.text().replace(/\s+/g, ' ').trim();
}
