import * as v from 'valibot';
import { OptionError } from './errors.ts';
import { isSecretName, redactText } from './redact.ts';

/**
 * Validates what a user passed against a strict object schema and returns it.
 * Unknown keys are refused, with the closest known name offered.
 *
 * @throws OptionError that names the option, what was expected and what came
 */
export function parseOptions<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  where: string,
): v.InferOutput<Schema> {
  if (Array.isArray(input)) throw new OptionError(where, expectedText(where, 'an object', input));
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0] as v.BaseIssue<unknown>;
  const steps = issue.path ?? [];
  const option = pathText(steps) || where;
  if (issue.type === 'strict_object' && steps.length > 0) {
    const owner = schemaAt(schema as SchemaNode, steps.slice(0, -1));
    if (issue.expected === 'never') throw unknownOption(option, where, owner?.entries ?? {});
    if (issue.input === undefined) {
      const missing = schemaAt(owner, steps.slice(-1));
      throw new OptionError(option, expectedText(option, expectationOf(missing), undefined));
    }
  }
  throw new OptionError(option, expectedText(option, issue.message, issue.input));
}

/** ``Expected `maxPoolSize` to be an integer ≥ 1, got `0` (number)`` */
export function expectedText(option: string, expectation: string, value: unknown): string {
  const got = typeof value === 'string' && holdsSecrets(option) ? 'a string' : shown(value);
  return `Expected \`${option}\` to be ${expectation}, got ${got}`;
}

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number; `Infinity` counts as one where there is no maximum. */
export function integer(range: NumberRange = {}): v.GenericSchema<number> {
  const expectation = rangeText('an integer', range);
  return v.pipe(
    v.number(expectation),
    v.check(
      (value) =>
        (Number.isInteger(value) ||
          (value === Number.POSITIVE_INFINITY && range.max === undefined)) &&
        isInside(value, range),
      expectation,
    ),
  );
}

export function number(range: NumberRange = {}): v.GenericSchema<number> {
  const expectation = rangeText('a number', range);
  return v.pipe(
    v.number(expectation),
    v.check((value) => isInside(value, range), expectation),
  );
}

export function text(): v.GenericSchema<string> {
  return v.pipe(v.string('a non-empty string'), v.minLength(1, 'a non-empty string'));
}

/** Any text, the empty one too. */
export function string(): v.GenericSchema<string> {
  return v.string('a string');
}

/** For what its owner checks with errors of its own. */
export function anything(): v.GenericSchema<unknown> {
  return v.unknown();
}

export function flag(): v.GenericSchema<boolean> {
  return v.boolean('true or false');
}

export function oneOf<const Names extends readonly string[]>(
  names: Names,
): v.GenericSchema<Names[number]> {
  return v.picklist(names, `one of ${names.map((name) => `\`${name}\``).join(', ')}`);
}

// biome-ignore lint/suspicious/noExplicitAny: a callback of any shape; its own type stands in the options interface
export function callback<T extends (...args: any[]) => unknown>(): v.GenericSchema<T> {
  return v.custom<T>((value) => typeof value === 'function', 'a function');
}

/** An object that has all the named methods: what a port asks of its implementation. */
export function objectWith<T extends object>(
  what: string,
  methods: readonly (keyof T & string)[],
): v.GenericSchema<T> {
  return v.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
    what,
  );
}

export function listOf<T>(item: v.GenericSchema<T>, what: string): v.GenericSchema<T[]> {
  return v.array(item, what) as v.GenericSchema<T[]>;
}

export function plainObject(): v.GenericSchema<Record<string, unknown>> {
  return v.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'an object',
  );
}

/** Strict object: every key optional unless its schema says otherwise, unknown keys refused. */
export function optionsObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, string> {
  return v.strictObject(entries, 'an object');
}

export function optional<T>(
  schema: v.GenericSchema<T>,
): v.OptionalSchema<v.GenericSchema<T>, undefined> {
  return v.optional(schema);
}

/** What is read of valibot's schemas to walk them along an issue's path. */
interface SchemaNode {
  readonly message?: unknown;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly item?: SchemaNode;
  readonly wrapped?: SchemaNode;
}

type Steps = readonly { readonly type: string; readonly key?: unknown }[];

/** `proxies[2].maxAgeSecs` */
function pathText(steps: Steps): string {
  let path = '';
  for (const { type, key } of steps) {
    if (type === 'array') path += `[${String(key)}]`;
    else path += path ? `.${String(key)}` : String(key);
  }
  return path;
}

function schemaAt(schema: SchemaNode | undefined, steps: Steps): SchemaNode | undefined {
  let current = unwrapped(schema);
  for (const { type, key } of steps) {
    current = unwrapped(type === 'array' ? current?.item : current?.entries?.[String(key)]);
  }
  return current;
}

function unwrapped(schema: SchemaNode | undefined): SchemaNode | undefined {
  let current = schema;
  while (current?.wrapped) current = current.wrapped;
  return current;
}

function expectationOf(schema: SchemaNode | undefined): string {
  return typeof schema?.message === 'string' ? schema.message : 'given';
}

function unknownOption(option: string, where: string, known: object): OptionError {
  const closest = closestOf(option.split('.').at(-1) as string, Object.keys(known));
  const hint = closest ? `; did you mean \`${closest}\`?` : '';
  return new OptionError(option, `Unknown option \`${option}\` in ${where}${hint}`);
}

/** The known name that goes on where this one ends, else the one that differs in the fewest letters, if that is less than half of them. */
function closestOf(name: string, candidates: readonly string[]): string | undefined {
  const longer = candidates.find((candidate) => name.length > 2 && candidate.startsWith(name));
  if (longer) return longer;
  let best: string | undefined;
  let bestDistance = name.length / 2;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1);
    }
    row = next;
  }
  return row[b.length] as number;
}

function isInside(value: number, { min, max }: NumberRange): boolean {
  return (
    !Number.isNaN(value) &&
    (min === undefined || value >= min) &&
    (max === undefined || value <= max)
  );
}

function rangeText(what: string, { min, max }: NumberRange): string {
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`;
  if (min !== undefined) return `${what} ≥ ${min}`;
  return max === undefined ? what : `${what} ≤ ${max}`;
}

/** Proxies count too: lists of vendors hold passwords in forms no pattern can find for sure. */
function holdsSecrets(option: string): boolean {
  return isSecretName(option) || /proxy(?:url|list)/i.test(option);
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return `\`${value}\``;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'Object'})`;
  const quoted = typeof value === 'string' ? `'${redactText(value)}'` : String(value);
  const short = quoted.length > 80 ? `${quoted.slice(0, 80)}…` : quoted;
  return `\`${short}\` (${typeof value})`;
}
