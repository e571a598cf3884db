import type { RedisArgument } from './redis-client.ts';

/** A Lua script, and the order in which it takes what callers pass by name. */
export interface Script<
  Key extends string = string,
  Arg extends string = string,
  Field extends string = string,
> {
  readonly text: string;
  readonly keys: readonly Key[];
  readonly args: readonly Arg[];
  /** What is passed for each item, behind the arguments. */
  readonly each: readonly Field[];
}

/** What stands behind the script in an `EVAL` or `EVALSHA` command. */
export function scriptArguments<Key extends string, Arg extends string, Field extends string>(
  script: Script<Key, Arg, Field>,
  keys: Readonly<Record<Key, string>>,
  args: Readonly<Record<Arg, RedisArgument>>,
  items: readonly Readonly<Record<Field, RedisArgument>>[],
): RedisArgument[] {
  const all: RedisArgument[] = [String(script.keys.length)];
  for (const key of script.keys) all.push(keys[key]);
  for (const arg of script.args) all.push(args[arg]);
  for (const item of items) for (const field of script.each) all.push(item[field]);
  return all;
}
