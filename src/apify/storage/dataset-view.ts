/** A row of a dataset. */
// biome-ignore lint/suspicious/noExplicitAny: documented so; the rows are the actor's
export type Item = Record<string, any>;

export interface ViewOptions {
  /** Only these fields. */
  readonly fields?: readonly string[];
  /** A field whose array is taken apart: one row for each element. */
  readonly unwind?: string;
  /** Leave out fields that begin with `#`. @default false */
  readonly skipHidden?: boolean;
  /** Leave out rows without a field. @default false */
  readonly skipEmpty?: boolean;
  /** `skipHidden` and `skipEmpty`. @default false */
  readonly clean?: boolean;
}

/** The rows as they were asked for. */
export function viewOf(items: readonly Item[], options: ViewOptions): Item[] {
  const { fields, unwind, clean } = options;
  let rows = unwind === undefined ? [...items] : items.flatMap((item) => unwound(item, unwind));
  if (fields) rows = rows.map((row) => only(row, (name) => fields.includes(name)));
  if (clean || options.skipHidden) rows = rows.map((row) => only(row, (n) => !n.startsWith('#')));
  return clean || options.skipEmpty ? rows.filter((row) => Object.keys(row).length > 0) : rows;
}

function unwound(item: Item, field: string): Item[] {
  const { [field]: value, ...rest } = item;
  if (value === undefined) return [item];
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  return parts.map((part) =>
    typeof part === 'object' && part !== null ? { ...rest, ...part } : { ...rest, [field]: part },
  );
}

function only(item: Item, isWanted: (name: string) => boolean): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => isWanted(name)));
}
