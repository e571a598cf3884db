import { createClient } from '@redis/client';
import type { RedisServer } from './redis-server.ts';

/** An argument of a command, or a part of one, as `COMMAND DOCS` describes it. */
interface Argument {
  readonly type: string;
  readonly token: string | undefined;
  readonly since: string;
  readonly flags: readonly string[];
  readonly parts: readonly Argument[];
}

export interface CommandDocs {
  readonly since: string;
  /** What changed, and since when. */
  readonly history: readonly (readonly [since: string, change: string])[];
  readonly args: readonly Argument[];
}

const FLOAT = /^[([]?[-+]?(inf|\d+(\.\d+)?(e[-+]?\d+)?)$/i;
const NUMBERS: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+$/,
  'unix-time': /^\d+$/,
  double: FLOAT,
};

/** Since when which command takes what, by the server's own word; it gives that since 7.0. */
export async function commandDocs(
  { url }: RedisServer,
  names: readonly string[],
): Promise<ReadonlyMap<string, CommandDocs>> {
  const client = createClient({ url });
  await client.connect();
  try {
    const reply = await client.sendCommand(['COMMAND', 'DOCS', ...names]);
    return new Map(
      [...fieldsOf(reply)].map(([name, fields]) => [name.toUpperCase(), docsOf(fields)]),
    );
  } finally {
    await client.close();
  }
}

/** Why a server of this version would not take the command; `undefined` if it does. */
export function refusalBy(
  version: string,
  command: readonly string[],
  docs: ReadonlyMap<string, CommandDocs>,
): string | undefined {
  const [name = '', ...args] = command;
  const known = docs.get(name);
  if (!known) return `${name} is unknown`;
  if (isLater(known.since, version)) return `${name} is of ${known.since}`;
  const ends = endsOfAll(known.args, args, [0], version);
  return ends.includes(args.length) ? undefined : `${name} did not take: ${args.join(' ')}`;
}

/** What changed after this version otherwise than by a new argument. */
export function laterChanges(version: string, docs: CommandDocs): string[] {
  const versions = new Set(sincesOf(docs.args));
  return docs.history
    .filter(([since]) => isLater(since, version) && !versions.has(since))
    .map(([, change]) => change);
}

function docsOf(reply: unknown): CommandDocs {
  const fields = fieldsOf(reply);
  return {
    since: String(fields.get('since')),
    history: ((fields.get('history') ?? []) as [string, string][]).map(([since, change]) => [
      String(since),
      String(change),
    ]),
    args: argumentsIn(fields),
  };
}

function argumentsIn(fields: ReadonlyMap<string, unknown>): Argument[] {
  return ((fields.get('arguments') ?? []) as unknown[]).map((reply) => {
    const own = fieldsOf(reply);
    return {
      type: String(own.get('type')),
      token: own.has('token') ? String(own.get('token')) : undefined,
      since: String(own.get('since') ?? '0'),
      flags: ((own.get('flags') ?? []) as unknown[]).map(String),
      parts: argumentsIn(own),
    };
  });
}

function fieldsOf(reply: unknown): Map<string, unknown> {
  const flat = reply as unknown[];
  const names = flat.filter((_, index) => index % 2 === 0);
  return new Map(names.map((name, index) => [String(name), flat[index * 2 + 1]]));
}

function isLater(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) > 0;
}

function sincesOf(args: readonly Argument[]): string[] {
  return args.flatMap(({ since, parts }) => [since, ...sincesOf(parts)]);
}

/** Where in `sent` these arguments may end, one after another, if they may begin at `starts`. */
function endsOfAll(
  args: readonly Argument[],
  sent: readonly string[],
  starts: readonly number[],
  version: string,
): number[] {
  let places = [...starts];
  for (const arg of args) {
    if (isLater(arg.since, version)) continue;
    const isSkipped = arg.flags.includes('optional');
    const ends = endsOf(arg, sent, places, version);
    places = [...new Set([...(isSkipped ? places : []), ...ends])];
  }
  return places;
}

function endsOf(
  arg: Argument,
  sent: readonly string[],
  starts: readonly number[],
  version: string,
): number[] {
  const isToken = arg.type === 'pure-token' || !arg.token;
  const begun = isToken
    ? starts
    : starts.filter((at) => isSame(sent[at], arg.token)).map((at) => at + 1);
  const found = new Set<number>();
  let places = endsOfOne(arg, sent, begun, version);
  while (places.length > 0) {
    for (const place of places) found.add(place);
    if (!arg.flags.includes('multiple')) break;
    places = endsOfOne(arg, sent, places, version).filter((place) => !found.has(place));
  }
  return [...found];
}

function endsOfOne(
  arg: Argument,
  sent: readonly string[],
  starts: readonly number[],
  version: string,
): number[] {
  if (arg.type === 'block') return endsOfAll(arg.parts, sent, starts, version);
  if (arg.type === 'oneof') {
    const choices = arg.parts.filter(({ since }) => !isLater(since, version));
    return [...new Set(choices.flatMap((choice) => endsOf(choice, sent, starts, version)))];
  }
  return starts.filter((at) => isValueOf(arg, sent[at])).map((at) => at + 1);
}

function isValueOf({ type, token }: Argument, text: string | undefined): boolean {
  if (text === undefined) return false;
  if (type === 'pure-token') return isSame(text, token);
  return NUMBERS[type]?.test(text) ?? true;
}

function isSame(text: string | undefined, token: string | undefined): boolean {
  return text !== undefined && text.toUpperCase() === token?.toUpperCase();
}
